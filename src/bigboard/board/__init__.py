"""The versioned state. Pure: no I/O, no clock, no asyncio.

``Board`` is the whole of it; ``Update`` goes in, ``Diff`` and ``Snapshot`` come out, ``Cursor`` says where one stands.
"""

from bigboard.board.board import Board
from bigboard.board.cursor import Cursor
from bigboard.board.limits import Limits
from bigboard.board.selection import EVERYTHING, Selection, Subscription
from bigboard.board.state import Diff, Snapshot
from bigboard.board.topics import TOPICS, MergeKind, Topic
from bigboard.board.update import Update, UpdateBatch

__all__ = [
    "EVERYTHING",
    "TOPICS",
    "Board",
    "Cursor",
    "Diff",
    "Limits",
    "MergeKind",
    "Selection",
    "Snapshot",
    "Subscription",
    "Topic",
    "Update",
    "UpdateBatch",
]
