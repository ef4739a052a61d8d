"""permessage-deflate (RFC 7692), so that a compressed frame is the same for all who get it.

By that RFC a compressor remembers what it sent to a client before, unless agreed otherwise. Then every client needs a
compressor and bytes of its own. Here it is always agreed otherwise (``server_no_context_takeover``): a diff is compressed
once, and the clients of a group share it as they share its encoding. Clients have to forget too
(``client_no_context_takeover``), or each would cost a decompressor's window, 32 KiB or more.

Whether a message is compressed is said in each frame, so nothing binds us to do it where it does not pay: small messages go
as they are, and so does what exceeds the budget of processor time.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING

from websockets.exceptions import NegotiationError
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from websockets.extensions import Extension
    from websockets.frames import Frame
    from websockets.typing import ExtensionParameter

__all__ = ["LEAST", "Deflater", "SharedDeflateFactory"]

LEAST = 256
"""Bytes of payload below which compression saves too little: a heartbeat has 90."""
_MOST = 1 << 20
"""Bytes of payload above which it would hold up everybody else: 10 ms for this many."""

# Recorded diffs of 3.7 kB, JSON: level 1 leaves 29 % in 44 us, level 6 leaves 26 % in 67 us. A larger window or more memory
# changes nothing at this size, but takes longer to set up.
_LEVEL = 1
_WINDOW_BITS = 12
_MEMORY_LEVEL = 5

_SHARE = 0.05
_BURST_S = 0.05


class _ReceivingDeflate(PerMessageDeflate):
    """Decompresses what comes in. What goes out by the library is small or for one client, and stays as it is."""

    def encode(self, frame: Frame) -> Frame:
        return frame


class SharedDeflateFactory(ServerPerMessageDeflateFactory):
    """Negotiates compression that can be shared. It keeps nothing, so all connections may use the same one."""

    def __init__(self) -> None:
        super().__init__(server_no_context_takeover=True, client_no_context_takeover=True)

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        """Answer an offer. Raises ``NegotiationError`` if the client has no room for the window that all others share."""
        answer, agreed = super().process_request_params(params, accepted_extensions)
        if agreed.local_max_window_bits < _WINDOW_BITS:
            raise NegotiationError(f"a window of {agreed.local_max_window_bits} bits is too small")
        receiving = _ReceivingDeflate(
            agreed.remote_no_context_takeover,
            agreed.local_no_context_takeover,
            agreed.remote_max_window_bits,
            agreed.local_max_window_bits,
        )
        return answer, receiving


class Deflater:
    """Compresses payloads within a budget of processor time.

    For a crowd with equal subscriptions compression costs nothing that anybody notices. Ten thousand clients with a watch
    list each would take most of a core. So it may take a twentieth of a core, with a reserve for a burst; what comes when
    that is used up goes as it is.
    """

    def __init__(self, timer_s: Callable[[], float] = time.perf_counter) -> None:
        self.deflated = 0
        """Payloads that were compressed."""
        self.declined = 0
        """Payloads that were large enough, but the budget was used up."""
        self.bytes_in = 0
        self.bytes_out = 0
        self._timer_s = timer_s
        self._budget_s = _BURST_S
        self._at = timer_s()

    def figures(self) -> dict[str, int]:
        """What it did since the start."""
        return {
            "messages": self.deflated,
            "declined_messages": self.declined,
            "input_bytes": self.bytes_in,
            "output_bytes": self.bytes_out,
        }

    def deflate(self, payload: bytes) -> bytes | None:
        """The payload as a message of permessage-deflate carries it; ``None`` if it had better go as it is."""
        if not LEAST <= len(payload) <= _MOST:
            return None
        began = self._timer_s()
        self._budget_s = min(self._budget_s + (began - self._at) * _SHARE, _BURST_S)
        self._at = began
        if self._budget_s <= 0:
            self.declined += 1
            return None
        data = _deflated(payload)
        self._budget_s -= self._timer_s() - began
        self.deflated += 1
        self.bytes_in += len(payload)
        self.bytes_out += len(data)
        return data if len(data) < len(payload) else None


def _deflated(payload: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW_BITS, _MEMORY_LEVEL)
    data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    # RFC 7692 section 7.2.1: the empty block that a flush ends with is left out, and put back by who reads it.
    return data[:-4]
