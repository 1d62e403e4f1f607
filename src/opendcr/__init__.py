"""OpenDCR runs a drug consumption room, and shows whether it works."""

__version__ = "0.1.0"
