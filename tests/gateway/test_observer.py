"""What the log and the counters are told of a request, whatever becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bigboard.gateway.observer import Observer, method_of, route_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _Notebook(Observer):
    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self.answered: list[tuple[str, int]] = []
        self.sockets = 0

    def _answered(self, scope: Scope, status: int, seconds: float) -> None:
        assert 0 <= seconds < 60
        self.answered.append((route_of(scope), status))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.sockets += 1
        await self._app(scope, receive, send)


async def _nothing() -> Message:
    return {"type": "http.request"}


async def _through(app: ASGIApp, kind: str) -> tuple[_Notebook, list[Message]]:
    notebook, sent = _Notebook(app), []

    async def send(message: Message) -> None:
        sent.append(message)

    await notebook({"type": kind, "path": "/x", "method": "GET"}, _nothing, send)
    return notebook, sent


async def _teapot(scope: Scope, _: Receive, send: Send) -> None:
    scope["endpoint"] = _teapot  # As a router writes it into the scope once it knows the route.
    await send({"type": "http.response.start", "status": 418})
    await send({"type": "http.response.body"})


async def test_it_is_told_the_status_and_the_route_that_answered_and_changes_nothing() -> None:
    notebook, sent = await _through(_teapot, "http")
    assert notebook.answered == [("/x", 418)]
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


async def test_a_failure_without_an_answer_is_a_500_and_goes_on_its_way() -> None:
    async def fails(*_: Any) -> None:
        raise RuntimeError("broken")

    notebook = _Notebook(fails)
    with pytest.raises(RuntimeError, match="broken"):
        await notebook({"type": "http", "path": "/x", "method": "GET"}, _nothing, fails)
    assert notebook.answered == [("other", 500)]


async def test_a_websocket_is_seen_and_the_start_of_the_server_is_not() -> None:
    for kind, sockets in (("websocket", 1), ("lifespan", 0)):
        notebook, _ = await _through(_teapot, kind)
        assert (notebook.sockets, notebook.answered) == (sockets, [])


@pytest.mark.parametrize(
    ("method", "label"), [("GET", "GET"), ("OPTIONS", "OPTIONS"), ("BREW", "other"), ("", "other")]
)
def test_a_method_that_nobody_knows_makes_no_label_of_its_own(method: str, label: str) -> None:
    assert method_of({"method": method}) == label
