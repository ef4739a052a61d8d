"""The protocol, pure: messages, codecs, and both sides of a connection without I/O. PROTOCOL is its specification."""

from bigboard.wire.client_session import ClientSession, ClientState
from bigboard.wire.codec import Format, Frame, decode_server, encode
from bigboard.wire.codes import CloseCode, ErrorCode, Retry, retry_policy
from bigboard.wire.frames import Frames
from bigboard.wire.replica import Replica
from bigboard.wire.session import Close, Instant, ServerSession, SessionLimits, SessionState

__all__ = [
    "ClientSession",
    "ClientState",
    "Close",
    "CloseCode",
    "ErrorCode",
    "Format",
    "Frame",
    "Frames",
    "Instant",
    "Replica",
    "Retry",
    "ServerSession",
    "SessionLimits",
    "SessionState",
    "decode_server",
    "encode",
    "retry_policy",
]
