"""Random streams, each named by what it is for.

A draw depends on the seed and the name alone, never on what was drawn before: two worlds that
differ in one thing differ only by it.
"""

import hashlib

import numpy as np


def stream(seed: int, *name: object) -> np.random.Generator:
    """The stream of this name."""
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest(seed, name), "big")))


def digest(seed: int, name: tuple[object, ...]) -> bytes:
    """The 16 bytes of a name under a seed, from which everything random of it comes."""
    said = "/".join(map(str, (seed, *name)))
    return hashlib.blake2b(said.encode(), digest_size=16).digest()
