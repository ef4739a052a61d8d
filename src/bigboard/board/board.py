"""The board: one state that you can snapshot, diff since any cursor, and rebuild elsewhere by applying diffs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board.cursor import Cursor
from bigboard.board.fields import FieldsTable
from bigboard.board.ladder import LadderTable
from bigboard.board.limits import Limits
from bigboard.board.plan import Plan
from bigboard.board.rows import RowsTable
from bigboard.board.rules import Invalid
from bigboard.board.selection import EVERYTHING, Selection
from bigboard.board.state import Diff, Snapshot
from bigboard.board.tape import TapeTable
from bigboard.board.topics import TOPICS, MergeKind
from bigboard.errors import CursorUnavailable, DiffGap, UpdateRejected

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bigboard.board.table import Table
    from bigboard.board.topics import Topic
    from bigboard.board.update import Update

__all__ = ["Board"]

_TABLES: dict[MergeKind, type[FieldsTable | RowsTable | TapeTable | LadderTable]] = {
    MergeKind.FIELDS: FieldsTable,
    MergeKind.ROWS: RowsTable,
    MergeKind.TAPE: TapeTable,
    MergeKind.LADDER: LadderTable,
}


class Board:
    """A versioned state of topics.

    Two kinds of owner use it. The *writer* calls ``apply`` for each update and ``commit`` now and then: all that was
    applied since the last commit becomes visible as one diff. A *follower* calls ``load`` once and ``merge`` for each
    diff. Both may ask for ``snapshot`` and ``diff`` since any cursor from the horizon on, a writer only when nothing is
    applied and not yet committed.

    A board has no clock and makes no epochs: the owner gives both. It is not safe to share between threads.
    """

    def __init__(
        self,
        epoch: str,
        *,
        limits: Limits | None = None,
        topics: Mapping[str, Topic] = TOPICS,
    ) -> None:
        self.cursor = Cursor(epoch, 0)
        """The position of the last commit. Every client asks for it, so it is made once for each."""
        self.timestamp = 0
        self.limits = limits or Limits()
        self.topics = topics
        self._everything = Selection((EVERYTHING,), topics)
        self._tables: dict[str, Table] = {
            name: _TABLES[topic.kind](topic, self.limits) for name, topic in topics.items()
        }
        self._pending = False

    @property
    def epoch(self) -> str:
        """The history that this state belongs to."""
        return self.cursor.epoch

    @property
    def sequence(self) -> int:
        """The number of the last commit."""
        return self.cursor.sequence

    @property
    def horizon(self) -> int:
        """The oldest sequence from which every topic can still be diffed."""
        return self.horizon_of(self._everything)

    def horizon_of(self, selection: Selection) -> int:
        """The oldest sequence from which these topics can be diffed: a quiet topic reaches further back than a busy one."""
        return max((self._tables[topic].horizon for topic in selection.topics), default=0)

    def sizes(self) -> dict[str, int]:
        """Keys or rows per topic."""
        return {name: len(table) for name, table in self._tables.items()}

    def anomalies(self) -> dict[str, int]:
        """Data that was accepted and looks wrong: ``crossed_book`` and ``unsorted_book``, counted."""
        return {
            kind: count
            for table in self._tables.values()
            if isinstance(table, LadderTable)
            for kind, count in table.anomalies.items()
        }

    def apply(self, update: Update) -> bool:
        """Check an update and merge it into the commit under way; whether it changed anything.

        Raises ``UpdateRejected``, and the board is then exactly as it was.
        """
        topic, key, data = update
        table = self._tables.get(topic) if type(topic) is str else None
        if table is None or type(key) is not str:
            raise self._not_addressed(topic, key)
        try:
            changed = table.apply(key, data, self.sequence + 1)
        except Invalid as invalid:
            raise UpdateRejected(topic, key, invalid.reason, invalid.detail) from None
        if changed:
            self._pending = True
        return changed

    def apply_all(self, updates: Sequence[Update]) -> bool:
        """Apply several updates, all or none; whether anything changed. Raises ``UpdateRejected`` for the first bad one."""
        if len(updates) == 1:
            return self.apply(updates[0])
        plans: dict[str, Plan] = {}
        for topic, key, data in updates:
            table = self._tables.get(topic) if type(topic) is str else None
            if table is None or type(key) is not str:
                raise self._not_addressed(topic, key)
            try:
                table.check(key, data, plans.setdefault(topic, Plan()))
            except Invalid as invalid:
                raise UpdateRejected(topic, key, invalid.reason, invalid.detail) from None
        changed = False
        for update in updates:
            changed |= self.apply(update)
        return changed

    def commit(self, timestamp: int) -> Diff | None:
        """Make what was applied visible as the next sequence; ``None`` if nothing changed since the last commit.

        ``timestamp``: epoch milliseconds, the moment of this commit.
        """
        if not self._pending:
            return None
        self._pending = False
        epoch, since = self.cursor
        self.cursor = Cursor(epoch, since + 1)
        self.timestamp = max(self.timestamp, timestamp)
        return Diff(epoch, since, since + 1, self.timestamp, self._changes(since, self._everything))

    def snapshot(self, selection: Selection | None = None) -> Snapshot:
        """The state of the selected topics, by default of all; topics without data are there and empty."""
        selected = (self._everything if selection is None else selection).topics
        data = {topic: self._tables[topic].data(keys) for topic, keys in selected.items()}
        return Snapshot(self.epoch, self.sequence, self.timestamp, data)

    def diff(self, since: int, selection: Selection | None = None) -> Diff | None:
        """What changed in the selected topics after the sequence ``since``; ``None`` if nothing did.

        Raises ``CursorUnavailable`` if ``since`` is behind the horizon or ahead of the board.
        """
        if selection is None:
            selection = self._everything
        if not self.horizon_of(selection) <= since <= self.sequence:
            raise CursorUnavailable(
                Cursor(self.epoch, since),
                epoch=self.epoch,
                sequence=self.sequence,
                horizon=self.horizon_of(selection),
            )
        changes = self._changes(since, selection)
        if not changes:
            return None
        return Diff(self.epoch, since, self.sequence, self.timestamp, changes)

    def changed(self, since: int) -> dict[str, Collection[str]]:
        """The keys and ids in a diff from the sequence ``since``, by topic; it must be one that ``diff`` can start from."""
        return {topic: keys for topic, table in self._tables.items() if (keys := table.changed(since))}

    def reaches(self, cursor: Cursor, selection: Selection | None = None) -> bool:
        """Whether ``diff`` would bring a state at this cursor up to now."""
        return (
            cursor.epoch == self.epoch
            and self.horizon_of(self._everything if selection is None else selection)
            <= cursor.sequence
            <= self.sequence
        )

    def begin_epoch(self, epoch: str) -> None:
        """Go on with this state in a new history, which followers of the old one get as a snapshot."""
        self.cursor = Cursor(epoch, self.sequence)

    def load(self, snapshot: Snapshot) -> None:
        """Become the state of a snapshot of all topics. The horizon is then its sequence."""
        for name, table in self._tables.items():
            data = snapshot.data.get(name)
            if data is None:
                data = [] if self.topics[name].kind is MergeKind.ROWS else {}
            table.load(data, snapshot.sequence)
        self.cursor = snapshot.cursor
        self.timestamp = snapshot.timestamp
        self._pending = False

    def merge(self, diff: Diff, *, of_log: bool = False) -> None:
        """Follow a diff of another board. Raises ``DiffGap`` unless it starts exactly here.

        ``of_log``: it is an entry of the log that all followers read, so nobody stands between its ends.
        """
        if diff.epoch != self.epoch or diff.since != self.sequence:
            raise DiffGap(held=self.cursor, offered=Cursor(diff.epoch, diff.since))
        for topic, changes in diff.changes.items():
            table = self._tables.get(topic)
            if table is None:
                continue  # A newer writer knows a topic that this follower does not: the rest is still exact.
            table.merge(changes, diff.sequence)
            if diff.sequence - diff.since > 1 and not of_log:
                # The diff spans several commits, and this board cannot tell in which of them an entry came or a level
                # went. A client of another board may stand between them; it must not be diffed from here.
                table.horizon = diff.sequence
        self.cursor = diff.cursor
        self.timestamp = diff.timestamp

    def _changes(self, since: int, selection: Selection) -> dict[str, Any]:
        changes = {}
        for topic, keys in selection.topics.items():
            table = self._tables[topic]
            if table.sequence > since:
                changed = table.diff(since, keys)
                if changed:
                    changes[topic] = changed
        return changes

    def _not_addressed(self, topic: Any, key: Any) -> UpdateRejected:
        if type(topic) is not str or topic not in self._tables:
            name = topic if type(topic) is str else type(topic).__name__
            return UpdateRejected(
                name[:40], "", "unknown_topic", f"no topic {name[:40]!r}; topics are {', '.join(self._tables)}"
            )
        return UpdateRejected(topic, "", "bad_key", f"a key must be a string, not {type(key).__name__}")
