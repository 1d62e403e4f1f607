"""The HTTP interface for programs and for our own screens."""
