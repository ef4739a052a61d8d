"""A writer and readers of a spine, for its suite: what was written, and what each reader made of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from bigboard.board import Board, Cursor, Snapshot, Update

if TYPE_CHECKING:
    from bigboard.board import Diff
    from bigboard.spine import Spine

__all__ = ["DEADLINE_S", "Reader", "Writer"]

DEADLINE_S = 5.0
"""What is waited for comes at once; this is for a machine that is busy with something else."""


class Writer:
    """A board with one commit after the other; every commit changes a fields, a rows and a tape topic."""

    def __init__(self, epoch: str = "E1") -> None:
        self.board = Board(epoch)

    def commit(self) -> Diff:
        number = self.board.sequence + 1
        self.board.apply(Update("market_data", f"S{number % 3}", {"last_price": float(number)}))
        self.board.apply(Update("orders", f"o{number % 5}", {"price": float(number)}))
        self.board.apply(Update("trades", "S0", {"trade_id": str(number), "price": 1.0, "size": 1.0}))
        diff = self.board.commit(1_000 + number)
        assert diff is not None
        return diff

    def snapshot(self) -> Snapshot:
        return self.board.snapshot()

    async def write(self, spine: Spine, commits: int) -> list[Diff]:
        """So many commits, appended."""
        diffs = [self.commit() for _ in range(commits)]
        for diff in diffs:
            await spine.append(diff)
        return diffs


class Reader:
    """Follows a spine step by step, when it is told to, and checks that there is no hole."""

    def __init__(self, spine: Spine, cursor: Cursor | None = None, board: Board | None = None) -> None:
        self.steps: list[Snapshot | Diff] = []
        self.board = board or Board("")
        self._follow = spine.follow(cursor)
        self._wanted: asyncio.Task[Snapshot | Diff] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._wanted is not None:
            self._wanted.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await self._wanted
        await self._follow.aclose()

    @property
    def waits(self) -> bool:
        """Whether the next step has been asked for and has not come."""
        return self._wanted is not None and not self._wanted.done()

    def ask(self) -> None:
        """Begin to wait for the next step."""
        if self._wanted is None:
            self._wanted = asyncio.ensure_future(anext(self._follow))

    async def next(self) -> Snapshot | Diff:
        """The next step; it is merged into the board, which raises ``DiffGap`` at a hole. Raises ``StopAsyncIteration``."""
        self.ask()
        assert self._wanted is not None
        async with asyncio.timeout(DEADLINE_S):
            step = await self._wanted
        self._wanted = None
        self.steps.append(step)
        if isinstance(step, Snapshot):
            self.board.load(step)
        else:
            self.board.merge(step)
        return step

    async def reach(self, cursor: Cursor) -> None:
        """Read on to a position."""
        while self.board.cursor != cursor:
            await self.next()

    def data(self) -> dict[str, Any]:
        """The state that it has rebuilt."""
        return self.board.snapshot().data

    def numbers(self) -> list[str]:
        """What came: ``snapshot 5``, ``diff 6``."""
        return [f"{type(step).__name__.lower()} {step.sequence}" for step in self.steps]
