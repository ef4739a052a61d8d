"""The burst in C on real sockets: what it sends, whom it names, and that nothing stops it."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bigboard.broadcaster import Burst

    Pairs = Callable[[int], list[tuple[socket.socket, socket.socket]]]

_built = pytest.importorskip("bigboard.gateway._burst", reason="no C compiler was there at the installation")
burst: Burst = _built.send_each

_MESSAGE = b"\x81\x05hello"


@pytest.fixture
def pairs() -> Iterator[Pairs]:
    """Makes connected sockets: the server's side, which never waits, and the client's."""
    with ExitStack() as stack:

        def make(count: int) -> list[tuple[socket.socket, socket.socket]]:
            made = []
            for _ in range(count):
                ours, theirs = socket.socketpair()
                ours.setblocking(False)
                theirs.settimeout(10)
                made.append((stack.enter_context(closing(ours)), stack.enter_context(closing(theirs))))
            return made

        yield make


def _fill(ours: socket.socket) -> None:
    """Leave no room for another byte."""
    for size in (65_536, 1):
        while True:
            try:
                ours.send(b"x" * size)
            except BlockingIOError:
                break


def test_all_get_all(pairs: Pairs) -> None:
    made = pairs(300)
    assert burst([ours for ours, _ in made], _MESSAGE) == []
    assert {theirs.recv(100) for _, theirs in made} == {_MESSAGE}


def test_nobody_is_no_error() -> None:
    assert burst([], _MESSAGE) == []


def test_one_that_is_full_is_named_and_the_others_get_theirs(pairs: Pairs) -> None:
    made = pairs(5)
    _fill(made[2][0])
    assert burst([ours for ours, _ in made], _MESSAGE) == [(2, 0)]
    assert {theirs.recv(100) for place, (_, theirs) in enumerate(made) if place != 2} == {_MESSAGE}


def test_what_is_taken_in_part_is_counted_to_the_byte(pairs: Pairs) -> None:
    made = pairs(2)
    large = bytes(8 * 1024 * 1024)
    got: list[int] = []

    def read_all(theirs: socket.socket) -> None:
        size = 0
        while piece := theirs.recv(1_000_000):
            size += len(piece)
        got.append(size)

    left = burst([ours for ours, _ in made], large)
    assert [place for place, _ in left] == [0, 1]
    assert all(0 < taken < len(large) for _, taken in left)
    readers = [threading.Thread(target=read_all, args=(theirs,)) for _, theirs in made]
    for reader in readers:
        reader.start()
    for ours, _ in made:
        ours.shutdown(socket.SHUT_WR)
    for reader in readers:
        reader.join(10)
    assert sorted(got) == sorted(taken for _, taken in left)


def test_one_whose_peer_is_gone_is_named_and_raises_no_signal(pairs: Pairs) -> None:
    made = pairs(3)
    made[0][1].close()
    assert burst([ours for ours, _ in made], _MESSAGE) == [(0, 0)]
    assert made[2][1].recv(100) == _MESSAGE


def test_one_that_is_closed_is_named_and_its_number_is_not_sent_to(pairs: Pairs) -> None:
    (gone, _), (other, theirs) = pairs(2)
    number = gone.fileno()
    gone.close()
    # Whoever comes next may get the number: what was meant for one client must not reach another.
    (successor, heard), = pairs(1)  # fmt: skip
    if successor.fileno() != number:
        os.dup2(successor.fileno(), number)
    assert os.path.sameopenfile(successor.fileno(), number)
    assert burst([gone, other], _MESSAGE) == [(0, 0)]
    assert theirs.recv(100) == _MESSAGE
    heard.setblocking(False)
    with pytest.raises(BlockingIOError):
        heard.recv(1)
    if successor.fileno() != number:
        os.close(number)


@pytest.mark.parametrize("arguments", [((), b""), ([], "text"), ([object()], b""), ([None], b""), ([],)])
def test_what_is_no_socket_or_no_bytes_is_an_error_of_the_caller(arguments: tuple[object, ...]) -> None:
    with pytest.raises(TypeError):
        burst(*arguments)  # type: ignore[arg-type]


def test_a_list_that_shrinks_while_it_is_read_is_refused(pairs: Pairs) -> None:
    (ours, _), = pairs(1)  # fmt: skip
    lanes: list[object] = []

    class Treacherous:
        def fileno(self) -> int:
            lanes.clear()
            return ours.fileno()

    lanes += [Treacherous(), ours]
    with pytest.raises(RuntimeError, match="changed"):
        burst(lanes, _MESSAGE)
    assert lanes == []
