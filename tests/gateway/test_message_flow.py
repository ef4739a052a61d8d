"""How many messages one WebSocket may send."""

from __future__ import annotations

from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.message_flow import Flow, MessageFlow, flow_reason
from bigboard.gateway.rate import Rate


def _flows(per_second: float, seconds: float) -> list[Flow]:
    """What becomes of the messages of a client that sends at one pace."""
    flow = MessageFlow(GatewayLimits(messages=Rate(10.0, 20)))
    return [flow.take(100.0 + number / per_second) for number in range(round(per_second * seconds))]


def test_at_the_rate_every_message_is_taken_for_ever() -> None:
    assert set(_flows(10, 600)) == {Flow.TAKE}


def test_a_burst_is_taken_and_what_goes_beyond_is_refused() -> None:
    flows = _flows(1_000_000, 0.00003)
    assert flows == [Flow.TAKE] * 20 + [Flow.REFUSE] * 10


def test_who_goes_on_twice_as_fast_is_closed_after_some_patience() -> None:
    flows = _flows(20, 60)
    first = flows.index(Flow.CLOSE)
    assert Flow.REFUSE in flows[:first]
    assert 15 < first / 20 < 25


def test_a_flood_is_closed_at_once() -> None:
    flows = _flows(100_000, 0.01)
    assert flows.index(Flow.CLOSE) <= 201


def test_who_calms_down_is_excused() -> None:
    flow = MessageFlow(GatewayLimits(messages=Rate(10.0, 20)))
    for burst in range(50):
        taken = [flow.take(100.0 * burst) for _ in range(100)]
        assert taken == [Flow.TAKE] * 20 + [Flow.REFUSE] * 80


def test_the_reason_names_both_numbers() -> None:
    assert flow_reason(Rate(10.0, 20)) == "more than 10 messages per second, or 20 at once"
