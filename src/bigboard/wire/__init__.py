"""The protocol, pure: messages, codecs, and both sides of a connection without I/O. PROTOCOL is its specification."""

from bigboard.wire.client_session import ClientSession, ClientState
from bigboard.wire.codec import Format, Frame, decode_server, encode
from bigboard.wire.codes import Close, CloseCode, ErrorCode, Retry, retry_policy
from bigboard.wire.door import Door
from bigboard.wire.frames import Frames
from bigboard.wire.identity import ANONYMOUS, Credentials, Identity
from bigboard.wire.instant import Instant
from bigboard.wire.limits import SessionLimits
from bigboard.wire.replica import Replica
from bigboard.wire.session import ServerSession, SessionState
from bigboard.wire.standing import Standing

__all__ = [
    "ANONYMOUS",
    "ClientSession",
    "ClientState",
    "Close",
    "CloseCode",
    "Credentials",
    "Door",
    "ErrorCode",
    "Format",
    "Frame",
    "Frames",
    "Identity",
    "Instant",
    "Replica",
    "Retry",
    "ServerSession",
    "SessionLimits",
    "SessionState",
    "Standing",
    "decode_server",
    "encode",
    "retry_policy",
]
