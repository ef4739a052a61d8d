"""The topics of a board and their fields: the table of PROTOCOL section 8, as data.

Every other module asks this table; a topic or a field is added here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from bigboard.board.rules import Kind, Rule
from bigboard.board.symbols import normalise_candle_key, normalise_position_key, normalise_symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TOPICS", "MergeKind", "Topic"]


class MergeKind(StrEnum):
    """How a change merges into the state of a topic (PROTOCOL section 4)."""

    FIELDS = "fields"
    ROWS = "rows"
    TAPE = "tape"
    LADDER = "ladder"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: its merge kind, its fields, and how its keys are spelled."""

    name: str
    kind: MergeKind
    rules: Mapping[str, Rule]
    normalise_key: Callable[[str], str] | None = None
    id_field: str = ""
    """For rows: the field that holds the record's id."""
    closed_statuses: frozenset[str] = frozenset()
    """For rows: a record with such a status is over, so retention may drop it first."""


def _rules(**kinds: str) -> dict[str, Rule]:
    return {name: Rule(Kind[kind.upper()]) for kind, names in kinds.items() for name in names.split()}


def _choice(*words: str) -> Rule:
    return Rule(Kind.CHOICE, frozenset(words))


_ORDER_CLOSED = frozenset({"FILLED", "CANCELED", "REJECTED", "EXPIRED"})

_DEFINITIONS = (
    Topic(
        "market_data",
        MergeKind.FIELDS,
        _rules(
            symbol="symbol",
            text="venue",
            signed="last_price bid_price ask_price spread spread_bps open_24h high_24h low_24h quote_volume_24h change_24h"
            " change_24h_pct mark_price index_price funding_rate",
            unsigned="last_size bid_size ask_size volume_24h next_funding_time timestamp received_at",
        )
        | {"mode": _choice("live", "replay", "simulated")},
        normalise_symbol,
    ),
    Topic(
        "candles",
        MergeKind.FIELDS,
        _rules(signed="open high low close", unsigned="open_time volume trades", flag="closed"),
        normalise_candle_key,
    ),
    Topic("orderbook", MergeKind.LADDER, _rules(unsigned="update_id timestamp received_at"), normalise_symbol),
    Topic(
        "trades",
        MergeKind.TAPE,
        _rules(identifier="trade_id", signed="price", unsigned="size timestamp") | {"side": _choice("buy", "sell")},
        normalise_symbol,
    ),
    Topic(
        "orders",
        MergeKind.ROWS,
        _rules(
            identifier="order_id client_order_id account_id strategy_id",
            symbol="symbol",
            text="side type time_in_force reject_reason",
            signed="price stop_price average_price",
            unsigned="quantity filled_quantity created_at updated_at",
            flag="reduce_only",
        )
        | {"status": _choice("NEW", "PARTIALLY_FILLED", *_ORDER_CLOSED)},
        id_field="order_id",
        closed_statuses=_ORDER_CLOSED,
    ),
    Topic(
        "positions",
        MergeKind.FIELDS,
        _rules(
            symbol="symbol",
            identifier="account_id strategy_id",
            signed="entry_price mark_price notional unrealized_pnl realized_pnl liquidation_price",
            unsigned="quantity leverage margin updated_at",
        )
        | {"side": _choice("LONG", "SHORT")},
        normalise_position_key,
    ),
    Topic(
        "account",
        MergeKind.FIELDS,
        _rules(
            identifier="account_id",
            text="currency",
            signed="equity balance available unrealized_pnl realized_pnl realized_pnl_today",
            unsigned="margin_used updated_at",
            object="balances",
        ),
    ),
    Topic(
        "strategies",
        MergeKind.FIELDS,
        _rules(
            identifier="strategy_id",
            text="name message",
            scalar="last_signal",
            texts="symbols",
            signed="pnl",
            unsigned="trades_count win_rate updated_at",
        )
        | {"status": _choice("RUNNING", "PAUSED", "STOPPED", "ERROR")},
    ),
    Topic(
        "risk",
        MergeKind.FIELDS,
        _rules(
            signed="exposure gross_exposure leverage drawdown drawdown_limit daily_loss daily_loss_limit",
            any="breaches",
            unsigned="updated_at",
        ),
    ),
    Topic(
        "metrics",
        MergeKind.FIELDS,
        _rules(
            signed="spread spread_bps feed_latency_ms",
            unsigned="messages_received messages_per_second uptime_seconds",
        ),
        lambda key: key if key == "total" else normalise_symbol(key),
    ),
    Topic(
        "services",
        MergeKind.FIELDS,
        _rules(
            text="service kind detail",
            signed="latency_ms",
            unsigned="last_seen age_ms messages_per_second gaps resyncs",
        )
        | {
            "status": _choice("up", "stale", "degraded", "down"),
            "circuit": _choice("closed", "open", "half_open"),
        },
    ),
    Topic(
        "alerts",
        MergeKind.ROWS,
        _rules(
            identifier="alert_id",
            text="rule severity topic key message",
            scalar="value threshold",
            unsigned="fired_at updated_at",
        )
        | {"status": _choice("firing", "acknowledged", "resolved")},
        id_field="alert_id",
        closed_statuses=frozenset({"resolved"}),
    ),
)

TOPICS: Mapping[str, Topic] = MappingProxyType({topic.name: topic for topic in _DEFINITIONS})
"""Every topic by its name, in the order of PROTOCOL section 8."""
