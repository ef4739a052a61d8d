"""What a field may hold, and the check of a single value.

The common case, a number, is checked in line where updates are applied (``fields.py``); what stands here is the full rule
and the way of every other value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from bigboard.board.symbols import normalise_symbol

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.board.limits import Limits

__all__ = ["MAX_FLOAT", "MAX_INTEGER", "REASONS", "Invalid", "Kind", "Rule", "check_name", "check_value"]

MAX_FLOAT = 1.7976931348623157e308
"""Comparing with it refuses infinity and NaN in the same breath as a bad sign: ``0 <= x <= MAX_FLOAT``."""
MAX_INTEGER = 2**53 - 1
"""The greatest integer that every client reads exactly: a browser has floats only."""

REASONS = frozenset(
    [
        "unknown_topic",
        "bad_key",
        "too_many_keys",
        "bad_field",
        "too_many_fields",
        "too_deep",
        "wrong_type",
        "bad_value",
        "negative",
        "not_finite",
        "out_of_range",
        "too_long",
        "bad_text",
        "too_many_items",
    ]
)
"""Every reason for which an update is rejected."""

_SCALARS = (str, int, float, bool)


class Kind(Enum):
    """The type of a field."""

    SIGNED = auto()
    UNSIGNED = auto()
    TEXT = auto()
    IDENTIFIER = auto()
    """A string; an integer is turned into one, as PROTOCOL section 3 has it for ids."""
    SYMBOL = auto()
    """A string that is normalised to the board's spelling."""
    FLAG = auto()
    CHOICE = auto()
    TEXTS = auto()
    OBJECT = auto()
    SCALAR = auto()
    """Any one scalar: also the rule for a field that the topic does not name."""
    ANY = auto()
    """A scalar or an array of scalars."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The type of a field, and for a choice the words that it allows."""

    kind: Kind
    choices: frozenset[str] = field(default_factory=frozenset)


EXTRA = Rule(Kind.SCALAR)


class Invalid(Exception):  # noqa: N818 - never leaves the package; turned into UpdateRejected with topic and key
    """A value that its rule does not allow."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def check_name(name: object, limits: Limits) -> None:
    """Raise ``Invalid`` unless this can be the name of a field."""
    if type(name) is not str:
        raise Invalid("bad_field", f"a field's name must be a string, not {type(name).__name__}")
    if not name or len(name) > limits.max_key_length or not name.isprintable():
        raise Invalid(
            "bad_field", f"a field's name must have 1 to {limits.max_key_length} printable characters: {name[:40]!r}"
        )


def check_value(name: str, value: object, rule: Rule, limits: Limits) -> Any:
    """The value as the board stores it, or ``Invalid``. ``None`` and objects are the caller's to handle."""
    return _CHECKS[rule.kind](name, value, rule, limits)


def _signed(name: str, value: object, *_: object) -> float | int:
    if type(value) is bool or not isinstance(value, int | float):
        raise Invalid("wrong_type", f"{name} must be a number, not {_show(value)}")
    return _finite(name, value)


def _unsigned(name: str, value: object, *_: object) -> float | int:
    number = _signed(name, value)
    if number < 0:
        raise Invalid("negative", f"{name} must not be negative: {value!r}")
    return number


def _finite(name: str, value: float) -> float | int:
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise Invalid(
                "out_of_range", f"{name} is an integer beyond 2^53, which a browser cannot hold: send a string"
            )
        return int(value)
    if not -MAX_FLOAT <= value <= MAX_FLOAT:
        raise Invalid("not_finite", f"{name} must be finite: {value!r}")
    return float(value)


def _text(name: str, value: object, _: Rule, limits: Limits) -> str:
    if type(value) is not str:
        raise Invalid("wrong_type", f"{name} must be a string, not {_show(value)}")
    if len(value) > limits.max_text:
        raise Invalid("too_long", f"{name} has {len(value)} characters, at most {limits.max_text} are kept")
    if not value.isascii():
        _check_encodable(name, value)
    return value


def _check_encodable(name: str, value: str) -> None:
    # A lone surrogate is a legal Python string and no legal UTF-8: it would fail at the encoder, for every client.
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid("bad_text", f"{name} is no valid Unicode text") from None


def _identifier(name: str, value: object, rule: Rule, limits: Limits) -> str:
    text = str(value) if type(value) is int and value.bit_length() <= 4 * limits.max_key_length else value
    text = _text(name, text, rule, limits)
    if not text or len(text) > limits.max_key_length or not text.isprintable():
        raise Invalid("bad_value", f"{name} must have 1 to {limits.max_key_length} printable characters")
    return text


def _symbol(name: str, value: object, rule: Rule, limits: Limits) -> str:
    # As short as a key, which it is elsewhere; the spelling of each is cached.
    return (
        normalise_symbol(_identifier(name, value, rule, limits))
        if type(value) is str
        else _text(name, value, rule, limits)
    )


def _flag(name: str, value: object, *_: object) -> bool:
    if type(value) is not bool:
        raise Invalid("wrong_type", f"{name} must be true or false, not {_show(value)}")
    return value


def _choice(name: str, value: object, rule: Rule, _: Limits) -> str:
    if type(value) is not str or value not in rule.choices:
        raise Invalid("bad_value", f"{name} must be one of {', '.join(sorted(rule.choices))}, not {_show(value)}")
    return value


def _texts(name: str, value: object, rule: Rule, limits: Limits) -> list[str]:
    return [_text(name, item, rule, limits) for item in _array(name, value, limits)]


def _scalars(name: str, value: object, rule: Rule, limits: Limits) -> Any:
    if isinstance(value, list | tuple):
        return [_scalar(name, item, rule, limits) for item in _array(name, value, limits)]
    return _scalar(name, value, rule, limits)


def _object(name: str, value: object, *_: object) -> Any:
    raise Invalid("wrong_type", f"{name} must be an object, not {_show(value)}")


def _scalar(name: str, value: object, rule: Rule, limits: Limits) -> str | float | int | bool:
    if type(value) is bool:
        return value
    if isinstance(value, int | float):
        return _finite(name, value)
    if type(value) is str:
        return _text(name, value, rule, limits)
    raise Invalid("wrong_type", f"{name} must be a string, a number or a boolean, not {_show(value)}")


def _array(name: str, value: object, limits: Limits) -> list[object] | tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise Invalid("wrong_type", f"{name} must be an array, not {_show(value)}")
    if len(value) > limits.max_items:
        raise Invalid("too_many_items", f"{name} has {len(value)} elements, at most {limits.max_items} are kept")
    return value


def _show(value: object) -> str:
    """A value in an error message: short, and never the inside of a large object."""
    if isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
        return "an integer beyond 2^53"  # Python refuses to spell one of thousands of digits.
    if isinstance(value, _SCALARS) or value is None:
        shown = repr(value)
        return shown if len(shown) <= 40 else f"{shown[:37]}…"
    return type(value).__name__


_CHECKS: dict[Kind, Callable[[str, object, Rule, Limits], Any]] = {
    Kind.SIGNED: _signed,
    Kind.UNSIGNED: _unsigned,
    Kind.TEXT: _text,
    Kind.IDENTIFIER: _identifier,
    Kind.SYMBOL: _symbol,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
    Kind.TEXTS: _texts,
    Kind.OBJECT: _object,
    Kind.SCALAR: _scalar,
    Kind.ANY: _scalars,
}
