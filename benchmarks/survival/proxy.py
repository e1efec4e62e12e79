"""A small HTTP proxy before a server, which can be slow, refuse, break off or not be there at all."""

from __future__ import annotations

import http.client
import os
import random
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class Proxy:
    """Passes requests on to a server, as it is told to at the moment.

    Attributes:
        delay: Seconds that each answer takes longer.
        status: Answer this in place of asking the server; None asks it.
        text: What such an answer says.
        broken: Ask the server, and break the connection off before its answer goes out.
        cut: Break the connection off when half of what is sent has come; the server is not asked.
        every: Of so many requests one is treated so, the others pass.
        asked: How many requests have come.
        hurt: How many of them were treated so.
    """

    def __init__(self, upstream: str) -> None:
        self.asked, self.hurt = 0, 0
        self.well()
        self.upstream = urlsplit(upstream).netloc
        self._port = free_port()
        self._server: ThreadingHTTPServer | None = None

    @property
    def uri(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def up(self) -> Proxy:
        """Listen, on the same port as before."""
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", self._port), handler)
        _listening.append(self._server)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def down(self) -> None:
        """Refuse connections, and end those that there are."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            _listening.remove(self._server)
            self._server.end_all()
            self._server = None

    @property
    def ill(self) -> bool:
        """Whether anything is done to requests but passing them on."""
        return bool(self.delay or self.broken or self.cut or self.status)

    def well(self) -> None:
        """Pass everything on at once from now on."""
        self.delay, self.broken, self.cut, self.every = 0.0, False, False, 1
        self.status: int | None = None
        self.text = b"{}"


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to no client while nobody does."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is none of ours."""

    def end_all(self) -> None:
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def _answer(self) -> None:
        proxy, length = self.proxy, int(self.headers.get("Content-Length") or 0)
        proxy.asked += 1
        hurt = proxy.asked % proxy.every == 0 and proxy.ill
        proxy.hurt += hurt
        body = self.rfile.read(length // 2 if hurt and proxy.cut else length)
        if hurt:
            time.sleep(proxy.delay)
        if hurt and proxy.cut:
            self._break_off()
        elif hurt and proxy.status is not None:
            self._send(proxy.status, proxy.text, {"Retry-After": "3600"} if proxy.status == 429 else {})
        else:
            answer = self._ask(body)
            self._break_off() if hurt and proxy.broken else self._send(*answer)

    def _break_off(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - named by the protocol

    def _ask(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection(self.proxy.upstream, timeout=60)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in _HOP}
        try:
            connection.request(self.command, self.path, body or None, headers)
            found = connection.getresponse()
            kept = {key: value for key, value in found.getheaders() if key.lower() not in _HOP}
            if self.command == "HEAD":  # it tells how much there would be
                kept["Content-Length"] = found.headers.get("Content-Length", "0")
            return found.status, found.read(), kept
        finally:
            connection.close()

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


_listening: list[_Server] = []


def _stop_listening() -> None:
    for server in _listening:
        server.socket.close()


# A driver that is forked while a proxy listens would go on listening in its place.
os.register_at_fork(after_in_child=_stop_listening)
