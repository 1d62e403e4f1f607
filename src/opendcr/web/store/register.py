"""The register: names, codes and free text, each encrypted under a key of its own.

A fact holds a text's id and the SHA-256 of 32 random bytes and the text; bytes and text stand here.
A key for each person would not do: whose a text is may be said, or corrected, after it was written.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidTag

from opendcr.ledger.shapes import Json
from opendcr.web.store.chunks import chunks
from opendcr.web.store.keyring.ahead import take
from opendcr.web.store.keyring.asking import asked
from opendcr.web.store.keyring.keys import keys_of, seal, unseal
from opendcr.web.store.models import Secret

SALT = 32
PURPOSES = ("name", "code")  # what people are called; every other text is `text`

Reference = dict[str, Json]


def shelter(words: str, purpose: str) -> tuple[Reference, Secret]:
    """What a fact holds in a text's place, and the row for the register, not yet saved."""
    text, key = take()
    salted = secrets.token_bytes(SALT) + words.encode("utf-8", "replace")
    sealed = seal(key, salted, text)
    purpose = purpose if purpose in PURPOSES else "text"
    reference = {"text": text, "sha256": hashlib.sha256(salted).hexdigest()}
    return reference, Secret(text=text, owner=text, purpose=purpose, sealed=sealed)


def words_of(texts: Iterable[str]) -> dict[str, str]:
    """The words by text id; erased ones are left out."""
    held = _held(texts)
    return _opened(held, keys_of(_owners(held)))


def words_now(texts: Iterable[str]) -> dict[str, str] | None:
    """The same for whoever goes on without them: None while the keys cannot be asked for."""
    held = _held(texts)
    keys = asked(lambda: keys_of(_owners(held))) if held else {}
    return None if keys is None else _opened(held, keys)


def _held(texts: Iterable[str]) -> list[Secret]:
    return [secret for some in chunks(texts) for secret in Secret.objects.filter(text__in=some)]


def _owners(held: Iterable[Secret]) -> set[str]:
    return {secret.owner for secret in held}


def _opened(held: Iterable[Secret], keys: Mapping[str, bytes]) -> dict[str, str]:
    """The words of rows of the register, without those whose key is gone."""
    opened = {}
    for secret in held:
        if secret.owner in keys:
            try:
                salted = unseal(keys[secret.owner], bytes(secret.sealed), secret.owner)
            except InvalidTag:
                continue  # sealed under a key that has been erased since
            opened[secret.text] = salted[SALT:].decode()
    return opened
