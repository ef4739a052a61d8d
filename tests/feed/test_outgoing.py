"""What waits for the socket: in order, bounded per type, and every loss counted."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bigboard.feed.outgoing import KINDS, MessageKind, Outgoing


def _drain(outgoing: Outgoing) -> list[bytes]:
    frames = []
    while (frame := outgoing.first()) is not None:
        frames.append(frame)
        outgoing.remove_first()
    return frames


def test_the_oldest_tickers_go_and_no_trade() -> None:
    outgoing = Outgoing(high_water=10)
    for number in range(50):
        outgoing.add("ticker", b"ticker %d" % number)
        outgoing.add("trade", b"trade %d" % number)
    assert outgoing.dropped == {"ticker": 40, "trade": 0, "book": 0, "status": 0}
    frames = _drain(outgoing)
    assert [frame for frame in frames if frame.startswith(b"trade")] == [b"trade %d" % number for number in range(50)]
    assert [frame for frame in frames if frame.startswith(b"ticker")] == [b"ticker %d" % n for n in range(40, 50)]


def test_a_trade_too_many_is_counted() -> None:
    outgoing = Outgoing(high_water=10)
    for number in range(103):
        outgoing.add("trade", b"%d" % number)
    assert outgoing.dropped["trade"] == 3
    assert _drain(outgoing)[0] == b"3"


def test_it_is_full_when_the_next_one_costs_another() -> None:
    outgoing = Outgoing(high_water=2)
    outgoing.add("ticker", b"")
    seen = [outgoing.full]
    outgoing.add("ticker", b"")
    seen.append(outgoing.full)
    outgoing.remove_first()
    seen.append(outgoing.full)
    assert seen == [False, True, False]


@given(st.lists(st.sampled_from(KINDS) | st.none(), max_size=200))
def test_what_comes_goes_out_in_order_or_is_counted(steps: list[MessageKind | None]) -> None:
    outgoing = Outgoing(high_water=20)
    sent: list[bytes] = []
    added: Counter[str] = Counter()
    for number, kind in enumerate(steps):
        if kind is None:
            if (frame := outgoing.first()) is not None:
                sent.append(frame)
                outgoing.remove_first()
        else:
            added[kind] += 1
            outgoing.add(kind, b"%04d %s" % (number, kind.encode()))
    sent += _drain(outgoing)
    assert sent == sorted(sent)
    got = Counter(frame.split()[1].decode() for frame in sent)
    assert {kind: added[kind] - got[kind] for kind in KINDS} == outgoing.dropped
