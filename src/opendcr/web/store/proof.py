"""Whose command this is: the sender's own, or another's who signed it at the tap."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from opendcr.errors import InputError
from opendcr.ledger.chain import canonical
from opendcr.ledger.facts import UNATTRIBUTED
from opendcr.ledger.kinds import BODY_KINDS
from opendcr.ledger.shapes import Json, is_ident
from opendcr.room.intake import Intake
from opendcr.web.store.models import SigningKey, Staff


class NoProof(InputError):
    """Nobody proved who did this. Sent again by its author, the same command is taken."""

    code = "no_proof"


ALLOWANCE = timedelta(minutes=1)  # an offset is measured over a network, and a clock drifts
UNKNOWN_DEVICE = "t-unknown"  # of a session that began without a device's cookie


@dataclass(frozen=True)
class Sender:
    """Who sends: a person signed in, a program with a token, or an enrolled device alone."""

    staff: str | None
    role: str
    device: str
    means: Literal["session", "token", "device"]


@dataclass(frozen=True)
class Author:
    """Who a fact will say did it, and who entered it where that is somebody else."""

    staff: str
    role: str
    device: str
    entered_by: str | None = None


def author_of(body: Mapping[str, Json], taken: Intake, sender: Sender) -> Author:
    """The author of a command; raises NoProof where another's name is not proven.

    A body that names no author is by whoever is signed in; one whose author is null says that nobody
    was, and is put down to nobody, whoever has signed in since. What is seen of a body is never lost
    for want of a proof: it is taken in as unattributed, and somebody names the author later.
    """
    named = body.get("author", sender.staff)
    if sender.staff is not None and named == sender.staff:
        return Author(sender.staff, sender.role, sender.device)
    # Only an id may go into a question: PostgreSQL fails on a text that holds a NUL.
    named = named if isinstance(named, str) and is_ident(named) else None
    if named is not None and (key := _proven(body, taken, named)) is not None:
        return Author(key.staff_id, key.staff.role, key.device)
    if sender.staff is not None and body.get("source") == "paper" and _is_staff(named):
        return Author(str(named), sender.role, sender.device, entered_by=sender.staff)
    if taken.mode == "report" and taken.kind in BODY_KINDS:
        return Author(UNATTRIBUTED, "device", sender.device)
    raise NoProof("author", "no proof of who did this", "a sign-in, or a signature of this shift")


def _is_staff(named: Json) -> bool:
    return isinstance(named, str) and Staff.objects.filter(staff=named).exists()


def _proven(body: Mapping[str, Json], taken: Intake, named: str) -> SigningKey | None:
    """The author's key, where the body's signature is by it and it was made in the key's shift."""
    proof = body.get("proof")
    if not isinstance(proof, Mapping):
        return None
    id = proof.get("key")
    if not isinstance(id, str) or not is_ident(id):
        return None
    keys = SigningKey.objects.select_related("staff").filter(
        staff=named, staff__user__is_active=True
    )
    key = keys.filter(key=id).first()
    if key is None or not _in_shift(key, taken):
        return None
    return key if _signed(key, str(proof.get("signature")), body) else None


def _in_shift(key: SigningKey, taken: Intake) -> bool:
    """Whether the tap was in the key's shift, by the server's clock as the device last knew it."""
    if taken.tapped is None:
        return False
    try:
        moment = taken.tapped + timedelta(milliseconds=taken.offset_ms or 0)
    except OverflowError:
        return False
    return key.since - ALLOWANCE <= moment <= key.until + ALLOWANCE


def _signed(key: SigningKey, signature: str, body: Mapping[str, Json]) -> bool:
    """Whether a signature as WebCrypto makes it (r and s, 32 bytes each) is the key's."""
    try:
        raw = _bytes(signature)
        pair = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        words = canonical({name: value for name, value in body.items() if name != "proof"})
        public_key(key.x, key.y).verify(encode_dss_signature(*pair), words, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature, rfc8785.CanonicalizationError):
        return False
    return len(raw) == 64


def public_key(x: str, y: str) -> ec.EllipticCurvePublicKey:
    """The public key of a JWK's coordinates; raises ValueError for a point off the curve."""
    across, up = (int.from_bytes(_bytes(part), "big") for part in (x, y))
    return ec.EllipticCurvePublicNumbers(across, up, ec.SECP256R1()).public_key()


def _bytes(text: str) -> bytes:
    """Base64url without padding; raises ValueError for anything else."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("no base64url") from error
