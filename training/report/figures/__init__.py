"""One figure of the report per file."""
