"""Evidence: this room's months beside what others published, and the measures behind them; planning."""
