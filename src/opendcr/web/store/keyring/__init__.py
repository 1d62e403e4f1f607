"""The keys that open the register, in a database of their own."""
