"""Which of an exchange's streams are used for what: read from ccxt's table ``has``. Pure, and without ccxt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Kind", "Plan", "Stream", "choose_streams"]

Kind: TypeAlias = Literal["quotes", "book", "trades", "ticker", "mark price", "funding"]


class Stream(NamedTuple):
    """One of ccxt's methods, and how to call it."""

    kind: Kind
    method: str
    """Its Python name: ``watch_bids_asks``."""
    many: bool
    """Whether one call takes a list of symbols, or each symbol needs a call of its own."""
    other: str | None = None
    """The next best method, which is called the other way. ccxt's tables promise more than it keeps on some exchanges."""

    def swapped(self) -> Stream:
        """The other method first, if there is one."""
        return self if self.other is None else Stream(self.kind, self.other, not self.many, self.method)

    @property
    def polled(self) -> bool:
        """Whether it is REST, and asked again and again."""
        return self.method.startswith("fetch")


class Plan(NamedTuple):
    """What is used, and what the exchange does not offer, in words."""

    streams: list[Stream]
    missing: list[str]


_METHODS: Final[dict[Kind, tuple[tuple[str, bool], ...]]] = {
    "quotes": (("watchBidsAsks", True),),
    "book": (("watchOrderBookForSymbols", True), ("watchOrderBook", False)),
    "trades": (("watchTradesForSymbols", True), ("watchTrades", False)),
    "ticker": (("watchTickers", True), ("watchTicker", False)),
    "mark price": (("watchMarkPrices", True), ("watchMarkPrice", False)),
    "funding": (
        ("watchFundingRates", True),
        ("watchFundingRate", False),
        ("fetchFundingRates", True),
        ("fetchFundingRate", False),
    ),
}
"""By kind, the best method first."""
_DERIVATIVES_ONLY: Final = ("mark price", "funding")


def choose_streams(has: Mapping[str, Any], *, derivatives: bool) -> Plan:
    """The best method of each kind. ``derivatives``: whether mark price and funding mean anything for the symbols."""
    chosen: list[Stream] = []
    for kind, methods in _METHODS.items():
        if kind in _DERIVATIVES_ONLY and not derivatives:
            continue
        usable = [(name, many) for name, many in methods if has.get(name) is True or _emulated(has, name)]
        if usable:
            (name, many), *others = usable
            other = next((_python(name) for name, other in others if other is not many), None)
            chosen.append(Stream(kind, _python(name), many, other))
    kinds = {stream.kind for stream in chosen}
    offered = [kind for kind in _METHODS if derivatives or kind not in _DERIVATIVES_ONLY]
    return Plan(chosen, [_without(kind, kinds) for kind in offered if kind not in kinds])


def _python(name: str) -> str:
    """``watchBidsAsks`` as ``watch_bids_asks``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _emulated(has: Mapping[str, Any], name: str) -> bool:
    """ccxt emulates a single request by one for all symbols; a stream that it emulates is none."""
    return name.startswith("fetch") and has.get(name) == "emulated"


def _without(kind: Kind, kinds: set[Kind]) -> str:
    if kind != "quotes":
        return f"no {kind} stream"
    source = next((other for other in ("book", "ticker") if other in kinds), None)
    return "no quotes stream" + (f": best bid and ask come from the {source}" if source else "")
