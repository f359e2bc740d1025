"""Blocks of model columns computed from raw features at an instant."""
