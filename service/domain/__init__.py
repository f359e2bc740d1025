"""The nouns of a decision: numpy and the standard library only."""
