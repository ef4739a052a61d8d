"""Long random conversations about every topic, each from its own seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.board import Limits
from wire.choices import Seeded
from wire.conversation import Conversation
from wire.random_updates import random_subscription, random_update

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.choices import Choices

__all__ = ["LONG_SCENARIOS"]

MESSAGES = 300
CHECK_EVERY = 60
SMALL = Limits(tape_length=4, max_rows=3, max_levels=4, max_tombstones=50, max_level_tombstones=20)


def _commits(talk: Conversation, choices: Choices) -> None:
    for _ in range(1 + choices.below(3)):
        talk.apply(*[random_update(choices) for _ in range(1 + choices.below(3))])


def random_everything() -> Conversation:
    """One client of the whole board, whose buffers are small enough to be full all the time."""
    talk, choices = Conversation(limits=SMALL), Seeded(1)
    talk.subscribe("*")
    while len(talk.messages) < MESSAGES:
        _commits(talk, choices)
        talk.tick()
        if len(talk.messages) % CHECK_EVERY == 0:
            talk.check()
    return talk


def random_watch_list() -> Conversation:
    """A client that adds subscriptions as it goes, with heartbeats in between."""
    talk, choices = Conversation(limits=Limits(tape_length=6)), Seeded(2)
    talk.subscribe("market_data:BTCUSDT")
    added = 0
    while len(talk.messages) < MESSAGES:
        _commits(talk, choices)
        if added * 20 < len(talk.messages):
            subscription = random_subscription(choices)
            if subscription != "*":
                talk.subscribe(subscription)
                added += 1
                talk.check()
        elif choices.below(10) == 0:
            talk.tick()
            talk.heartbeat()
        else:
            talk.tick()
    talk.tick()
    talk.check()
    return talk


def random_reconnects() -> Conversation:
    """A client whose connection breaks often; it resumes, or gets a state where the board has forgotten too much."""
    talk, choices = Conversation(limits=Limits(tape_length=5, max_tombstones=3, max_rows=4)), Seeded(3)
    subscriptions = ("account", "orders", "trades", "orderbook", "positions:BTCUSDT", "strategies:__proto__", "alerts")
    talk.subscribe(*subscriptions)
    while len(talk.messages) < MESSAGES:
        _commits(talk, choices)
        if choices.below(8) == 0:
            for _ in range(choices.below(6)):
                _commits(talk, choices)
            talk.connect(talk.board)
            talk.subscribe(*subscriptions, resume=True)
            if choices.below(4) == 0:
                talk.check()
        else:
            talk.tick()
    talk.tick()
    talk.check()
    return talk


LONG_SCENARIOS: dict[str, Callable[[], Conversation]] = {
    scenario.__name__: scenario for scenario in (random_everything, random_watch_list, random_reconnects)
}
"""By name, which is also the name of its files."""
