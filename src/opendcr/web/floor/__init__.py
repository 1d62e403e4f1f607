"""The floor: the board, the panels behind its tiles, the emergency screen."""
