"""The feature contract both halves share, and the Feast repository that serves it."""
