"""The OpenAPI document of a port, true for this server: whether it asks for a credential is a matter of its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bigboard.gateway.hub import Hub

__all__ = ["describe_truly"]

_OPTIONAL = frozenset({"/health"})
"""Paths that tell more to who shows a credential, and something to everybody."""
_REFUSALS = ("401", "403")


def describe_truly(app: FastAPI, hub: Hub) -> None:
    """Have the application's document say what it asks for; it is made when it is first wanted, and kept."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = make()
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    _describe(operation, protected=hub.credentials is not None, optional=path in _OPTIONAL)
        return make()

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation says to extend it


def _describe(operation: dict[str, Any], *, protected: bool, optional: bool) -> None:
    if "security" not in operation:
        return
    if protected and optional:
        operation["security"].append({})
    elif not protected:
        del operation["security"]
        for status in _REFUSALS:
            operation["responses"].pop(status, None)
