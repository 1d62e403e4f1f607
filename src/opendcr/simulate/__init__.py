"""Simulation: scenarios, the room as a queue of simulated people, and what becomes of them."""
