"""The Python SDK: connect to a board, keep a replica, follow its diffs."""

from bigboard.client.connection import BoardClient

__all__ = ["BoardClient"]
