"""The command line: the only package that sees both halves, and imports them lazily."""
