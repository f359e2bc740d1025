"""The online half: one decision, from request to slate."""
