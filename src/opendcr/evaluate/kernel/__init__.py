"""The compiled parts of the studies."""
