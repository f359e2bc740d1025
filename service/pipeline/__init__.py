"""The decision itself: the vocabulary of its stages and the one page that runs them."""
