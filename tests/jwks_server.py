"""A real HTTP server that publishes keys, slowly, wrongly or not at all when told so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class KeyServer(ThreadingHTTPServer):
    """Answers every GET with `content`; while `held`, not before it is let go."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.status, self.location = content, 200, ""
        self.asked = 0
        self.let_go = threading.Event()
        self.let_go.set()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}/jwks.json"


class _Handler(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        """Answer, once let go."""
        self.server.asked += 1
        status, content = self.server.status, self.server.content
        self.server.let_go.wait(30)
        self.send_response(status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *said: object) -> None:
        """Say nothing."""


@contextmanager
def key_server(content: bytes) -> Iterator[KeyServer]:
    """The server, answering until the block is left."""
    with KeyServer(content) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.let_go.set()
            server.shutdown()
            thread.join()
