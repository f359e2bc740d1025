"""Adapters: the only I/O of the service."""
