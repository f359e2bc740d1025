"""A command group whose members are imported when they are run or their help is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import rich_click as click


class LazyGroup(click.RichGroup):
    """`commands_by_name` maps a command to `module:attribute`; the order is the help's order."""

    def __init__(self, *, commands_by_name: Mapping[str, str] | None = None, **rest: Any) -> None:
        super().__init__(**rest)
        self._targets = dict(commands_by_name or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in declared order."""
        return [*self._targets, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is none of that name."""
        target = self._targets.get(cmd_name)
        if target is None:
            return super().get_command(ctx, cmd_name)
        module, attribute = target.split(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command
