"""The canonical tables every bank is turned into: schemas, store, validation and quarantine."""
