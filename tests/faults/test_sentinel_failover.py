"""A master with a replica and three sentinels: the master dies."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from nbo.loopback_ports import LOOPBACK, free_port
from service.adapters.redis_customer_store import RedisCustomerStore
from tests.faults.loaded_store import (
    StoreUnderTest,
    customer,
    is_about,
    load,
    readable_again,
)
from tests.faults.redis_process import RedisProcess


def test_when_the_master_dies_the_one_the_sentinels_name_is_read(tmp_path: Path) -> None:
    at_once = ("--repl-diskless-sync-delay", "0")
    master = RedisProcess(tmp_path, *at_once)
    replica = RedisProcess(tmp_path, *at_once, "--replicaof", f"{LOOPBACK} {master.port}")
    sentinels = [sentinel(tmp_path, master.port) for _ in range(3)]
    servers = [master, replica]
    try:
        for server in servers:
            server.start()
        with master.client() as client:
            load(client, 2)
            assert client.wait(1, 10_000) == 1
        for watcher in sentinels:
            watcher.start(str(configuration(watcher, tmp_path)), "--sentinel")
        wait_until_watched(sentinels)
        hosts = ",".join(f"{LOOPBACK}:{watcher.port}" for watcher in sentinels)
        store = StoreUnderTest(f"redis+sentinel://{hosts}/memory")

        async def failover(adapter: RedisCustomerStore) -> None:
            await readable_again(adapter)
            await asyncio.to_thread(master.kill)
            assert is_about(await readable_again(adapter, within_seconds=60.0), 0)
            assert is_about(await adapter.read(customer(0), within_seconds=10.0), 0)

        store.run(failover)
        with replica.client() as client:
            assert client.role()[0] == b"master"
    finally:
        for server in [*sentinels, *servers]:
            server.kill()


def sentinel(folder: Path, master_port: int) -> RedisProcess:
    watcher = RedisProcess(folder, port=free_port())
    configuration(watcher, folder).write_text(
        f"sentinel monitor memory {LOOPBACK} {master_port} 2\n"
        "sentinel down-after-milliseconds memory 500\n"
        "sentinel failover-timeout memory 5000\n"
    )
    return watcher


def configuration(watcher: RedisProcess, folder: Path) -> Path:
    return folder / f"{watcher.port}.conf"


def wait_until_watched(sentinels: list[RedisProcess]) -> None:
    """Every sentinel knows the replica and the other sentinels."""
    deadline = time.monotonic() + 30
    for watcher in sentinels:
        with watcher.client() as client:
            while True:
                state = client.sentinel_master("memory")
                if state["num-slaves"] == 1 and state["num-other-sentinels"] == 2:
                    break
                assert time.monotonic() < deadline
                time.sleep(0.05)
