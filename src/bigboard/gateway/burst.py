"""One message to many sockets in one call of C, where it could be built; it is not needed, it is faster.

The installation builds ``native/burst.c`` if there is a C compiler (see ``hatch_build.py``). Without it the broadcaster
sends to one after the other by itself, which takes some two microseconds more for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigboard.broadcaster import Burst

__all__ = ["burst"]

burst: Burst | None
"""The contract is ``broadcaster/burst.py``; the lanes are sockets, and one that is closed takes nothing."""

try:
    from bigboard.gateway._burst import send_each as burst
except ImportError:
    burst = None
