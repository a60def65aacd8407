"""Ways in which answers are delivered: encodings, connections, redirects, endings of streams."""

from __future__ import annotations

import gzip
import json
import time

from tests.odd_servers.seen import stream
from tests.odd_servers.server import ANSWER, Exchange
from tests.odd_servers.streams import USAGE, plain, send_end, send_words


def _whole(exchange: Exchange) -> bytes:
    """Return an answer's events as bytes."""
    choices = [{"index": 0, "delta": {"content": ANSWER}, "finish_reason": "stop"}]
    events = [{"choices": choices}, {"choices": [], "usage": USAGE}]
    exchange.odd.note(200)
    return b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events) + (
        b"data: [DONE]\n\n"
    )


@stream("stop")
def kept_open(exchange: Exchange) -> None:
    """Say [DONE] and keep the response open for minutes."""
    send_words(exchange)
    exchange.chunk({}, finish="stop")
    exchange.chunk(None, usage=USAGE)
    exchange.event("[DONE]")
    for _ in range(200):
        time.sleep(1)
        exchange.raw(b": still here\n\n")  # Ends where the client has left.


@stream("stop, buffered, no TTFT, no TPOT")
def zipped(exchange: Exchange) -> None:
    """Send a stream in gzip."""
    content = gzip.compress(_whole(exchange))
    exchange.send_response(200)
    exchange.send_header("Content-Type", "text/event-stream")
    exchange.send_header("Content-Encoding", "gzip")
    exchange.send_header("Content-Length", str(len(content)))
    exchange.end_headers()
    exchange.wfile.write(content)


@stream("stop")
def trailer(exchange: Exchange) -> None:
    """End a chunked response with a trailer."""
    send_words(exchange)
    exchange.chunk({}, finish="stop")
    exchange.chunk(None, usage=USAGE)
    exchange.event("[DONE]")
    exchange.wfile.write(b"0\r\nX-Checksum: 1\r\n\r\n")


@stream("stop, buffered, no TTFT, no TPOT")
def http_1_0(exchange: Exchange) -> None:
    """Answer in HTTP 1.0, without a length."""
    content = _whole(exchange)
    exchange.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + content)
    exchange.close_connection = True


@stream("stop, buffered, no TTFT, no TPOT")
def stream_as_json(exchange: Exchange) -> None:
    """Call a stream JSON."""
    content = _whole(exchange)
    exchange.send_response(200)
    exchange.send_header("Content-Type", "application/json")
    exchange.send_header("Content-Length", str(len(content)))
    exchange.end_headers()
    exchange.wfile.write(content)


@stream("stop, buffered, no TTFT, no TPOT")
def document_as_stream(exchange: Exchange) -> None:
    """Call a document a stream."""
    message = {"role": "assistant", "content": ANSWER}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    exchange.begin()
    exchange.raw(json.dumps({"choices": choices, "usage": USAGE}, indent=1).encode())
    exchange.close()


@stream("stop")
def page_once(exchange: Exchange) -> None:
    """Answer once with a page, as a gateway does while the server behind it is away."""
    if exchange.odd.nth("page") == 1:
        exchange.odd.note(200)
        exchange.send(200, "<html><body>Back soon</body></html>")
        return
    plain(exchange)


@stream("stop")
def nothing_once(exchange: Exchange) -> None:
    """Answer once with nothing at all."""
    if exchange.odd.nth("nothing") == 1:
        exchange.odd.note(200)
        exchange.send(200, "")
        return
    plain(exchange)


@stream("stop")
def role_alone_once(exchange: Exchange) -> None:
    """Name the role once and say no more."""
    if exchange.odd.nth("role-alone") == 1:
        exchange.begin()
        exchange.chunk({"role": "assistant", "content": ""})
        exchange.close()
        return
    plain(exchange)


@stream("stop")
def no_headers_once(exchange: Exchange) -> None:
    """Close once before the first header."""
    if exchange.odd.nth("no-headers") == 1:
        exchange.close_connection = True
        return
    plain(exchange)


@stream("stop")
def half_headers_once(exchange: Exchange) -> None:
    """Close once within the headers."""
    if exchange.odd.nth("half-headers") == 1:
        exchange.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
        exchange.close_connection = True
        return
    plain(exchange)


@stream("stop")
def no_http_once(exchange: Exchange) -> None:
    """Answer once with something that is not HTTP."""
    if exchange.odd.nth("no-http") == 1:
        exchange.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        exchange.close_connection = True
        return
    plain(exchange)


@stream("stop")
def slow_headers(exchange: Exchange) -> None:
    """Answer after 5 s."""
    time.sleep(5)
    plain(exchange)


@stream("dead SERVER_ERROR", says="Overloaded by you")
def event_error(exchange: Exchange) -> None:
    """Send an event named error in the middle, without a field of that name."""
    send_words(exchange)
    exchange.raw(b'event: error\ndata: {"message": "Overloaded by you"}\n\n')
    exchange.close()


@stream("stop")
def moved(exchange: Exchange) -> None:
    """Redirect to another path of the same server, keeping the request."""
    if exchange.path.startswith("/moved"):
        send_words(exchange)
        send_end(exchange)
        return
    exchange.send(308, "", Location="/moved/v1/chat/completions")


@stream("failed MODEL_UNAVAILABLE", says="redirects to http://localhost:")
def moved_away(exchange: Exchange) -> None:
    """Redirect to another host, which would get the key."""
    port = exchange.connection.getsockname()[1]
    if exchange.headers["Host"].startswith("localhost"):
        plain(exchange)
        return
    exchange.send(307, "", Location=f"http://localhost:{port}/v1/chat/completions")


@stream("failed MODEL_UNAVAILABLE", says="redirects to")
def moved_as_get(exchange: Exchange) -> None:
    """Redirect so that the request becomes another."""
    exchange.send(301, "", Location="/v1/models")


@stream("failed MODEL_UNAVAILABLE", says="redirects")
def moved_in_a_circle(exchange: Exchange) -> None:
    """Redirect to itself."""
    exchange.send(307, "", Location=exchange.path)
