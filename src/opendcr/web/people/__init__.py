"""Finding people again."""
