"""Recorded exchange streams: one message per line, ``<local receive time, ns> <raw message>``, plain or gzipped.

A recording is often not perfect: the recorder was killed while it wrote, a disk was full, a folder holds a README too.
What can be read is read, in bounded memory and small steps; what cannot is counted.
"""

from __future__ import annotations

from heapq import merge
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import msgspec

from bigboard.errors import FeedError
from bigboard.feed.binance_messages import Frame, frame_decoder, lax_decoder
from bigboard.feed.line_file import LineFile

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from bigboard.feed.skips import Skips

__all__ = ["Line", "Market", "Recording", "find_recordings", "merged_lines", "open_recordings"]

Market: TypeAlias = Literal["usdm", "spot"]

_PROBE_PIECES: Final = 100
_SUSPICIOUS_JUMP_NS: Final = 24 * 3600 * 10**9
_DAMAGE: Final = {
    "too long": "overlong line",
    "cut off": "cut-off file",
    "corrupt": "corrupt file",
    "unreadable": "unreadable file",
}


class Line(NamedTuple):
    """One recorded message. Without one (``None``) the line only marks that some work has been done."""

    local_ns: int
    """The recorder's clock, epoch nanoseconds; never decreases within a recording."""
    message: bytes | None
    recording: Recording


class _Head(msgspec.Struct):
    """As much of a message as tells whose it is, and of which market."""

    s: str = ""
    e: str = ""
    pu: int | None = None


class Recording:
    """One file, probed: it has at least one line that is a recorded message.

    Raises ``FeedError`` if it does not.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = LineFile(path)
        self.start_ns = 0
        """When it begins, by the recorder's clock."""
        self.symbol: str | None = None
        """The one symbol that it is about, which a depth snapshot does not say itself; ``None`` if there are several."""
        self.market: Market | None = None
        """Known from the way its messages look: futures chain their depth updates (``pu``), spot does not."""
        self._probe()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._file.size

    @property
    def consumed(self) -> int:
        """Bytes on disk that have been read so far."""
        return self._file.consumed

    def lines(self, skips: Skips) -> Generator[Line, None, None]:
        """Every message in order of receipt. The file is opened only once the first line, a mark, has been taken: so a
        merge over a year of files has few of them open.
        """
        last_ns, jumped = self.start_ns, False
        self._file.consumed = 0
        yield Line(last_ns, None, self)
        for piece in self._file.lines():
            if isinstance(piece, str):
                if piece != "pause":
                    skips.add(_DAMAGE[piece], note=f"{self.path.name}: {_DAMAGE[piece]}")
                yield Line(last_ns, None, self)
                continue
            at_ns, message = _split(piece)
            # One line far in the future is a damaged time; two in a row are a recorder that was off for long.
            suspicious = at_ns is not None and at_ns - last_ns > _SUSPICIOUS_JUMP_NS
            if at_ns is None or (suspicious and not jumped):
                jumped = suspicious
                skips.add("broken line")
                yield Line(last_ns, None, self)
                continue
            jumped = False
            last_ns = max(last_ns, at_ns)
            yield Line(last_ns, message, self)

    def _probe(self) -> None:
        frames, heads = frame_decoder(), lax_decoder(_Head)
        times: list[int] = []
        symbols: set[str] = set()
        for piece in islice(self._file.lines(), _PROBE_PIECES):
            if piece == "unreadable":
                raise FeedError(str(self.path), "cannot be read; check its permissions")
            at_ns, message = _split(piece) if isinstance(piece, bytes) else (None, b"")
            try:
                frame = frames.decode(message)
                if at_ns is None or not (frame.stream or frame.e or frame.lastUpdateId is not None):
                    continue
                times.append(at_ns)
                head = heads.decode(frame.data if frame.stream else message)
            except (ValueError, RecursionError):
                continue
            symbols |= {head.s} - {""}
            self.market = self.market or _market(frame, head)
        if not times:
            raise FeedError(str(self.path), "is no recording: expected lines of '<receive time, ns> <message>'")
        self.start_ns = min(times)
        self._file.consumed = 0
        self.symbol = symbols.pop() if len(symbols) == 1 else self._symbol_of_name() if not symbols else None

    def _symbol_of_name(self) -> str:
        return self.path.name.partition(".")[0].upper()


def find_recordings(paths: Iterable[Path | str]) -> list[Path]:
    """The files that are meant: files as given, folders with all that is below them; each once, hidden ones left out.

    Raises ``FeedError`` for a path that does not exist, a pipe, a folder without files, and no path at all.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
            if not files:
                raise FeedError(str(path), "the folder is empty; give one that holds recordings")
        elif path.is_file():
            files = [path]
        elif path.exists():
            raise FeedError(str(path), "is no regular file; save the stream to a file first")
        else:
            raise FeedError(str(path), "no such file or folder; check the path of the recording")
        found.update((file.resolve(), None) for file in files)
    if not found:
        raise FeedError("replay", "no recording given; name a file or a folder")
    return [*found]


def open_recordings(paths: Iterable[Path | str], skips: Skips) -> list[Recording]:
    """The recordings among the files, earliest first; other files are counted.

    Reads the first lines of each, about a millisecond per file. Raises ``FeedError`` if there is none.
    """
    recordings: list[Recording] = []
    problem: FeedError | None = None
    for path in find_recordings(paths):
        try:
            recordings.append(Recording(path))
        except (FeedError, OSError) as error:
            problem = (
                error if isinstance(error, FeedError) else FeedError(str(path), f"cannot be read: {error.strerror}")
            )
            skips.add("file that is no recording", note=f"{path.name} is no recording")
    if not recordings:
        raise problem or FeedError("replay", "no recording given; name a file or a folder")
    return sorted(recordings, key=lambda recording: recording.start_ns)


def merged_lines(recordings: Sequence[Recording], skips: Skips) -> Generator[Line, None, None]:
    """The lines of all recordings by receive time, streamed. Closing the iterator closes every file."""
    streams = [recording.lines(skips) for recording in recordings]
    try:
        yield from streams[0] if len(streams) == 1 else merge(*streams, key=itemgetter(0))
    finally:
        for stream in streams:
            stream.close()


def _split(line: bytes) -> tuple[int | None, bytes]:
    at, space, message = line.partition(b" ")
    # 16 to 19 digits: epoch nanoseconds from 1970 to 2286. int() alone would also take a sign, spaces and underscores.
    if not space or not at.isdigit() or not 16 <= len(at) <= 19:
        return None, b""
    return int(at), message


def _market(frame: Frame, head: _Head) -> Market | None:
    if head.e == "depthUpdate":
        return "spot" if head.pu is None else "usdm"
    if frame.stream.endswith("@bookTicker"):
        return "usdm" if head.e else "spot"
    return None
