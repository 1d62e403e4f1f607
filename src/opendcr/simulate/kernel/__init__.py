"""The fast room: a scenario compiled, millions of visits a second, the same visits as the reference."""
