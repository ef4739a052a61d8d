"""`bigboard status`: the roles of a board in a table or as JSON."""

from __future__ import annotations

import asyncio
import json

from bigboard.cli.status import lines_of, table
from bigboard.wire.messages import StateUpdate
from servers import DEADLINE_S, run, running_up

_NOW = 1_760_000_010_000
_ROWS = {
    "gateway-a": {"kind": "gateway", "status": "up", "sequence": 118, "last_seen": _NOW - 400, "latency_ms": 0.71},
    "simulated/BTCUSDT/book": {"kind": "stream", "status": "stale", "last_seen": _NOW - 9_000},
    "aggregator-a": {"kind": "aggregator", "status": "up", "sequence": 120, "last_seen": _NOW - 300},
    "simulated": {"kind": "feed", "status": "up", "messages_per_second": 1234.4, "detail": "12 symbols"},
    "desk-bot": {"kind": "strategy", "status": "down", "detail": "no answer"},
}
_STATE = StateUpdate(
    epoch="E", sequence=121, timestamp="2026-01-01T00:00:00.000Z", subscriptions=["services"], data={"services": _ROWS}
)


def test_roles_stand_in_the_order_of_the_flow_and_streams_only_if_asked() -> None:
    lines = lines_of(_STATE, _NOW, everything=False)
    assert [line.name for line in lines] == ["simulated", "aggregator-a", "gateway-a", "desk-bot"]
    assert [line.lag for line in lines] == [None, 1, 3, None]
    assert [line.age_ms for line in lines] == [None, 300, 400, None]
    assert len(lines_of(_STATE, _NOW, everything=True)) == 5


def test_a_role_that_has_not_reported_for_seconds_is_stale_whatever_it_said_last() -> None:
    later = lines_of(_STATE, _NOW + 10_000, everything=False)
    assert {line.name: line.status for line in later} == {
        "simulated": "up",  # it never says when
        "aggregator-a": "stale",
        "gateway-a": "stale",
        "desk-bot": "down",
    }


def test_the_table_aligns_words_left_and_numbers_right() -> None:
    rows = table(lines_of(_STATE, _NOW, everything=False)).split("\n")
    assert rows[0].split() == ["role", "name", "status", "sequence", "lag", "age", "latency", "messages/s"]
    end = rows[0].index("latency") + len("latency")
    assert rows[3][:end].endswith("0.7 ms")
    assert rows[1].endswith("1,234  12 symbols")


async def test_it_tells_of_a_running_board_and_ends_with_0_only_if_all_is_up() -> None:
    async with running_up() as server:
        roles: dict[str, dict[str, object]] = {}
        async with asyncio.timeout(DEADLINE_S):
            while not {"feed", "aggregator", "gateway"} <= roles.keys():  # they report once a second
                told = await run("status", "--url", server.ws_url, "--json")
                roles = {one["role"]: one for one in json.loads(told.out)["roles"]}
        assert (told.status == 0) == all(one["status"] == "up" for one in roles.values())
        shown = await run("status", "--url", server.ws_url)
        assert "aggregator" in shown.out


async def test_where_nobody_answers_it_says_so_in_one_line() -> None:
    told = await run("status", "--url", "ws://127.0.0.1:9/ws")
    assert told.status == 1
    assert told.err.count("\n") == 1
    assert "127.0.0.1:9" in told.err
