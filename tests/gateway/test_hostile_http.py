"""HTTP as nobody should write it, over a raw socket: each request gets an answer that says so, and nobody else notices."""

from __future__ import annotations

import asyncio
import re
import tracemalloc
from contextlib import suppress

import pytest

from bigboard.gateway.limits import GatewayLimits, Limit
from bigboard.gateway.rate import Rate
from gateway.siege import siege
from servers import DEADLINE_S

_BOUNDS = GatewayLimits(http=Rate(10_000.0, 10_000))
_HOST = b"Host: 127.0.0.1\r\n"
_UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
)


def _get(target: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\n" + _HOST + b"".join(line + b"\r\n" for line in headers) + b"\r\n"


def _handshake(target: bytes = b"/ws", *headers: bytes) -> bytes:
    return _get(target, *headers).removesuffix(b"\r\n") + _UPGRADE + b"\r\n"


_REQUESTS: dict[str, tuple[bytes, set[int]]] = {
    # What is no request at all.
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    "TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), {400}),
    "NUL in the target": (_get(b"/\x00"), {400}),
    "NUL in a header": (_get(b"/health", b"X: a\x00b"), {400}),
    "bytes beyond ASCII in the target": (_get(b"/\xff\xfe"), {400}),
    "unknown method": (_get(b"/health", method=b"STEAL"), {400}),
    "CONNECT": (_get(b"evil.test:443", method=b"CONNECT"), {400, 404, 405}),
    "no target": (b"GET HTTP/1.1\r\n" + _HOST + b"\r\n", {400}),
    "HTTP/9.9": (b"GET /health HTTP/9.9\r\n" + _HOST + b"\r\n", {400}),
    "bare line feeds": (b"GET /health HTTP/1.1\nHost: a\n\n", {400}),
    "folded header": (_get(b"/health", b"X: a\r\n b"), {400}),
    "space before the colon": (_get(b"/health", b"X : a"), {400}),
    "header without a name": (_get(b"/health", b": a"), {400}),
    "no Host": (b"GET /health HTTP/1.1\r\n\r\n", {400}),
    "two Hosts": (_get(b"/health", b"Host: evil.test"), {400}),
    # Where one request ends and the next begins (RFC 9112 section 11.2).
    "length and chunks": (_get(b"/health", b"Content-Length: 4", b"Transfer-Encoding: chunked") + b"0\r\n\r\n", {400}),
    "two lengths": (_get(b"/health", b"Content-Length: 1", b"Content-Length: 2") + b"ab", {400}),
    "negative length": (_get(b"/health", b"Content-Length: -1"), {400}),
    "length with a sign": (_get(b"/health", b"Content-Length: +1") + b"a", {400}),
    "length of 10^30": (_get(b"/health", b"Content-Length: 1" + b"0" * 30), {400}),
    "chunked and something else": (_get(b"/health", b"Transfer-Encoding: chunked, x") + b"0\r\n\r\n", {400}),
    "chunk of a negative size": (_get(b"/", b"Transfer-Encoding: chunked", method=b"POST") + b"-1\r\n", {400, 405}),
    # Methods and forms that are HTTP, and mean nothing here.
    "OPTIONS of everything": (_get(b"*", method=b"OPTIONS"), {404, 405}),
    "TRACE": (_get(b"/health", method=b"TRACE"), {405}),
    "DELETE of the state": (_get(b"/api/v1/state", method=b"DELETE"), {405}),
    "POST with a body": (_get(b"/health", b"Content-Length: 5", method=b"POST") + b"hello", {405}),
    "expects 100": (_get(b"/health", b"Expect: 100-continue", b"Content-Length: 5", method=b"POST"), {405}),
    "absolute form": (_get(b"http://evil.test/health"), {200}),
    "absolute form of a secret": (_get(b"http://evil.test/etc/passwd"), {404}),
    "HTTP/2 by upgrade": (_get(b"/health", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c"), {200}),
    # Files that are none of anybody's business.
    "up and out": (_get(b"/assets/../../../../../../../../etc/passwd"), {404}),
    "up and out, escaped": (_get(b"/assets/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd"), {404}),
    "up and out, escaped twice": (_get(b"/assets/..%252f..%252f..%252fetc%252fpasswd"), {404}),
    "up and out with back slashes": (_get(b"/assets/..\\..\\..\\etc\\passwd"), {400, 404}),
    "next to the assets": (_get(b"/assets/../index.html"), {404}),
    "own source": (_get(b"/assets/..%2f..%2fserver.py"), {404}),
    "absolute path": (_get(b"/assets//etc/passwd"), {404}),
    "file with a NUL": (_get(b"/assets/index%00.js"), {404}),
    "file with a long name": (_get(b"/assets/" + b"a" * 5_000), {404}),
    "file with a surrogate": (_get(b"/assets/%ed%a0%80"), {404}),
    "file that is no UTF-8": (_get(b"/assets/%ff%fe"), {404}),
    "folder": (_get(b"/assets/"), {404}),
    "documentation of something else": (_get(b"/docs/..%2f..%2fserver.py"), {404}),
    # Queries.
    "new line in a query": (_get(b"/metrics?symbol=%0d%0aSet-Cookie:%20a=b"), {404, 503}),
    "NUL in a query": (_get(b"/metrics?symbol=%00"), {404, 503}),
    "no UTF-8 in a query": (_get(b"/metrics?symbol=%ff%fe"), {404, 503}),
    "subscription with a new line": (_get(b"/api/v1/state?subscriptions=orders:%0d%0aX"), {400}),
    "limit with 5,000 digits": (_get(b"/api/v1/candles?key=a&limit=" + b"9" * 5_000), {422}),
    "time with 4,000 digits": (_get(b"/api/v1/candles?key=a&before=" + b"9" * 4_000), {200, 422}),
    "60,000 parameters": (_get(b"/metrics?" + b"&" * 60_000 + b"symbol=BTCUSDT"), {200}),
    "long query": (_get(b"/api/v1/state?subscriptions=" + b"a" * 63_000), {400, 422}),
    "longer query": (_get(b"/api/v1/state?subscriptions=" + b"a" * 300_000), {431}),
    "long header": (_get(b"/health", b"X: " + b"a" * 300_000), {431}),
    "many headers": (_get(b"/health", *(b"X-%d: a" % number for number in range(20_000))), {431}),
    # Handshakes.
    "handshake by POST": (_handshake().replace(b"GET", b"POST", 1), {400, 405}),
    "handshake with a body": (_handshake(b"/ws", b"Content-Length: 5") + b"hello", {400}),
    "handshake without a key": (_handshake().replace(b"Sec-WebSocket-Key", b"X"), {400}),
    "handshake of another version": (_handshake().replace(b"Version: 13", b"Version: 8"), {400, 426}),
    "handshake with a bad key": (_handshake().replace(b"AAAAAAAAAAAAAAAAAAAAAA==", b"AAAA"), {400}),
    "handshake with a long line": (_handshake(b"/ws", b"X: " + b"a" * 9_000), {431}),
    "handshake with many lines": (_handshake(b"/ws", *(b"X-%d: a" % number for number in range(200))), {431}),
    "handshake with a long target": (_handshake(b"/ws?x=" + b"a" * 9_000), {414}),
    "handshake beyond ASCII": (_handshake(b"/ws?x=\xff"), {400}),
    "handshake with a fragment": (_handshake(b"/ws#x"), {400, 403, 404}),
    "handshake with everything": (_handshake(b"*"), {400, 403, 404}),
    "handshake with a new line in its query": (_handshake(b"/ws?format=%0d%0aX:%20y"), {400}),
    "handshake with empty subprotocols": (_handshake(b"/ws", b"Sec-WebSocket-Protocol: ,,"), {400}),
    "handshake from a foreign page": (_handshake(b"/ws", b"Origin: http://evil.test"), {403}),
    "handshake from bytes": (_handshake(b"/ws", b"Origin: \xff\xfe"), {403}),
    "handshake from two pages": (
        _handshake(b"/ws", b"Origin: http://127.0.0.1", b"Origin: http://evil.test"),
        {400, 403},
    ),
    "stream of a symbol with a new line": (_handshake(b"/ws/stream?symbol=%0d%0aX"), {404}),
    "stream of a symbol without end": (_handshake(b"/ws/stream?symbol=" + b"x" * 129), {400}),
}


async def _ask(port: int, request: bytes) -> bytes:
    """The answer, until the server ends the connection or the answer is whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await _exchange(reader, writer, request)
    finally:
        writer.transport.abort()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    writer.write(request)
    answer = b""
    try:
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", answer)
        answer += await reader.readexactly(int(length[1])) if length else b""
    except (asyncio.IncompleteReadError, ConnectionResetError):
        pass  # The reset of a connection on which something is unread may overtake the answer.
    return answer


@pytest.mark.parametrize("hub_port", [False, True])
async def test_each_gets_the_answer_that_it_deserves(*, hub_port: bool) -> None:
    async with siege(bounds=_BOUNDS) as stage:
        port = stage.served.hub_port if hub_port else stage.port
        for name, (request, statuses) in _REQUESTS.items():
            answer = await _ask(port, request)
            status = int(answer[9:12] or 0)
            if hub_port:
                # It has fewer routes, and the same manners.
                assert 200 <= status < 505, name
            else:
                assert status in statuses, (name, answer[:200])
            head, _, body = answer.partition(b"\r\n\r\n")
            assert b"root:" not in body, name
            assert not re.search(rb"(?im)^(set-cookie|x): ", head), name
            assert b"Traceback" not in body, name


async def test_a_request_behind_a_refused_one_is_not_answered() -> None:
    """Smuggling: what one reader takes for a body is another's next request."""
    async with siege(bounds=_BOUNDS) as stage:
        inner = _get(b"/api/v1/version")
        for outer in (
            _get(b"/health", b"Content-Length: 0", b"Transfer-Encoding: chunked", method=b"POST") + b"0\r\n\r\n",
            _get(b"/health", b"Content-Length: 3", b"Content-Length: 0", method=b"POST"),
            _get(b"/health", b"Transfer-Encoding: xchunked", method=b"POST"),
            _get(b"/health", b"Host: evil.test"),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            writer.write(outer + inner)
            async with asyncio.timeout(DEADLINE_S):
                answer = await reader.read()
            writer.close()
            assert answer.startswith(b"HTTP/1.1 400"), outer
            assert b"subprotocols" not in answer


@pytest.mark.parametrize("crumb", [b"x: y\r\n", b"x"], ids=["many", "one without end"])
async def test_what_comes_behind_a_chunked_body_fills_no_memory(crumb: bytes) -> None:
    async with siege(bounds=_BOUNDS) as stage:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        writer.write(_get(b"/health", b"Transfer-Encoding: chunked", method=b"POST") + b"0\r\n")
        tracemalloc.start()
        try:
            writer.write(crumb * (400_000 // len(crumb)))
            async with asyncio.timeout(DEADLINE_S):
                await _to_the_end(reader)
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            writer.transport.abort()
        # 60,000 headers of their own would be 10 MB.
        assert held < 2_000_000
        assert stage.served.hub.limited.counts[Limit.REQUEST_SIZE] == 1


async def _to_the_end(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionResetError):
        await reader.read()


async def test_many_requests_at_once_on_one_connection_are_answered_in_turn() -> None:
    async with siege(bounds=_BOUNDS) as stage:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        writer.write(_get(b"/api/v1/version") * 300 + _get(b"/api/v1/version", b"Connection: close"))
        async with asyncio.timeout(DEADLINE_S):
            answers = await reader.read()
        writer.close()
        assert answers.count(b"HTTP/1.1 200 OK") == 301
