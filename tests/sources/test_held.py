"""What a standby keeps: the last seconds, within a bound."""

from __future__ import annotations

from bigboard.sources.held import Held


def _message(number: int) -> tuple[bytes, bytes]:
    return b"market_data:X", str(number).encode()


def _all(held: Held) -> list[int]:
    numbers = []
    while held:
        numbers += [int(payload) for _, payload in held.take()]
    return numbers


def test_what_is_too_old_goes() -> None:
    held = Held(5.0)
    for number in range(10):
        held.add([_message(number)], float(number))
    assert _all(held) == [4, 5, 6, 7, 8, 9]
    assert not held
    assert held.dropped == 0


def test_nothing_goes_for_its_age_once_it_is_wanted() -> None:
    held = Held(5.0)
    held.add([_message(0)], 0.0)
    held.keep_all()
    held.add([_message(1)], 100.0)
    assert _all(held) == [0, 1]


def test_the_oldest_goes_where_there_is_no_room_and_is_counted() -> None:
    held = Held(5.0, max_bytes=1_000)
    for number in range(10):
        held.add([_message(number), _message(number)], 0.0)
    left = _all(held)
    assert left == [8, 8, 9, 9]
    assert held.dropped == 16
