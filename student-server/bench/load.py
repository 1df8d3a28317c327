"""
Asks an HTTP server many times at once and costs it as little as can be: who asks here shares the cores with who is
measured. One thread, a connection for each request in flight, bodies made before.
"""

import selectors
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit


def post_all(url: str, bodies: Sequence[bytes], in_flight: int) -> None:
    """Returns when the last answer is there. Raises where one is not a 200 with a length, or the server hangs up."""
    address = urlsplit(url)
    head = f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
    waiting = iter(bodies)
    with selectors.DefaultSelector() as ready:
        for body in (body for _, body in zip(range(in_flight), waiting, strict=False)):
            connection = socket.create_connection((address.hostname, address.port), timeout=300)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _send(connection, head, body)
            ready.register(connection, selectors.EVENT_READ, bytearray())
        while ready.get_map():
            answering = ready.select(300)
            if not answering:
                raise TimeoutError("no answer within 300 s")
            for key, _ in answering:
                connection, said = key.fileobj, key.data
                assert isinstance(connection, socket.socket)
                piece = connection.recv(1 << 16)
                if not piece:
                    raise ConnectionError(f"the server hung up: {bytes(said[:200])!r}")
                said += piece
                if not _is_whole(said):
                    continue
                said.clear()
                body = next(waiting, None)
                if body is None:
                    ready.unregister(connection)
                    connection.close()
                else:
                    _send(connection, head, body)


def _send(connection: socket.socket, head: str, body: bytes) -> None:
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def _is_whole(said: bytearray) -> bool:
    end = said.find(b"\r\n\r\n")
    if end < 0:
        return False
    status, *lines = bytes(said[:end]).split(b"\r\n")
    fields = dict(line.lower().split(b":", 1) for line in lines)
    if b" 200 " not in status or b"content-length" not in fields:
        raise ConnectionError(f"a 200 with a length was expected: {bytes(said[:500])!r}")
    return len(said) >= end + 4 + int(fields[b"content-length"])
