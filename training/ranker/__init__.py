"""A bundle's trees as native code: read, written as C, compiled and proven."""
