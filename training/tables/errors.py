"""What can go wrong with a bank's tables; every message names the table or file and the cure."""

from __future__ import annotations


class TableError(Exception):
    """Base of everything the tables and their importers refuse."""


class TableAbsent(TableError):
    """A table that every bank must have is not in this home."""


class TableInvalid(TableError):
    """A table lacks a column, or a column has the wrong type."""


class ImportRefused(TableError):
    """An input cannot be imported; the home keeps what it had."""
