"""The store: the ledger in a database, the register beside it, and the one way to write."""
