"""What figures were measured on can be told in the locked environment, with nothing else in it."""

from __future__ import annotations

from benchmarks.machine import LIBRARIES, machine


def test_the_machine_and_every_version_that_matters_are_told() -> None:
    told = machine()
    assert told["processor"]
    assert str(told["redis_server"]).startswith("Redis server")
    assert all(told[name] for name in LIBRARIES)
