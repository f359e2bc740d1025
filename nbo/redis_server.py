"""One Redis server process on a private port: found, started, recognised and stopped."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import msgspec
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from nbo.errors import ServerUnavailable
from nbo.loopback_ports import LOOPBACK, accepts, free_port, is_free
from nbo.redis_access import read_password, write_password
from nbo.redis_binary import find_binary
from nbo.redis_last_words import last_words

START_SECONDS = 10.0
LOAD_SECONDS = 120.0
POLL_SECONDS = 0.02
PORT_ATTEMPTS = 3


class Address(msgspec.Struct, frozen=True):
    """Where the server of a directory listens, as its file says."""

    port: int
    pid: int


class Hearing(Enum):
    """Who is at an address."""

    OURS = "ours"
    ANOTHER = "another"
    SILENT = "silent"


@dataclass(frozen=True)
class RedisServer:
    """The server whose data lie in `directory`; nothing here locks, the caller does."""

    directory: Path

    @property
    def address_file(self) -> Path:
        """Names the running server; outlives it only when it was killed."""
        return self.directory / "server.json"

    @property
    def access_file(self) -> Path:
        """Holds the password of the server that was started last."""
        return self.directory / "access.conf"

    @property
    def log_file(self) -> Path:
        """What the server itself says."""
        return self.directory / "server.log"

    def recorded(self) -> Address | None:
        """The address of the server started last, alive or killed; None after a proper stop."""
        try:
            return msgspec.json.decode(self.address_file.read_bytes(), type=Address)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def running(self) -> Address | None:
        """The address of this directory's server, None when none runs; waits while it starts."""
        address = self.recorded()
        if address is None:
            return None
        heard = self._hear(address)
        if heard is Hearing.OURS:
            return address
        if heard is Hearing.SILENT and self._may_hold_our_data(address):
            raise ServerUnavailable(
                f"process {address.pid} holds port {address.port} of {self.directory} and does not"
                f" answer: end it, or remove {self.address_file} if it is not a Redis server"
            )
        if heard is Hearing.ANOTHER:
            self.address_file.unlink(missing_ok=True)
        return None

    def has_ended(self, address: Address) -> bool:
        """Whether the process is gone; one that is frozen or busy has not ended."""
        return not _is_alive(address.pid)

    def start(self) -> Address:
        """A fresh server with the data saved last; where one was killed, at its old address.

        Whoever used the killed one goes on as if nothing had been: same port, same password.
        """
        binary, killed = find_binary(), self.recorded()
        ports = [free_port() for _ in range(PORT_ATTEMPTS)]
        if killed is not None and self.access_file.exists() and is_free(killed.port):
            ports.insert(0, killed.port)
        else:
            write_password(self.access_file)
        for port in ports:
            address = Address(port=port, pid=self._spawn(binary, port))
            self.address_file.write_bytes(msgspec.json.encode(address))
            if self._hear(address) is Hearing.OURS:
                return address
        if killed is None:
            self.address_file.unlink(missing_ok=True)
        else:
            self.address_file.write_bytes(msgspec.json.encode(killed))
        raise ServerUnavailable(f"{binary} did not start: {last_words(self.log_file)}")

    def url(self, address: Address) -> str:
        """How clients reach the server; it holds the password, so nobody may print it."""
        password = read_password(self.access_file)
        return f"redis://{f':{password}@' if password else ''}{LOOPBACK}:{address.port}/0"

    def stop(self, address: Address) -> None:
        """Save and stop; when the data cannot be saved, stop all the same and say so."""
        with self._client(address, timeout_seconds=LOAD_SECONDS) as client:
            try:
                client.shutdown(save=True)
            except redis.ResponseError as error:
                client.shutdown(nosave=True)
                raise ServerUnavailable(
                    f"{self.directory} could not be saved ({error}): what was written since the"
                    " last stop is lost; free disk space and load again"
                ) from None
            except redis.TimeoutError:
                raise ServerUnavailable(
                    f"process {address.pid}, the server of {self.directory}, does not stop: end it"
                ) from None
        _wait_until_gone(address)
        self.address_file.unlink(missing_ok=True)

    def save(self, address: Address) -> None:
        """Put what was written on disk while it serves on; a server that is gone saved it already,
        or lost it.
        """
        deadline = time.monotonic() + LOAD_SECONDS
        with self._client(address, timeout_seconds=1.0) as client, suppress(redis.RedisError):
            if client.info("persistence")["rdb_changes_since_last_save"]:
                client.bgsave(schedule=True)
            while client.info("persistence")["rdb_bgsave_in_progress"]:
                if time.monotonic() > deadline:
                    return
                time.sleep(POLL_SECONDS)

    def _spawn(self, binary: str, port: int) -> int:
        line = [binary, str(self.access_file), "--bind", LOOPBACK, "--port", str(port)]
        line += ["--dir", str(self.directory), "--logfile", str(self.log_file)]
        line += ["--maxmemory-policy", "noeviction", "--appendonly", "no"]
        line += ["--save", "3600", "1"]  # with a save point SIGTERM (the machine going down) saves
        # Its own session: Ctrl-C in the terminal must reach the users, never the server. Nor may it
        # keep its starter's output open, whose reader would wait for an end that does not come.
        silence = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
        before = os.umask(0o077)
        try:
            return os.posix_spawn(binary, line, os.environ, setsid=True, file_actions=silence)
        finally:
            os.umask(before)

    def _hear(self, address: Address) -> Hearing:
        """Ours once it answers and its data lie here; silent when it ended or takes too long."""
        started = time.monotonic()
        while True:
            try:
                return Hearing.OURS if self._answers(address) else Hearing.ANOTHER
            except redis.AuthenticationError:
                return Hearing.SILENT if self._may_hold_our_data(address) else Hearing.ANOTHER
            except redis.BusyLoadingError:
                limit = LOAD_SECONDS
            except (redis.ConnectionError, redis.TimeoutError):
                limit = START_SECONDS
            if not _is_alive(address.pid) or time.monotonic() - started > limit:
                return Hearing.SILENT
            time.sleep(POLL_SECONDS)

    def _may_hold_our_data(self, address: Address) -> bool:
        """Whether the process lives, and works in this directory as far as the system tells."""
        if not (_is_alive(address.pid) and accepts(address.port)):
            return False
        try:
            return Path(f"/proc/{address.pid}/cwd").samefile(self.directory)
        except OSError:
            return True

    def _answers(self, address: Address) -> bool:
        with self._client(address, timeout_seconds=1.0) as client:
            try:
                client.ping()
                directory = client.config_get("dir").get("dir")
            except (redis.ConnectionError, redis.TimeoutError):  # also a refused password
                raise
            except redis.RedisError:
                return False
        return directory is not None and self._is_here(Path(directory))

    def _is_here(self, directory: Path) -> bool:
        try:
            return directory.samefile(self.directory)
        except OSError:
            return False

    @contextmanager
    def _client(self, address: Address, *, timeout_seconds: float) -> Iterator[redis.Redis]:
        client = redis.Redis.from_url(
            self.url(address),
            protocol=2,
            decode_responses=True,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            yield client
        finally:
            client.close()


def _is_alive(pid: int) -> bool:
    """False for a process that ended, also when nobody has waited for it yet."""
    with suppress(ChildProcessError):  # another user of this home may have started it
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with suppress(OSError):  # in containers without an init, an ended orphan stays a zombie
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return True


def _wait_until_gone(address: Address) -> None:
    deadline = time.monotonic() + LOAD_SECONDS
    while _is_alive(address.pid) and accepts(address.port) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
