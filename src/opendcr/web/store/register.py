"""The register: names, codes and free text, each encrypted under a key of its own.

A fact holds a text's id and the SHA-256 of 32 random bytes and the text; bytes and text stand here.
A key for each person would not do: whose a text is may be said, or corrected, after it was written.
"""

import hashlib
import secrets
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag

from opendcr.ledger.shapes import Json
from opendcr.web.store.chunks import chunks
from opendcr.web.store.keyring.ahead import take
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
    secrets_ = [secret for some in chunks(texts) for secret in Secret.objects.filter(text__in=some)]
    return {secret.text: words for secret, words in _opened(secrets_)}


def _opened(secrets_: Iterable[Secret]) -> list[tuple[Secret, str]]:
    """Rows of the register with their words, without those whose key is gone."""
    held = list(secrets_)
    keys = keys_of({secret.owner for secret in held})
    opened = []
    for secret in held:
        if secret.owner in keys:
            try:
                salted = unseal(keys[secret.owner], bytes(secret.sealed), secret.owner)
            except InvalidTag:
                continue  # sealed under a key that has been erased since
            opened.append((secret, salted[SALT:].decode()))
    return opened
