"""Every error that Bigboard raises on purpose, in one tree.

::

    BigboardError
    ├── UpdateRejected          an update that may not enter the board (topic, key, reason)
    ├── CursorUnavailable       a cursor that the board cannot diff from (cursor, horizon)
    ├── DiffGap                 a diff that does not continue the state it is merged into
    ├── WireError               a message that the protocol does not allow (code)
    │   └── TooManyFailures     a credential that is not looked at, after so many that were no good (wait_s)
    ├── SettingError            a setting with an unknown name or a bad value (setting, origin)
    ├── FeedError               exchange data that cannot be read at all (source)
    ├── SpineUnavailable        the log of diffs cannot be reached or does not accept the diff (reason)
    ├── ConnectionFailed        a client could not reach or stay with a server (url, close_code)
    └── MissingExtra            an optional part is not installed (extra)

A message says what to do, because most of them end as one line on a terminal. The typed fields are for programs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigboard.board.cursor import Cursor

__all__ = [
    "BigboardError",
    "ConnectionFailed",
    "CursorUnavailable",
    "DiffGap",
    "FeedError",
    "MissingExtra",
    "SettingError",
    "SpineUnavailable",
    "TooManyFailures",
    "UpdateRejected",
    "WireError",
]


class BigboardError(Exception):
    """Root of the tree: catch this to catch whatever Bigboard raises on purpose."""


class UpdateRejected(BigboardError):  # noqa: N818 - it names what happened to the update
    """An update broke a rule of its topic. The board is exactly as it was.

    ``reason`` is one word from a small closed set (see ``bigboard.board.rules.REASONS``), fit to be a label of a
    counter; ``str()`` adds the field, the value and the rule for people.
    """

    def __init__(self, topic: str, key: str, reason: str, detail: str) -> None:
        super().__init__(f"{topic}:{key}: {detail}" if key else f"{topic}: {detail}")
        self.topic = topic
        self.key = key
        self.reason = reason
        self.detail = detail


class CursorUnavailable(BigboardError):  # noqa: N818 - it names the state of the cursor
    """The board cannot diff from this cursor: another epoch, behind the horizon, or ahead of the board."""

    def __init__(self, cursor: Cursor, *, epoch: str, sequence: int, horizon: int) -> None:
        super().__init__(f"cannot diff from {cursor}: this board is {epoch}, holds {horizon} to {sequence}")
        self.cursor = cursor
        self.epoch = epoch
        self.sequence = sequence
        self.horizon = horizon


class DiffGap(BigboardError):  # noqa: N818 - the protocol's own word
    """A diff starts elsewhere than at the state that it should change: take a snapshot."""

    def __init__(self, *, held: Cursor, offered: Cursor) -> None:
        super().__init__(f"the diff starts at {offered}, but the state is at {held}")
        self.held = held
        self.offered = offered


class WireError(BigboardError):
    """A message that the protocol does not allow; ``code`` is one of PROTOCOL section 6."""

    def __init__(self, code: str, message: str, *, id: str | int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.id = id


class TooManyFailures(WireError):  # noqa: N818 - it names what happened
    """A credential was not even looked at: too many from the same address were no good. ``wait_s`` is in whole seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__("rate_limited", f"too many failed authentications from your address; try again in {wait_s} s")
        self.wait_s = wait_s


class SettingError(BigboardError):
    """A setting that nobody knows, or a value that does not fit it."""

    def __init__(self, setting: str, origin: str, message: str) -> None:
        super().__init__(f"{message} ({origin})" if origin else message)
        self.setting = setting
        self.origin = origin


class FeedError(BigboardError):
    """A source of exchange data that cannot be read at all. A single bad line is counted instead."""

    def __init__(self, source: str, message: str) -> None:
        super().__init__(f"{source}: {message}")
        self.source = source


class SpineUnavailable(BigboardError):  # noqa: N818 - it names the state of the spine
    """The log of diffs cannot be reached, or it does not accept a diff.

    ``reason`` is one word, which tells a writer what to do: ``away`` (try again), ``full`` (save a snapshot), ``fenced``
    (it holds no lease: another may lead), ``lost`` (the log has forgotten commits: begin a new epoch), ``gap`` (the diff
    does not continue the log), ``foreign`` (bytes that nobody of us wrote), or nothing.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class ConnectionFailed(BigboardError):  # noqa: N818 - it names what happened
    """A client could not reach a server, or the server closed for good; ``close_code`` as in PROTOCOL section 6."""

    def __init__(self, url: str, message: str, *, close_code: int | None = None) -> None:
        super().__init__(f"{url}: {message}")
        self.url = url
        self.close_code = close_code


class MissingExtra(BigboardError):  # noqa: N818 - it names what is missing
    """An optional part was asked for and is not installed."""

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs an extra: pip install 'bigboard[{extra}]'")
        self.extra = extra
