"""The model registry: signed immutable bundles and the champion alias."""
