"""UUIDs of version 7 (RFC 9562): the ids that commands carry, in the order of their moments."""


def uuid7(milliseconds: int, random: int) -> str:
    """The UUIDv7 of a moment, in milliseconds since 1970, and 80 random bits."""
    value = (milliseconds & (2**48 - 1)) << 80 | random & (2**80 - 1)
    value = value & ~(0xF << 76) | 0x7 << 76
    said = f"{value & ~(0x3 << 62) | 0x2 << 62:032x}"
    return f"{said[:8]}-{said[8:12]}-{said[12:16]}-{said[16:20]}-{said[20:]}"
