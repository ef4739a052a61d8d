"""Writes ``tests/fixtures/wire``: conversations that every client of the protocol must understand alike.

Run it after a change of the protocol: ``python tests/wire/make_fixtures.py``. For each ``NAME``:

- ``NAME.jsonl``: what the server says, one text frame per line;
- ``NAME.msgpack``: the same messages, a MessagePack array of binary frames;
- ``NAME.expected.json``: ``[{"after": n, "cursor": {…}, "state": {topic: data}}, …]``, what a client holds after the
  first ``n`` messages, in the shape of ``state_update.data``. The last point is after the last message.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

if __name__ == "__main__":
    # Run as a script it finds its neighbours as the tests do.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from wire.connection_scenarios import CONNECTION_SCENARIOS
from wire.long_scenarios import LONG_SCENARIOS
from wire.merge_scenarios import MERGE_SCENARIOS

__all__ = ["FIXTURES", "NAMES", "fixture_files"]

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "wire"
SCENARIOS = {**MERGE_SCENARIOS, **CONNECTION_SCENARIOS, **LONG_SCENARIOS}
NAMES = tuple(SCENARIOS)


def fixture_files(name: str) -> dict[str, bytes]:
    """The files of one conversation, by file name."""
    talk = SCENARIOS[name]()
    assert talk.expected[-1]["after"] == len(talk.messages), name
    lines = [msgspec.json.encode(message) for message in talk.messages]
    frames = [msgspec.msgpack.encode(message) for message in talk.messages]
    points = [msgspec.json.encode(point) for point in talk.expected]
    return {
        f"{name}.jsonl": b"".join(line + b"\n" for line in lines),
        f"{name}.msgpack": msgspec.msgpack.encode(frames),
        f"{name}.expected.json": b"[\n" + b",\n".join(points) + b"\n]\n",
    }


def _main() -> None:
    FIXTURES.mkdir(parents=True, exist_ok=True)
    files = {file: content for name in NAMES for file, content in fixture_files(name).items()}
    for stale in FIXTURES.iterdir():
        if stale.name not in files:
            stale.unlink()
    for file, content in files.items():
        (FIXTURES / file).write_bytes(content)
    sys.stdout.write(f"{len(NAMES)} conversations, {sum(map(len, files.values())):,} bytes\n")


if __name__ == "__main__":
    _main()
