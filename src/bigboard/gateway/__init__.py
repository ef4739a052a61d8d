"""The HTTP and WebSocket server: a replica of the board, and everyone who looks at it."""

from bigboard.gateway.app import dashboard_app, hub_app
from bigboard.gateway.hub import Hub
from bigboard.gateway.origin import OriginCheck
from bigboard.gateway.server import PortServer, bind

__all__ = ["Hub", "OriginCheck", "PortServer", "bind", "dashboard_app", "hub_app"]
