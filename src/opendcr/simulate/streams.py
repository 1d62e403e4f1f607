"""Random streams, each named by what it is for.

A draw depends on the seed and the name alone, never on what was drawn before: two worlds that
differ in one thing differ only by it.
"""

import hashlib

import numpy as np


def stream(seed: int, *name: object) -> np.random.Generator:
    """The stream of this name."""
    return np.random.Generator(np.random.Philox(key=int.from_bytes(_digest(seed, name), "big")))


def uuid7(milliseconds: int, seed: int, *name: object) -> str:
    """A UUIDv7 (RFC 9562) of a moment, in milliseconds since 1970, with the name's random bits."""
    random = int.from_bytes(_digest(seed, name), "big")
    value = (milliseconds & (2**48 - 1)) << 80 | random & (2**80 - 1)
    value = value & ~(0xF << 76) | 0x7 << 76
    said = f"{value & ~(0x3 << 62) | 0x2 << 62:032x}"
    return f"{said[:8]}-{said[8:12]}-{said[12:16]}-{said[16:20]}-{said[20:]}"


def _digest(seed: int, name: tuple[object, ...]) -> bytes:
    said = "/".join(map(str, (seed, *name)))
    return hashlib.blake2b(said.encode(), digest_size=16).digest()
