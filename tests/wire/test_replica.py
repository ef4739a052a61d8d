"""The merge rules of PROTOCOL section 4, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.wire import Replica
from bigboard.wire.replica import merge_patch

# The table of RFC 7396, appendix A.
RFC_7396: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396)
def test_merge_patch(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


def test_a_merge_patch_changes_neither_side() -> None:
    target, patch = {"a": {"b": 1}, "c": 2}, {"a": {"b": None, "d": {"e": None}}}
    merge_patch(target, patch)
    assert target == {"a": {"b": 1}, "c": 2}
    assert patch == {"a": {"b": None, "d": {"e": None}}}


def _replica(topic: str, data: Any, **more: Any) -> Replica:
    replica = Replica(**more)
    replica.apply_state([topic], {topic: data})
    return replica


def test_fields() -> None:
    replica = _replica("account", {"main": {"equity": 1, "balances": {"BTC": {"free": 1}}}, "alt": {"equity": 2}})
    replica.apply_changes({"account": {"main": {"equity": None, "balances": {"BTC": {"used": 2}}}, "alt": None}})
    assert replica.data() == {"account": {"main": {"balances": {"BTC": {"free": 1, "used": 2}}}}}
    replica.apply_changes({"account": {"new": {"equity": None}}})
    assert replica.topic("account")["new"] == {}


def test_rows() -> None:
    replica = _replica("orders", [{"order_id": "1", "price": 1}, {"order_id": "2", "price": 2}])
    replica.apply_changes(
        {
            "orders": [
                {"order_id": "1", "deleted": True},
                {"order_id": "9", "deleted": True},
                {"order_id": "2", "price": None, "status": "NEW"},
                {"order_id": "1", "price": 3},
                {"order_id": "3"},
            ]
        }
    )
    assert replica.topic("orders") == [
        {"order_id": "2", "status": "NEW"},
        {"order_id": "1", "price": 3},
        {"order_id": "3"},
    ]


def test_tape() -> None:
    replica = _replica("trades", {"A": [{"n": 1}, {"n": 2}]}, tape_length=3)
    replica.apply_changes({"trades": {"A": [{"n": 3}, {"n": 4}], "B": [{"n": index} for index in range(9)]}})
    assert replica.topic("trades") == {"A": [{"n": 2}, {"n": 3}, {"n": 4}], "B": [{"n": 6}, {"n": 7}, {"n": 8}]}


def test_ladder() -> None:
    replica = _replica("orderbook", {"A": {"bids": [[2, 1], [1, 1]], "asks": [[3, 1]], "update_id": 1}})
    replica.apply_changes({"orderbook": {"A": {"bids": [[1.5, 4], [2, 0], [7, 0]], "update_id": None, "note": "x"}}})
    assert replica.topic("orderbook") == {"A": {"bids": [[1.5, 4], [1, 1]], "asks": [[3, 1]], "note": "x"}}
    replica.apply_changes({"orderbook": {"A": None, "B": None, "C": {"asks": [[2, 1], [1, 1]]}}})
    assert replica.topic("orderbook") == {"C": {"bids": [], "asks": [[1, 1], [2, 1]]}}


@pytest.mark.parametrize(
    ("subscription", "left"),
    [
        ("market_data", {"market_data": {}, "orders": [{"order_id": "1"}, {"order_id": "k:1"}]}),
        ("market_data:A", {"market_data": {"k:A": {}}, "orders": [{"order_id": "1"}, {"order_id": "k:1"}]}),
        ("market_data:k:A", {"market_data": {"A": {}}, "orders": [{"order_id": "1"}, {"order_id": "k:1"}]}),
        ("market_data:B", {"market_data": {"A": {}, "k:A": {}}, "orders": [{"order_id": "1"}, {"order_id": "k:1"}]}),
        ("orders:k:1", {"market_data": {"A": {}, "k:A": {}}, "orders": [{"order_id": "1"}]}),
        ("*", {}),
    ],
)
def test_a_state_drops_what_it_covers_and_nothing_else(subscription: str, left: dict[str, Any]) -> None:
    """Section 3: state_update."""
    replica = Replica()
    replica.apply_state(
        ["*"], {"market_data": {"A": {}, "k:A": {}}, "orders": [{"order_id": "1"}, {"order_id": "k:1"}]}
    )
    replica.apply_state([subscription], {})
    assert replica.data() == left


def test_a_topic_that_nobody_knows_here_is_left_out() -> None:
    replica = _replica("orders", [])
    replica.apply_changes({"weather": {"Bern": {"rain": True}}, "orders": [{"order_id": "1"}]})
    assert replica.data() == {"orders": [{"order_id": "1"}]}


def test_before_anything_is_known_a_topic_is_empty() -> None:
    replica = Replica()
    assert (replica.topic("orders"), replica.topic("risk"), replica.data()) == ([], {}, {})
    replica.apply_state(["risk"], {"risk": {"main": {}}})
    replica.clear()
    assert replica.data() == {}
