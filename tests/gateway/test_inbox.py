"""The light queue and gate do what uvicorn asks of asyncio's own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bigboard.gateway.inbox import Gate, Inbox

QUEUES = pytest.mark.parametrize("queue", [Inbox, asyncio.Queue])
GATES = pytest.mark.parametrize("gate", [Gate, asyncio.Event])


@QUEUES
async def test_messages_come_out_in_order(queue: type[Any]) -> None:
    inbox = queue()
    assert inbox.empty()
    for number in range(3):
        inbox.put_nowait({"number": number})
    assert not inbox.empty()
    assert [(await inbox.get())["number"] for _ in range(3)] == [0, 1, 2]
    assert inbox.empty()


@QUEUES
async def test_a_reader_waits_until_there_is_something(queue: type[Any]) -> None:
    inbox = queue()
    reader = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    assert not reader.done()
    inbox.put_nowait({"number": 1})
    inbox.put_nowait({"number": 2})
    assert await reader == {"number": 1}
    assert await inbox.get() == {"number": 2}


@QUEUES
async def test_a_reader_that_gives_up_takes_nothing_away(queue: type[Any]) -> None:
    inbox = queue()
    reader = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait({"number": 1})
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    if not reader.cancelled():
        pytest.skip("it was faster")
    assert await inbox.get() == {"number": 1}


@GATES
async def test_a_closed_gate_holds_all_until_it_opens(gate: type[Any]) -> None:
    door = gate()
    door.set()
    assert door.is_set()
    assert await door.wait()
    door.clear()
    waiting = [asyncio.create_task(door.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting[1:])
    door.set()
    assert await asyncio.gather(*waiting[1:]) == [True, True]
    assert waiting[0].cancelled()
    door.clear()
    assert not door.is_set()
