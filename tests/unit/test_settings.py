"""Settings come from the environment once, and nothing misspelt is overlooked."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from service.errors import SettingsInvalid
from service.settings import COMMAND_LINE_KEYS, KNOWN_KEYS, Settings, is_loopback, read_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def example() -> dict[str, str]:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key: value for key, _, value in pairs}


def test_an_empty_environment_means_the_defaults() -> None:
    assert read_settings({}) == Settings()


def test_the_shipped_example_names_every_key_and_equals_the_defaults() -> None:
    assert set(example()) == set(KNOWN_KEYS)
    assert read_settings(example()) == Settings()
    assert example()["NBO_HOST"] == Settings().host
    assert example()["NBO_PORT"] == str(Settings().port)


def test_every_key_is_read() -> None:
    settings = read_settings(
        {
            "NBO_HOME": "/srv/nbo",
            "NBO_REDIS_URL": "redis://cache:6379/1",
            "NBO_BANK": "santander",
            "NBO_CATALOGUE": "/srv/catalogue",
            "NBO_CLOCK": "wall",
            "NBO_HOST": "0.0.0.0",
            "NBO_PORT": "8080",
            "NBO_INSECURE": "TRUE",
            "NBO_LOG_LEVEL": "warning",
        }
    )
    assert settings == Settings(
        home=Path("/srv/nbo"),
        redis_url="redis://cache:6379/1",
        bank="santander",
        catalogue="/srv/catalogue",
        clock="wall",
        host="0.0.0.0",
        port=8080,
        insecure=True,
        log_level="warning",
    )


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsInvalid, match="NBO_REDIS_ADDRESS") as refusal:
        read_settings({"NBO_REDIS_ADDRESS": "x", "HOME": "/root"})
    assert all(key in str(refusal.value) for key in (*KNOWN_KEYS, *COMMAND_LINE_KEYS))


def test_keys_only_the_command_line_reads_are_known() -> None:
    assert read_settings({"NBO_DEBUG": "1"}) == Settings()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NBO_CLOCK", "sundial"),
        ("NBO_PORT", "http"),
        ("NBO_PORT", "0"),
        ("NBO_PORT", "65536"),
        ("NBO_PORT", "²"),
        ("NBO_INSECURE", "maybe"),
        ("NBO_LOG_LEVEL", "loud"),
    ],
)
def test_a_value_a_key_cannot_take_is_refused_by_name(key: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=key):
        read_settings({key: value})


@pytest.mark.parametrize(
    "address", ["cache:6379", "http://cache:s3cret@x", "redis://", "redis://h:x"]
)
def test_a_redis_address_that_is_none_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(SettingsInvalid, match="NBO_REDIS_URL is no address") as refusal:
        read_settings({"NBO_REDIS_URL": address})
    assert "cache" not in str(refusal.value)


@pytest.mark.parametrize("address", ["rediss://:s3cret@cache:6380/1", "unix:///run/redis.sock"])
def test_a_redis_address_is_taken_as_it_is_and_never_shown(address: str) -> None:
    settings = read_settings({"NBO_REDIS_URL": address})
    assert settings.redis_url == address
    assert address not in repr(settings)


def test_another_bank_than_the_one_asked_for_is_refused() -> None:
    Settings().require_bank("toy")
    Settings(bank="toy").require_bank("toy")
    with pytest.raises(SettingsInvalid, match="NBO_BANK=other"):
        Settings(bank="other").require_bank("toy")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_permission(host: str) -> None:
    assert is_loopback(host)
    assert read_settings({"NBO_HOST": host}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "bank.example", "localhost.evil"])
def test_a_host_others_can_reach_needs_insecure(host: str) -> None:
    with pytest.raises(SettingsInvalid, match="--insecure"):
        read_settings({"NBO_HOST": host})
    assert read_settings({"NBO_HOST": host, "NBO_INSECURE": "true"}).host == host


@pytest.mark.parametrize("key", ["NBO_JWT_KEYS", "NBO_JWKS_URL"])
def test_where_tokens_are_verified_others_may_reach_the_service(key: str) -> None:
    settings = read_settings({"NBO_HOST": "0.0.0.0", key: "https://bank.example/jwks.json"})
    assert settings.authenticates
    assert not read_settings({}).authenticates


def test_keys_come_from_one_place() -> None:
    with pytest.raises(SettingsInvalid, match="both set: keep one"):
        read_settings({"NBO_JWT_KEYS": "keys.pem", "NBO_JWKS_URL": "https://bank.example/jwks"})


@pytest.mark.parametrize(
    "address",
    [
        "http://bank.example/jwks",
        "ftp://bank.example/jwks",
        "file:///etc/passwd",
        "https://",
        "https://user:s3cret@bank.example/jwks",
        "https://[s3cret",
        "bank.example/jwks",
    ],
)
def test_keys_are_fetched_from_no_address_somebody_between_could_answer(address: str) -> None:
    with pytest.raises(SettingsInvalid, match="NBO_JWKS_URL is no address") as refusal:
        read_settings({"NBO_JWKS_URL": address})
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9000/jwks", "http://localhost/x"])
def test_keys_may_come_from_this_machine_without_encryption(address: str) -> None:
    assert read_settings({"NBO_JWKS_URL": address}).jwks_url == address


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
