"""The configuration: read once from the environment, frozen, passed and never imported."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from service.errors import SettingsInvalid

PREFIX = "NBO_"
COMMAND_LINE_KEYS = frozenset({"NBO_DEBUG", "NBO_FAILPOINT"})
"""Keys only the command line reads; known here so that they are not taken for misspelt ones."""

ClockKind = Literal["auto", "wall"]
RankerKind = Literal["auto", "lightgbm"]
LogLevel = Literal["debug", "info", "warning", "error"]
REDIS_SCHEMES = frozenset({"redis", "rediss", "redis+sentinel", "unix"})
TRUE, FALSE = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


@dataclass(frozen=True)
class Settings:
    """Every `NBO_<FIELD>` of the environment; an empty value means the default."""

    home: Path = Path(".nbo")
    """Folder of the local installation: tables, bundles, keys, embedded Redis."""
    redis_url: str = field(default="", repr=False)
    """Redis to read from; empty = `nbo serve` starts the embedded one of the home."""
    bank: str = ""
    """The bank this service may serve; empty = whichever lives in the home."""
    catalogue: str = ""
    """Folder with offers.yaml, policy.yaml and treatments.yaml; empty = the shipped one of the
    bank.
    """
    clock: ClockKind = "auto"
    """auto = business time starts where the imported data end; wall = the wall clock."""
    host: str = "127.0.0.1"
    """Address to bind; anything but loopback needs keys for tokens, or `insecure`."""
    port: int = 8000
    """Port to bind."""
    insecure: bool = False
    """Allow a host that others can reach, although nobody has to authenticate."""
    jwt_keys: str = ""
    """File with the public keys tokens are signed with, PEM or JWKS; read again when it changes."""
    jwks_url: str = ""
    """Address of the JWKS instead of a file; https, or http on loopback."""
    jwt_issuer: str = ""
    """The `iss` a token must have; empty = any, the keys decide."""
    jwt_audience: str = "nbo"
    """The `aud` a token must have."""
    anchors: str = ""
    """Folder for the event log's anchors, best on another volume; empty = in the home."""
    max_in_flight: int = 32
    """Decisions one worker works on at a time; one more is answered with 503 and Retry-After."""
    state_deadline_ms: int = 25
    """Milliseconds each of a decision's two calls waits for Redis; later it is decided without,
    which denies.
    """
    drain_seconds: int = 1
    """Seconds a worker told to stop still answers, while not ready: your load balancer's poll
    interval.
    """
    trial_load: bool = True
    """Whether a bundle is first loaded in a child process; false where a crash hurts nobody."""
    ranker: RankerKind = "auto"
    """auto = the compiled ranker where one was built for the bundle; lightgbm = never."""
    log_level: LogLevel = "info"
    """Least severe log line written; decisions are logged at info."""

    def __post_init__(self) -> None:
        if self.jwt_keys and self.jwks_url:
            raise SettingsInvalid("NBO_JWT_KEYS and NBO_JWKS_URL are both set: keep one")
        if not (self.insecure or self.authenticates or is_loopback(self.host)):
            raise SettingsInvalid(
                f"NBO_HOST={self.host} can be reached by others and no authentication is set up:"
                " set NBO_JWT_KEYS or NBO_JWKS_URL, bind 127.0.0.1, or accept the risk with"
                " --insecure (NBO_INSECURE=true)"
            )

    @property
    def authenticates(self) -> bool:
        """Whether who asks has to bring a token."""
        return bool(self.jwt_keys or self.jwks_url)

    def require_bank(self, bank: str) -> None:
        """Nothing when this service may serve the bank in its home, else `SettingsInvalid`."""
        if self.bank and self.bank != bank:
            raise SettingsInvalid(
                f"NBO_BANK={self.bank}, but bank {bank} lives in {self.home}:"
                " set NBO_HOME to the other bank's, or NBO_BANK to this one"
            )


@dataclass(frozen=True)
class Crew:
    """The workers somebody keeps alive, as each of them is told of it when it is started."""

    size: int = 1
    """How many were asked for."""
    is_replacement: bool = False
    """Whether this one takes the place of one that ended: the others may be serving."""


KNOWN_KEYS = tuple(f"{PREFIX}{setting.name.upper()}" for setting in fields(Settings))


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings an environment describes; `SettingsInvalid` names the key and what it takes."""
    given = {key: value for key, value in environment.items() if key.startswith(PREFIX)}
    unknown = sorted(given.keys() - set(KNOWN_KEYS) - COMMAND_LINE_KEYS)
    if unknown:
        known = ", ".join(sorted({*KNOWN_KEYS, *COMMAND_LINE_KEYS}))
        raise SettingsInvalid(f"unknown setting {', '.join(unknown)}: known are {known}")
    filled = {key: value.strip() for key, value in given.items() if value.strip()}
    default = Settings()
    return Settings(
        home=Path(filled.get("NBO_HOME", default.home)),
        redis_url=_redis_url(filled, default.redis_url),
        bank=filled.get("NBO_BANK", default.bank),
        catalogue=filled.get("NBO_CATALOGUE", default.catalogue),
        clock=cast("ClockKind", _choice(filled, "NBO_CLOCK", default.clock, get_args(ClockKind))),
        host=filled.get("NBO_HOST", default.host),
        port=_whole(filled, "NBO_PORT", default.port, most=65_535),
        insecure=_switch(filled, "NBO_INSECURE", default=default.insecure),
        jwt_keys=filled.get("NBO_JWT_KEYS", default.jwt_keys),
        jwks_url=_jwks_url(filled, default.jwks_url),
        jwt_issuer=filled.get("NBO_JWT_ISSUER", default.jwt_issuer),
        jwt_audience=filled.get("NBO_JWT_AUDIENCE", default.jwt_audience),
        anchors=filled.get("NBO_ANCHORS", default.anchors),
        max_in_flight=_whole(filled, "NBO_MAX_IN_FLIGHT", default.max_in_flight, most=10_000),
        state_deadline_ms=_whole(
            filled, "NBO_STATE_DEADLINE_MS", default.state_deadline_ms, most=10_000
        ),
        drain_seconds=_whole(filled, "NBO_DRAIN_SECONDS", default.drain_seconds, most=600),
        trial_load=_switch(filled, "NBO_TRIAL_LOAD", default=default.trial_load),
        ranker=cast(
            "RankerKind", _choice(filled, "NBO_RANKER", default.ranker, get_args(RankerKind))
        ),
        log_level=cast(
            "LogLevel", _choice(filled, "NBO_LOG_LEVEL", default.log_level, get_args(LogLevel))
        ),
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _choice(given: Mapping[str, str], key: str, default: str, allowed: tuple[str, ...]) -> str:
    value = given.get(key, default)
    if value not in allowed:
        raise SettingsInvalid(f"{key}={value}: use one of {', '.join(allowed)}")
    return value


def _whole(given: Mapping[str, str], key: str, default: int, *, most: int) -> int:
    value = given.get(key, str(default))
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= most):
        raise SettingsInvalid(f"{key}={value}: use a whole number from 1 to {most}")
    return int(value)


def _redis_url(given: Mapping[str, str], default: str) -> str:
    """The address, which is never repeated in a message: it can hold a password."""
    value = given.get("NBO_REDIS_URL", default)
    if value and not _is_redis_address(value):
        raise SettingsInvalid(
            "NBO_REDIS_URL is no address of a Redis server: use redis://host:port/0,"
            " rediss://host:port/0, unix:///path or redis+sentinel://host:port,host:port/master"
        )
    return value


def _jwks_url(given: Mapping[str, str], default: str) -> str:
    """The address, which is not repeated in a message: it can hold a password."""
    value = given.get("NBO_JWKS_URL", default)
    if value and not _is_jwks_address(value):
        raise SettingsInvalid(
            "NBO_JWKS_URL is no address keys may come from: use https://host/path, without"
            " user and password; http only on loopback"
        )
    return value


def _is_jwks_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        is_safe = parts.scheme == "https" or (
            parts.scheme == "http" and is_loopback(parts.hostname or "")
        )
        return bool(parts.hostname) and is_safe and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def _is_redis_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        needs_path = parts.scheme in {"unix", "redis+sentinel"}
        is_complete = bool(parts.path.strip("/") if needs_path else parts.hostname)
        # Of several sentinels only the last one's port can be read as a port.
        has_port = "," in parts.netloc or parts.port != 0
        return is_complete and parts.scheme in REDIS_SCHEMES and has_port
    except ValueError:
        return False


def _switch(given: Mapping[str, str], key: str, *, default: bool) -> bool:
    value = given.get(key, str(default)).lower()
    if value not in TRUE | FALSE:
        raise SettingsInvalid(f"{key}={value}: use true or false")
    return value in TRUE
