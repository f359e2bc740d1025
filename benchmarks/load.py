"""The load generator: a process of its own that reads a job on stdin and prints what it saw.

Raw HTTP/1.1 over keep-alive connections, requests encoded beforehand, every answer checked.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys

import msgspec

from benchmarks.closed_loop import ClosedLoop
from benchmarks.load_job import LoadJob, LoadResult
from benchmarks.open_loop import OpenLoop
from benchmarks.questions import encoded_requests, random_customers

REQUESTS = 20_000


def generate(job: LoadJob) -> LoadResult:
    """Run the job in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=msgspec.json.encode(job),
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=LoadResult)


async def run(job: LoadJob) -> LoadResult:
    """Run the job here."""
    customers = random_customers(REQUESTS, job.customers)
    requests = encoded_requests(job.target, customers, job.token)
    loop = ClosedLoop(job, requests) if job.rate is None else OpenLoop(job, requests)
    return await loop.run()


def main() -> int:
    """A job on stdin, its result on stdout."""
    import uvloop

    job = msgspec.json.decode(sys.stdin.buffer.read(), type=LoadJob)
    gc.freeze()  # what is loaded stays: no pause to look at it while measuring
    with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
        result = runner.run(run(job))
    sys.stdout.buffer.write(msgspec.json.encode(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
