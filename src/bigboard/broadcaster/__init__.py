"""Groups of clients, brought on together: one diff and one encoding per group and tick. No sockets."""

from bigboard.broadcaster.broadcaster import Broadcaster
from bigboard.broadcaster.burst import Burst
from bigboard.broadcaster.counters import Counters, Figures, Sent
from bigboard.broadcaster.member import Member
from bigboard.broadcaster.pacemaker import Pacemaker

__all__ = ["Broadcaster", "Burst", "Counters", "Figures", "Member", "Pacemaker", "Sent"]
