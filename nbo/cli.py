"""The root of the command line: groups by name, and one clear line for every failure."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import rich_click as click

from nbo.failure import exit_code_of, explain
from nbo.lazy_group import LazyGroup

COMMANDS = {
    "demo": "nbo.commands.demo:demo",
    "data": "nbo.commands.data:data",
    "features": "nbo.commands.features:features",
    "train": "nbo.commands.train:train",
    "evaluate": "nbo.commands.evaluate:evaluate",
    "models": "nbo.commands.models:models",
    "catalogue": "nbo.commands.catalogue:catalogue",
    "serve": "nbo.commands.serve:serve",
    "decide": "nbo.commands.decide:decide",
    "contact": "nbo.commands.contact:contact",
    "events": "nbo.commands.events:events",
    "audit": "nbo.commands.audit:audit",
    "keys": "nbo.commands.keys:keys",
    "bench": "nbo.commands.bench:bench",
}


@click.group(
    cls=LazyGroup,
    commands_by_name=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="nbo")
def cli() -> None:
    """Next best offers for a retail bank: import, train, serve, decide.

    All state lies in NBO_HOME (default .nbo). Without NBO_REDIS_URL the commands of one NBO_HOME
    share one embedded Redis. NBO_DEBUG=1 shows the traceback of a failure.

    Example: nbo demo --once
    """


THREADS = {
    # OpenMP threads that spin while they wait starve each other as soon as the machine has other
    # work: beside two busy processes on two cores, training took more than four times as long.
    "OMP_WAIT_POLICY": "passive",
    # implicit parallelises over customers itself; BLAS threads below it only get in the way.
    "OPENBLAS_NUM_THREADS": "1",
}


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code, after saying on stderr what failed."""
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)  # read by the libraries when they are loaded
    try:
        code = cli.main(args=list(arguments), prog_name="nbo", standalone_mode=False)
    except SystemExit:
        raise
    except click.ClickException as refused:
        refused.show()
        return refused.exit_code
    except click.Abort:
        print("nbo: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get("NBO_DEBUG"):
            raise
        print(f"nbo: {explain(error)}", file=sys.stderr)
        return exit_code_of(error)
    return code if isinstance(code, int) else 0
