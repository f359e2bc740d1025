"""Where one worker's time goes: decisions through the whole application, without sockets.

python -m benchmarks.profile_decision --home DIR --redis redis://127.0.0.1:6379/0
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import pstats
import statistics
import sys
import time
from pathlib import Path

from benchmarks.bench_bank import catalogue_folder
from benchmarks.bench_bearer import bench_bearer
from benchmarks.in_process_app import Application, post, started
from benchmarks.questions import DECISIONS_PATH, decision_body, random_customers
from model_registry.home import Home

WARM_UP = 200


async def profile(
    app: Application, bodies: list[bytes], token: str, profiler: cProfile.Profile
) -> list[float]:
    """Seconds of every decision, first unobserved, then once more under the profiler."""
    async with started(app):
        await _ask(app, bodies[:WARM_UP], token)
        seconds = await _ask(app, bodies, token)
        profiler.enable()
        await _ask(app, bodies, token)
        profiler.disable()
    return seconds


async def _ask(app: Application, bodies: list[bytes], token: str) -> list[float]:
    seconds = []
    for body in bodies:
        begun = time.perf_counter()
        status, answer = await post(app, DECISIONS_PATH, body, token)
        seconds.append(time.perf_counter() - begun)
        if status != 200 or b'"served_from":"full"' not in answer:
            print(f"not a full answer ({status}): {answer[:160].decode()}", file=sys.stderr)
    return seconds


def main() -> int:
    """Print microseconds a decision and the functions they went into."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--decisions", type=int, default=2_000)
    parser.add_argument("--top", type=int, default=45)
    parser.add_argument("--sort", default="tottime", choices=("tottime", "cumtime", "ncalls"))
    parser.add_argument("--log-level", default="error", choices=("info", "error"))
    parser.add_argument("--stdlib-loop", action="store_true", help="asyncio's own loop, no uvloop")
    given = parser.parse_args()
    home = Home(given.home)
    bearer = bench_bearer(home)
    os.environ |= {
        "NBO_HOME": str(home.root),
        "NBO_REDIS_URL": given.redis,
        "NBO_CATALOGUE": str(catalogue_folder(home)),
        "NBO_LOG_LEVEL": given.log_level,
        "NBO_JWT_KEYS": str(bearer.public_key),
    }
    from service.asgi import create_app

    among = home.bank().row_counts["customers"]
    bodies = [decision_body(name) for name in random_customers(given.decisions, among)]
    profiler = cProfile.Profile()
    with asyncio.Runner(loop_factory=_loop_factory(given.stdlib_loop)) as runner:
        seconds = runner.run(profile(create_app(), bodies, bearer.token, profiler))
    pstats.Stats(profiler, stream=sys.stdout).sort_stats(given.sort).print_stats(given.top)
    cuts = statistics.quantiles(seconds, n=100)
    print(
        f"µs a decision without the profiler: mean {statistics.mean(seconds) * 1e6:.0f},"
        f" p10 {cuts[9] * 1e6:.0f},"
        f" p50 {cuts[49] * 1e6:.0f}, p99 {cuts[98] * 1e6:.0f} ({given.decisions} decisions)"
    )
    return 0


def _loop_factory(stdlib: bool) -> type[asyncio.AbstractEventLoop]:
    if stdlib:
        return asyncio.SelectorEventLoop
    import uvloop

    return uvloop.Loop


if __name__ == "__main__":
    sys.exit(main())
