"""One file a command group; what is heavy is imported when a command runs."""
