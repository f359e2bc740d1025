"""The service side by side with its peers; run by `nbo bench`, never part of the tests."""
