"""Making, opening and deleting the keys of the register. AES-256-GCM throughout."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from opendcr.web.config.places import secret_file
from opendcr.web.store.chunks import chunks
from opendcr.web.store.keyring.models import WrappedKey

NONCE = 12


def seal(key: bytes, words: bytes, owner: str) -> bytes:
    """The words under a key, bound to their owner: nonce, ciphertext, tag."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, words, owner.encode())


def unseal(key: bytes, sealed: bytes, owner: str) -> bytes:
    """The words again; raises InvalidTag for another key or owner."""
    return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], owner.encode())


def make_keys(count: int, now: datetime) -> list[tuple[str, bytes]]:
    """So many new owners with their keys, which are stored when they are returned."""
    fresh = [(f"x-{secrets.token_hex(16)}", secrets.token_bytes(32)) for _ in range(count)]
    WrappedKey.objects.bulk_create(
        WrappedKey(owner=owner, wrapped=seal(_master(), key, owner), made=now)
        for owner, key in fresh
    )
    return fresh


def stands(owner: str) -> bool:
    """Whether the owner has a key."""
    return WrappedKey.objects.filter(owner=owner).exists()


def keys_of(owners: Iterable[str]) -> dict[str, bytes]:
    """The keys of those owners who have one that the master key opens."""
    wanted = list(owners)
    # Few by name, many by reading all: a database takes only so many names in one question.
    held = WrappedKey.objects.filter(owner__in=wanted) if len(wanted) < 500 else WrappedKey.objects
    opened = (
        (owner, _opened(bytes(key), owner)) for owner, key in held.values_list("owner", "wrapped")
    )
    return {owner: key for owner, key in opened if key is not None}


def _opened(wrapped: bytes, owner: str) -> bytes | None:
    """An owner's key; None where it is under another master key: who is called what is then not
    known, but a board without names is better than none."""
    try:
        return unseal(_master(), wrapped, owner)
    except InvalidTag:
        return None


def master_fits() -> bool:
    """Whether the master key is the one that the register was begun with."""
    first = WrappedKey.objects.order_by("made").values_list("owner", flat=True).first()
    return first is None or first in keys_of([first])


def having_keys(owners: Iterable[str]) -> set[str]:
    """Those owners who have a key."""
    return {
        owner
        for some in chunks(owners)
        for owner in WrappedKey.objects.filter(owner__in=some).values_list("owner", flat=True)
    }


def forget(owners: Iterable[str]) -> None:
    """Deletes the keys of these owners, where there are any: nobody can read the texts again."""
    for some in chunks(owners):
        WrappedKey.objects.filter(owner__in=some).delete()


@cache
def _master() -> bytes:
    return secret_file(Path(settings.OPENDCR_MASTER_KEY), 32)
