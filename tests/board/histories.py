"""Random histories of a board: updates of every topic, good and bad, alone and in batches, with commits between them.

A history is read off a string of random bytes, as a program is off its code. That draws in a tenth of the time that nested
strategies take, and still shrinks: fewer and smaller bytes make a shorter and plainer history. The worlds are tiny on
purpose (three keys, few fields, few values), so that removal and return, equal values and full buffers happen all the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from bigboard.board import TOPICS, Limits, MergeKind, Selection, Subscription, Update
from board.vocabulary import BAD_UPDATES, BOOK_KEYS, FIELDS, KEYS, OBJECT, ROW_IDS, TRADES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SMALL", "Commit", "History", "Step", "histories"]

T = TypeVar("T")

SMALL = Limits(
    tape_length=4,
    max_rows=3,
    max_levels=4,
    max_keys=3,
    max_fields=5,
    max_depth=2,
    max_items=4,
    max_text=24,
    max_key_length=24,
    max_tombstones=2,
    max_level_tombstones=3,
)
"""Every buffer is full after a few updates."""


@dataclass(frozen=True)
class Commit:
    """The owner commits here."""


Step = Update | list[Update] | Commit


@dataclass(frozen=True)
class History:
    """Steps, the bounds of the board that they happen to, and selections that a client may hold."""

    limits: Limits
    steps: list[Step]
    selections: list[Selection]


class Script:
    """Random bytes, read as choices. Past the end every choice is the first."""

    def __init__(self, code: bytes) -> None:
        self._code = iter(code)

    def below(self, bound: int) -> int:
        return next(self._code, 0) % bound

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]


def histories() -> st.SearchStrategy[History]:
    """Histories of up to some hundred steps."""
    return st.binary(min_size=300, max_size=1_000).map(_read)


def _read(code: bytes) -> History:
    script = Script(code)
    limits = script.pick((SMALL, SMALL, SMALL, Limits()))
    selections = [_selection(script) for _ in range(2)]
    topics = list(TOPICS) if script.below(4) == 0 else [script.pick(list(TOPICS)) for _ in range(1 + script.below(3))]
    steps: list[Step] = []
    for _ in range(120):
        kind = script.below(16)
        if kind == 0 and not script.below(4):
            break
        if kind <= 4:
            steps.append(Commit())
        elif kind <= 6:
            steps.append([_update(script, topics) for _ in range(script.below(6))])
        else:
            steps.append(_update(script, topics))
    return History(limits, steps, selections)


def _selection(script: Script) -> Selection:
    subscriptions = []
    for _ in range(1 + script.below(3)):
        topic = script.pick(list(TOPICS))
        key = script.pick((None, *_keys_of(topic)))
        subscriptions.append(Subscription.parse(topic if key is None else f"{topic}:{key}"))
    return Selection(subscriptions)


def _keys_of(topic: str) -> tuple[str, ...]:
    kind = TOPICS[topic].kind
    if kind is MergeKind.ROWS:
        return ROW_IDS
    return KEYS[topic] if kind is MergeKind.FIELDS else BOOK_KEYS


def _update(script: Script, topics: Sequence[str]) -> Update:
    if script.below(12) == 11:
        return script.pick(BAD_UPDATES)
    topic = script.pick(topics)
    key = script.pick(_keys_of(topic))
    kind = TOPICS[topic].kind
    if kind is MergeKind.TAPE:
        return Update(topic, key, _entries(script))
    if script.below(6) == 5:
        return Update(topic, key, {"deleted": True})
    if kind is MergeKind.LADDER:
        return Update(topic, key, _book(script))
    data = _patch(script, topic)
    if kind is MergeKind.ROWS and script.below(2):
        data[TOPICS[topic].id_field] = key
    return Update(topic, key, data)


def _patch(script: Script, topic: str) -> dict[str, Any]:
    words = FIELDS[topic]
    names = list(words)
    patch: dict[str, Any] = {}
    for _ in range(script.below(5)):
        name = script.pick(names)
        values = words[name]
        if script.below(6) == 5:
            patch[name] = None
        else:
            patch[name] = _object(script, depth=1) if values is OBJECT else script.pick(values)
    return patch


def _object(script: Script, depth: int) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    for _ in range(script.below(4)):
        name = script.pick(("a", "b", "c"))
        form = script.below(6)
        if form >= 4 and depth < SMALL.max_depth:
            patch[name] = _object(script, depth + 1)
        else:
            patch[name] = (None, 1, True, "x", 2.5, 1)[form]
    return patch


def _entries(script: Script) -> Any:
    count = script.below(8)
    if count == 7:
        # A burst that is longer than the tape.
        return [TRADES[index % len(TRADES)] for index in range(SMALL.tape_length + 1 + script.below(4))]
    entries = [script.pick(TRADES) for _ in range(count)]
    return entries[0] if count == 1 else entries


def _book(script: Script) -> dict[str, Any]:
    book: dict[str, Any] = {}
    shape = script.below(8)
    if shape >= 3:
        book["partial"] = True
    if shape != 7:
        book["bids"] = _levels(script, 100)
    if shape != 6 or "partial" not in book:
        book["asks"] = _levels(script, 103)
    if script.below(3) == 0:
        book["update_id"] = script.pick((1, 2, None))
    if script.below(6) == 0:
        book[script.pick(("note", "depth", "a", "b", "c"))] = script.pick(("x", True, 1, None))
    return book


def _levels(script: Script, base: int) -> list[list[float]]:
    # Ten prices for four places, in any order, some twice, and the two sides overlap: crossed and unsorted books too.
    return [[base + script.below(10) / 2 - 2, script.pick((1.0, 2.0, 0, 1, 0.5))] for _ in range(script.below(8))]
