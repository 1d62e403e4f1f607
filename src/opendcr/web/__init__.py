"""The web system: the only part that knows Django."""
