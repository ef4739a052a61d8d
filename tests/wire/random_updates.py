"""Random valid updates of every topic, from a small world: few keys and few values, so that removal and return, equal
values and full buffers happen all the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board import TOPICS, MergeKind, Update

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wire.choices import Choices

__all__ = ["keys_of", "random_subscription", "random_update"]

_SYMBOLS = ("BTCUSDT", "ETHUSDT", "kraken:BTCUSDT", "__PROTO__")
_NAMES = ("main", "__proto__", "constructor", "später ☂")
_KEYS: dict[str, tuple[str, ...]] = {
    "candles": ("BTCUSDT/1m", "ETHUSDT/1M", "kraken:BTCUSDT/1h"),
    "positions": ("BTCUSDT", "main/ETHUSDT"),
    "metrics": ("total", "BTCUSDT"),
    "orders": ("1", "2", "3", "toString", "__proto__"),
    "alerts": ("1", "2", "hasOwnProperty"),
    "account": _NAMES,
    "strategies": _NAMES,
    "risk": _NAMES,
    "services": ("replay/BTCUSDT/book", "__proto__", "oms"),
}
_FIELDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "market_data": {"last_price": (1.5, 2, 123432.15), "bid_price": (0.1, 1e-8), "mode": ("live", "replay")},
    "candles": {"open": (1.5, 2.5), "volume": (0, 1e300), "closed": (True, False)},
    "positions": {"quantity": (0, 1.5), "side": ("LONG", "SHORT"), "unrealized_pnl": (-1.25, 3)},
    "account": {"equity": (1.5, -2), "currency": ("USDT", "EUR")},
    "strategies": {"symbols": ([], ["A"], ["A", "B"]), "status": ("RUNNING", "ERROR"), "last_signal": ("buy", 1, True)},
    "risk": {"breaches": ([], [1, "a"], "one"), "exposure": (-1.5, 2)},
    "metrics": {"spread": (0.5, -0.5), "messages_received": (1, 2)},
    "services": {"status": ("up", "down"), "circuit": ("open", "closed"), "gaps": (0, 1)},
    "orders": {"status": ("NEW", "FILLED"), "price": (1.5, 2.5), "reduce_only": (True, False)},
    "alerts": {"status": ("firing", "resolved"), "value": (1, True, "x"), "rule": ("spread",)},
}
_EXTRA: dict[str, tuple[Any, ...]] = {
    "__proto__": (1, "x"),
    "constructor": ("☂", ""),
    "note": (True, 1, "x"),
    "big": (2**53 - 1, -(2**53) + 1),
}


def keys_of(topic: str) -> tuple[str, ...]:
    """The keys or ids that random updates of a topic have."""
    return _KEYS.get(topic, _SYMBOLS)


def random_subscription(choices: Choices) -> str:
    """``topic``, ``topic:key`` or, seldom, ``*``."""
    if choices.below(16) == 15:
        return "*"
    topic = choices.pick(list(TOPICS))
    key = choices.pick(("", *keys_of(topic)))
    return f"{topic}:{key}" if key else topic


def random_update(choices: Choices, topics: Sequence[str] = tuple(TOPICS)) -> Update:
    """An update that a board takes, of one of these topics."""
    topic = choices.pick(topics)
    key = choices.pick(keys_of(topic))
    kind = TOPICS[topic].kind
    if kind is MergeKind.TAPE:
        return Update(topic, key, [_trade(choices) for _ in range(1 + choices.below(4))])
    if choices.below(6) == 5:
        return Update(topic, key, {"deleted": True})
    if kind is MergeKind.LADDER:
        return Update(topic, key, _book(choices))
    return Update(topic, key, _patch(choices, topic))


def _patch(choices: Choices, topic: str) -> dict[str, Any]:
    words = {**_FIELDS[topic], **_EXTRA}
    patch: dict[str, Any] = {}
    for _ in range(1 + choices.below(4)):
        name = choices.pick(list(words))
        patch[name] = None if choices.below(6) == 5 else choices.pick(words[name])
    if topic == "account" and choices.below(2):
        patch["balances"] = None if choices.below(8) == 7 else _balances(choices)
    return patch


def _balances(choices: Choices) -> dict[str, Any]:
    balances: dict[str, Any] = {}
    for _ in range(choices.below(3)):
        asset = choices.pick(("BTC", "USDT", "__proto__"))
        fields = {
            choices.pick(("total", "free", "used")): choices.pick((1.5, 2, None)) for _ in range(choices.below(3))
        }
        balances[asset] = None if choices.below(6) == 5 else fields
    return balances


def _trade(choices: Choices) -> dict[str, Any]:
    return {
        "trade_id": str(choices.below(1_000)),
        "price": 100 + choices.below(8) / 4,
        "size": 1 + choices.below(3),
        "side": choices.pick(("buy", "sell")),
    }


def _book(choices: Choices) -> dict[str, Any]:
    book: dict[str, Any] = {"bids": _levels(choices, 98), "asks": _levels(choices, 101)}
    shape = choices.below(6)
    if shape:
        book["partial"] = True
    if shape > 3:
        del book[choices.pick(("bids", "asks"))]
    if choices.below(3) == 0:
        book["update_id"] = choices.pick((1, 2, None))
    return book


def _levels(choices: Choices, base: int) -> list[list[float]]:
    return [[base + choices.below(10) / 2 - 2, choices.pick((1.0, 2.0, 0, 0.5))] for _ in range(choices.below(6))]
