"""Facts and commands, their encoding, their corrections, their chain, and ledger files."""
