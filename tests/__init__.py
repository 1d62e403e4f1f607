"""The tests; a package, since another library leaves one of this name beside it."""
