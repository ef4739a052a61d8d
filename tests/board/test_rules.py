"""What a field may hold: each kind with the good, the bad and the outlandish."""

from __future__ import annotations

import ast
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import bigboard.board
from bigboard.board import Limits
from bigboard.board.rules import MAX_FLOAT, MAX_INTEGER, REASONS, Invalid, Kind, Rule, check_name, check_value

LIMITS = Limits(max_text=10, max_key_length=8, max_items=3)


class Price(float):
    """A float of another library, as numpy's ``float64`` is one."""


class Count(int):
    """An integer of another library."""


class Text(str):
    """A string of another library."""

    __slots__ = ()


def rule(kind: Kind) -> Rule:
    return Rule(kind, frozenset({"buy", "sell"}))


NUMBER_FAULTS: list[tuple[object, str]] = [
    (math.nan, "not_finite"),
    (math.inf, "not_finite"),
    (-math.inf, "not_finite"),
    (Price("nan"), "not_finite"),
    (MAX_INTEGER + 1, "out_of_range"),
    (-MAX_INTEGER - 1, "out_of_range"),
    (10**5000, "out_of_range"),
]
NO_NUMBERS: list[tuple[object, str]] = [
    (True, "wrong_type"),
    ("1", "wrong_type"),
    (Decimal(1), "wrong_type"),
    ([1], "wrong_type"),
]
NO_TEXTS: list[tuple[object, str]] = [
    (5, "wrong_type"),
    (10**5000, "wrong_type"),
    (True, "wrong_type"),
    (b"x", "wrong_type"),
    (Text("x"), "wrong_type"),
    (["x"], "wrong_type"),
    ("x" * 11, "too_long"),
    ("\ud800", "bad_text"),
    ("ok\udfff", "bad_text"),
]
GOOD: dict[Kind, list[tuple[object, object]]] = {
    Kind.SIGNED: [
        (1.5, 1.5),
        (-1.5, -1.5),
        (0, 0),
        (-3, -3),
        (MAX_INTEGER, MAX_INTEGER),
        (-MAX_FLOAT, -MAX_FLOAT),
        (5e-324, 5e-324),
    ],
    Kind.UNSIGNED: [(1.5, 1.5), (0, 0), (-0.0, 0.0), (MAX_INTEGER, MAX_INTEGER), (MAX_FLOAT, MAX_FLOAT)],
    Kind.TEXT: [("", ""), ("Grüße 🙂", "Grüße 🙂"), ("x" * 10, "x" * 10)],
    Kind.IDENTIFIER: [("a-1", "a-1"), (7, "7"), (-7, "-7"), (99_999_999, "99999999")],
    Kind.SYMBOL: [("btc/usdt", "BTCUSDT"), ("BTCUSDT", "BTCUSDT")],
    Kind.FLAG: [(True, True), (False, False)],
    Kind.CHOICE: [("buy", "buy")],
    Kind.TEXTS: [([], []), (["a", "b"], ["a", "b"]), (("a",), ["a"])],
    Kind.OBJECT: [],
    Kind.SCALAR: [(1, 1), (True, True), ("x", "x"), (-1.5, -1.5)],
    Kind.ANY: [(1, 1), ([1, "x", True], [1, "x", True]), ((), []), ("x", "x")],
}
BAD: dict[Kind, list[tuple[object, str]]] = {
    Kind.SIGNED: [*NUMBER_FAULTS, *NO_NUMBERS],
    Kind.UNSIGNED: [*NUMBER_FAULTS, *NO_NUMBERS, (-1, "negative"), (-5e-324, "negative")],
    Kind.TEXT: NO_TEXTS,
    Kind.IDENTIFIER: [
        (True, "wrong_type"),
        (1.5, "wrong_type"),
        (10**8, "bad_value"),
        ("", "bad_value"),
        ("x" * 9, "bad_value"),
        ("a\nb", "bad_value"),
        ("\ud800", "bad_text"),
        (10**5000, "wrong_type"),
    ],
    Kind.SYMBOL: [(5, "wrong_type"), ("", "bad_value"), ("x" * 9, "bad_value"), ("a\x00", "bad_value")],
    Kind.FLAG: [(1, "wrong_type"), (0, "wrong_type"), ("true", "wrong_type"), (10**5000, "wrong_type")],
    Kind.CHOICE: [
        ("BUY", "bad_value"),
        (1, "bad_value"),
        (["buy"], "bad_value"),
        ("b" * 99, "bad_value"),
        (10**5000, "bad_value"),
    ],
    Kind.TEXTS: [
        ("abc", "wrong_type"),
        ([1], "wrong_type"),
        ([["a"]], "wrong_type"),
        (["a"] * 4, "too_many_items"),
        ({"a"}, "wrong_type"),
    ],
    Kind.OBJECT: [(1, "wrong_type"), ("x", "wrong_type"), ([], "wrong_type")],
    Kind.SCALAR: [
        *NUMBER_FAULTS,
        ([], "wrong_type"),
        ({}, "wrong_type"),
        (Decimal(1), "wrong_type"),
        ("\ud800", "bad_text"),
    ],
    Kind.ANY: [
        ([1, math.nan], "not_finite"),
        ([[1]], "wrong_type"),
        ([None], "wrong_type"),
        ([1] * 4, "too_many_items"),
        ({}, "wrong_type"),
    ],
}


@pytest.mark.parametrize(("kind", "given", "stored"), [(kind, *pair) for kind, pairs in GOOD.items() for pair in pairs])
def test_a_good_value_is_stored(kind: Kind, given: object, stored: object) -> None:
    value = check_value("field", given, rule(kind), LIMITS)
    assert value == stored
    assert type(value) is type(stored)


@pytest.mark.parametrize(
    ("kind", "given", "reason"), [(kind, *pair) for kind, pairs in BAD.items() for pair in pairs], ids=lambda _: ""
)
def test_a_bad_value_is_refused_with_its_reason(kind: Kind, given: object, reason: str) -> None:
    with pytest.raises(Invalid) as raised:
        check_value("field", given, rule(kind), LIMITS)
    assert raised.value.reason == reason
    assert "field" in raised.value.detail
    assert len(raised.value.detail) < 200


def test_every_kind_is_covered() -> None:
    assert set(GOOD) == set(BAD) == set(Kind)


@pytest.mark.parametrize("kind", [Kind.SIGNED, Kind.UNSIGNED, Kind.SCALAR, Kind.ANY])
def test_a_number_of_another_library_is_stored_as_a_plain_one(kind: Kind) -> None:
    given: list[Any] = [Price(1.5), Count(3)]
    assert [type(check_value("field", value, rule(kind), LIMITS)) for value in given] == [float, int]


@pytest.mark.parametrize("name", ["", "x" * 9, "a\tb", "\ud800", 5, None, ("a",)])
def test_a_name_that_is_none(name: object) -> None:
    with pytest.raises(Invalid) as raised:
        check_name(name, LIMITS)
    assert raised.value.reason == "bad_field"


def test_the_reasons_are_those_that_the_package_gives() -> None:
    given = set()
    for path in Path(bigboard.board.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                at = {"Invalid": 0, "UpdateRejected": 2}.get(node.func.id)
                if at is not None and isinstance(node.args[at], ast.Constant):
                    given.add(node.args[at].value)  # type: ignore[attr-defined]
    assert given == REASONS
