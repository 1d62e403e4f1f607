"""Evidence: this room's months beside what others published, the measures behind them, and plans."""
