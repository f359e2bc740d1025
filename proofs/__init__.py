"""Heavy checks with a target: each prints its figure and exits non-zero when it misses."""
