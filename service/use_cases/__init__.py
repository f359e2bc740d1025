"""What the service does for its callers, one file each."""
