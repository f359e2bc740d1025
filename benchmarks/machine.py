"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from nbo.redis_binary import find_binary

LIBRARIES = (
    "fastapi", "feast", "hiredis", "lightgbm", "litestar", "msgspec", "numpy", "redis", "uvicorn",
    "uvloop",
)  # fmt: skip


def machine() -> dict[str, object]:
    """Processor, cores, memory, system, load before the run, and versions."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "logical_processors": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_average_before": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "redis_server": _redis_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor() or platform.machine()
    lines = information.read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _redis_version() -> str:
    said = subprocess.run([find_binary(), "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split(" sha=")[0].strip()
