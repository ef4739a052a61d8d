"""Diffs and snapshots as bytes, as a spine outside this process keeps them: one MessagePack array each. Pure.

``[epoch, since, sequence, timestamp, changes]`` and ``[epoch, sequence, timestamp, data]``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bigboard.board import Diff, Snapshot
from bigboard.errors import SpineUnavailable

__all__ = ["decode_diff", "decode_snapshot", "encode_diff", "encode_snapshot"]

_encoder = msgspec.msgpack.Encoder()
_diff = msgspec.msgpack.Decoder(tuple[str, int, int, int, dict[str, Any]])
_snapshot = msgspec.msgpack.Decoder(tuple[str, int, int, dict[str, Any]])


def encode_diff(diff: Diff) -> bytes:
    """The bytes of a diff."""
    return _encoder.encode((diff.epoch, diff.since, diff.sequence, diff.timestamp, diff.changes))


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """The bytes of a snapshot."""
    return _encoder.encode((snapshot.epoch, snapshot.sequence, snapshot.timestamp, snapshot.data))


def decode_diff(record: bytes) -> Diff:
    """A diff from its bytes. Raises ``SpineUnavailable`` for bytes that are none: nobody else may write there."""
    try:
        return Diff(*_diff.decode(record))
    except msgspec.DecodeError as error:
        raise SpineUnavailable(f"the log holds something that is no diff: {error}", "foreign") from None


def decode_snapshot(record: bytes) -> Snapshot:
    """A snapshot from its bytes. Raises ``SpineUnavailable`` for bytes that are none."""
    try:
        return Snapshot(*_snapshot.decode(record))
    except msgspec.DecodeError as error:
        raise SpineUnavailable(f"what is kept as a snapshot is none: {error}", "foreign") from None
