"""The register: names, codes and free text, each encrypted under its owner's key.

A fact holds a text's id and the SHA-256 of 32 random bytes and the text; bytes and text stand here.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from cryptography.exceptions import InvalidTag

from opendcr.ledger.shapes import Json
from opendcr.web.store.keyring.keys import forget, key_for, keys_of, seal, unseal
from opendcr.web.store.models import Entry, Secret

SALT = 32
PURPOSES = ("name", "code")  # by which people are found; every other text is `text`

Reference = dict[str, Json]


def shelter(words: str, owner: str | None, purpose: str, now: datetime) -> tuple[Reference, Secret]:
    """What a fact holds in a text's place, and the row for the register, not yet saved."""
    text = f"x-{secrets.token_hex(16)}"
    salted = secrets.token_bytes(SALT) + words.encode("utf-8", "replace")
    owner = owner or text
    sealed = seal(key_for(owner, now), salted, owner)
    purpose = purpose if purpose in PURPOSES else "text"
    reference = {"text": text, "sha256": hashlib.sha256(salted).hexdigest()}
    return reference, Secret(text=text, owner=owner, purpose=purpose, sealed=sealed)


def words_of(texts: Iterable[str]) -> dict[str, str]:
    """The words by text id; erased ones are left out."""
    return {secret.text: words for secret, words in opened(Secret.objects.filter(text__in=texts))}


def opened(secrets_: Iterable[Secret]) -> list[tuple[Secret, str]]:
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


def apply_erasures(room: str, after: int = 0) -> None:
    """Deletes the keys of everybody whom an `Erased` fact names; harmless when repeated.

    Runs after each such fact and at every start, since a restored key database may hold them.
    """
    erased = Entry.objects.filter(room=room, kind="Erased", seq__gt=after)
    for person, recorded in erased.values_list("person", "recorded"):
        if person is not None:
            forget(person, recorded)
