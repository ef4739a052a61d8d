"""A steady rate, and the lines by which whoever measures drives it."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Paced", "serve"]

_SLICE_S: Final = 0.001
_LARGEST_DEBT_S: Final = 0.1


class Paced:
    """Calls ``send`` with how many are due, about every millisecond. ``send`` says what the time is when it sends."""

    def __init__(self, rate: float, send: Callable[[int], None]) -> None:
        self.sent = 0
        self.left_out = 0
        """What a machine that does not keep up was spared; the rate that it reached tells."""
        self._rate = rate
        self._send = send

    def send(self, count: int) -> None:
        """Send so many now."""
        self._send(count)
        self.sent += count

    def run(self) -> None:
        """Send for ever."""
        due_s = time.perf_counter()
        while True:
            now_s = time.perf_counter()
            if now_s - due_s > _LARGEST_DEBT_S:
                self.left_out += int((now_s - due_s - _LARGEST_DEBT_S) * self._rate)
                due_s = now_s - _LARGEST_DEBT_S
            count = int((now_s - due_s) * self._rate)
            if count:
                due_s += count / self._rate
                self.send(count)
            time.sleep(_SLICE_S)


def serve(paced: Paced, first: dict[str, Any], lines: Iterable[str] = sys.stdin) -> None:
    """Say ``first``; send steadily after a line ``go``; answer each line with what was sent so far. Ends with the lines."""
    print(json.dumps(first), flush=True)
    for line in lines:
        if line == "go\n":
            threading.Thread(target=paced.run, daemon=True).start()
        print(json.dumps({"sent": paced.sent, "left_out": paced.left_out}), flush=True)
