"""The HTTP edge: thin handlers, wire structs, problem+json."""
