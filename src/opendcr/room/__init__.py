"""The room: its fold, what it decides, and what needs attention at a moment."""
