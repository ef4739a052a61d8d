"""Every system that the benchmarks can have here starts, sends the same bytes, and is counted by the crowd."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from cases.stage import stage
from crowd import Wants
from market import NARROW, Wide, narrow_fields, template
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri
from yardsticks.bare import BareLoop
from yardsticks.base import Absent, Beats, Running, Yardstick
from yardsticks.fastapi_loop import FastApiLoop
from yardsticks.hub import Bigboard
from yardsticks.nats import Nats
from yardsticks.nchan import Nchan
from yardsticks.node import NodeWs
from yardsticks.websockets_broadcast import WebsocketsBroadcast

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

_BROADCASTERS = [Bigboard(), BareLoop(), WebsocketsBroadcast(), NodeWs(), Nats(), Nchan()]
_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""Of RFC 6455 section 1.3: the bare loop knows no other."""

_by_name = pytest.mark.parametrize("system", _BROADCASTERS, ids=lambda system: system.name)


@pytest.fixture(autouse=True)
def _compiler() -> None:
    if shutil.which("cc") is None:
        pytest.skip("there is no cc to compile the programs of the benchmarks")


@contextmanager
def _started(system: Yardstick) -> Iterator[tuple[Running, Beats]]:
    beats = Beats()
    try:
        running = system.start(beats)
    except Absent as absent:
        beats.close()
        pytest.skip(str(absent))
    try:
        yield running, beats
    finally:
        running.stop()
        beats.close()


class _Client:
    """One client that reads texts, in blocking mode."""

    def __init__(self, running: Running) -> None:
        self._socket = socket.create_connection(("127.0.0.1", running.port), timeout=15)
        self._protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{running.port}{running.path}"), max_size=None)
        self._protocol.key = _KEY
        self._texts: list[bytes] = []
        self._protocol.send_request(self._protocol.connect())
        self._send()
        while self._protocol.state.name != "OPEN":
            self._read()

    def close(self) -> None:
        self._socket.close()

    def say(self, text: str) -> None:
        self._protocol.send_text(text.encode())
        self._send()

    def text(self) -> bytes:
        """The next message."""
        while not self._texts:
            self._read()
        return self._texts.pop(0)

    def _send(self) -> None:
        self._socket.sendall(b"".join(self._protocol.data_to_send()))

    def _read(self) -> None:
        data = self._socket.recv(65_536)
        assert data, "the server closed the connection"
        self._protocol.receive_data(data)
        frames = [event for event in self._protocol.events_received() if isinstance(event, Frame)]
        self._texts += [bytes(frame.data) for frame in frames if frame.opcode in (Opcode.TEXT, Opcode.BINARY)]


def _joined(running: Running) -> _Client:
    """A client that gets the next message."""
    client = _Client(running)
    if running.tongue == "board":
        client.say('{"action":"subscribe","subscriptions":["market_data"]}')
        assert json.loads(client.text())["type"] == "subscribed"
        assert json.loads(client.text())["type"] == "state_update"
    if running.tongue == "nats":
        client.say("CONNECT {}\r\nSUB board 1\r\nPING\r\n")
        while b"PONG" not in client.text():
            pass
    return client


def _published(client: _Client, running: Running) -> str:
    text = client.text().decode()
    if running.tongue == "nats":
        head, _, rest = text.partition("\r\n")
        assert head.startswith("MSG board 1 ")
        text = rest.removesuffix("\r\n")
        assert len(text) == int(head.split()[-1])
    return text


@_by_name
def test_sends_the_same_message_for_a_beat(system: Yardstick) -> None:
    with _started(system) as (running, beats):
        client = _joined(running)
        os.write(beats.writer, b".")
        text = _published(client, running)
        client.close()
    expected = template()
    for name, number in (("@SINCE@", running.sequence), ("@SEQUENCE@", running.sequence + 1)):
        expected = expected.replace(name, str(number))
    assert len(text) == len(expected)
    # Only Bigboard publishes values that change, and the moment; the others only carry what they are given.
    assert _without_moving(text) == _without_moving(expected)


def _without_moving(text: str) -> str:
    return re.sub(r"\d+\.\d\d|\d{4}-[^\"]*Z", "*", text)


@_by_name
def test_every_message_comes_once_and_in_order(system: Yardstick) -> None:
    try:
        with stage(system, Wants(interval_ms=1)) as scene:
            scene.crowd.open(7)
            scene.crowd.lockstep(4)
            window = scene.measure(0.7).window
    except Absent as absent:
        pytest.skip(str(absent))
    assert (window.clients, window.silent, window.faults) == (7, 0, "")
    # Bigboard merges what a client has not got yet; the others send each message.
    most, least = 7 * (window.beats + 4), 7 * (window.beats - 4)
    assert window.diffs <= most
    assert window.diffs >= (least if not isinstance(system, Bigboard) else 7)


def test_the_plain_loop_sends_the_state_that_bigboard_has() -> None:
    states = []
    for system in (Bigboard(symbols=12, changed=5), FastApiLoop(symbols=12, changed=5, interval_ms=20)):
        with _started(system) as (running, beats):
            os.write(beats.writer, b"...")
            states.append(_state_after(running, running.sequence + 3))
    assert states[0] == states[1]
    changed = {key for number in (1, 2, 3) for _, key, _ in Wide(12, 5).updates(number)}
    assert {key for key, row in states[0].items() if row["volume_24h"] > 5_000.5} == changed


def _state_after(running: Running, sequence: int) -> dict[str, Any]:
    """The market data of the first state that is so new."""
    while True:
        client = _Client(running)
        if running.tongue == "board":
            client.say('{"action":"subscribe","subscriptions":["market_data"]}')
        while (message := json.loads(client.text()))["type"] != "state_update":
            pass
        client.close()
        if message["sequence"] >= sequence:
            data: dict[str, Any] = message["data"]["market_data"]
            return data


def test_the_narrow_market_changes_every_field_and_no_length() -> None:
    before = narrow_fields(0)
    for number in range(1, 2_001):
        after = narrow_fields(number)
        assert all(after[name] != value for name, value in before.items())
        assert len(json.dumps(after)) == len(json.dumps(before))
        before = after
    assert NARROW in template()
