"""The service as the demo's child process, asked over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import IO, Any

import msgspec

from model_registry.home import Home
from nbo.errors import CommandError
from nbo.listening_port import refuse_taken_port
from nbo.loopback_ports import LOOPBACK, free_port

HOST = LOOPBACK
READY_SECONDS = 90.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05


class DemoService:
    """`nbo serve` on the home and Redis given, stopped when the block is left."""

    def __init__(self, home: Home, redis_url: str, port: int | None) -> None:
        self._home, self._redis_url = home, redis_url
        self._port = port or free_port()
        self._log_file = home.root / "logs" / "demo-service.log"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._port}"

    def __enter__(self) -> DemoService:
        """Start it; `wait_until_ready` says when it can be asked."""
        refuse_taken_port(HOST, self._port)  # else another service would answer in its place
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        self._log: IO[bytes] = self._log_file.open("wb")
        command = [sys.executable, "-m", "nbo", "serve", "--host", HOST, "--port", str(self._port)]
        place = {"NBO_HOME": str(self._home.root), "NBO_REDIS_URL": self._redis_url}
        self._process = subprocess.Popen(
            command, env=os.environ | place, stdout=self._log, stderr=self._log
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it, by force if it takes too long."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def wait_until_ready(self) -> None:
        """Return once it is warm; `CommandError` with its last words when it ends before."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise CommandError(f"the service did not become ready: {self._last_words()}")
            time.sleep(POLL_SECONDS)

    def wait(self) -> None:
        """Return when the service ends."""
        self._process.wait()

    def decide(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one decision request."""
        status, body = self._exchange("POST", "/v1/decisions", msgspec.json.encode(request))
        if status != 200:
            raise CommandError(f"the service refused a decision with {status}: {body.decode()}")
        answer: dict[str, Any] = msgspec.json.decode(body)
        return answer

    def _is_ready(self) -> bool:
        try:
            return self._exchange("GET", "/health/ready")[0] == 200
        except (OSError, HTTPException):
            return False

    def _exchange(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection(HOST, self._port, timeout=10.0)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _last_words(self) -> str:
        lines = self._log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return f"{self._log_file} ends with: {lines[-1] if lines else 'nothing'}"
