"""One chapter of the report per file."""
