"""Whose name a command carries, and what proves it."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.contrib.auth.models import User

from opendcr.ledger.chain import canonical
from opendcr.web.store.models import SigningKey
from opendcr.web.store.proof import UNKNOWN_DEVICE, Sender
from tests.support import acting
from tests.support.acting import body, sender, sent
from tests.support.engines import RoomDatabase

DEVICE = Sender(None, "device", "t-9", "device")
SEEN = {"response": "alert"}


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Tablet:
    """A nurse's signing key on a tablet, as the browser makes and uses it."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        numbers = self._private.public_key().public_numbers()
        now = datetime.now(UTC)
        SigningKey.objects.create(
            key="k-1", staff_id="s-nurse", device="t-7",
            x=_base64(numbers.x.to_bytes(32, "big")), y=_base64(numbers.y.to_bytes(32, "big")),
            since=now, until=now + timedelta(hours=12),
        )  # fmt: skip

    def signed(self, command: dict[str, Any]) -> dict[str, Any]:
        signature = self._private.sign(canonical(command), ec.ECDSA(SHA256()))
        raw = b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(signature))
        return {**command, "proof": {"key": "k-1", "signature": _base64(raw)}}

    def command(self, kind: str = "Arrive", data: Any = None, **fields: Any) -> dict[str, Any]:
        tapped = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        return body(kind, data, author="s-nurse", tapped=tapped, offset_ms=0, **fields)


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    acting.accounts("nurse", "worker")
    return acting.opened()


@pytest.fixture
def tablet(room: str) -> Tablet:
    return Tablet()


def test_a_queue_sent_by_a_colleague_keeps_its_authors_name(room: str, tablet: Tablet) -> None:
    fact = sent(room, tablet.signed(tablet.command()), sender("worker")).facts[0]
    assert (fact["author"], fact["role"], fact["device"]) == ("s-nurse", "nurse", "t-7")
    assert fact["entered_by"] is None


def test_the_tablet_alone_may_send_what_was_signed(room: str, tablet: Tablet) -> None:
    assert sent(room, tablet.signed(tablet.command()), DEVICE).facts[0]["author"] == "s-nurse"


def test_signing_again_is_the_same_command(room: str, tablet: Tablet) -> None:
    command = tablet.command()
    first = sent(room, tablet.signed(command), sender("worker"))
    assert sent(room, tablet.signed(command), sender("worker")) == first


@pytest.mark.parametrize("forged", ["unsigned", "changed", "cut", "other key", "before the shift"])
def test_nobody_writes_in_anothers_name(room: str, tablet: Tablet, forged: str) -> None:
    command = tablet.signed(tablet.command())
    if forged == "unsigned":
        del command["proof"]
    elif forged == "changed":
        command["data"] = {"reasons": ["consume"]}
    elif forged == "cut":
        command["proof"]["signature"] = command["proof"]["signature"][:20]
    elif forged == "other key":
        command["proof"]["key"] = "k-2"
    else:
        early = tablet.command()
        early["tapped"] = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        command = tablet.signed(early)
    answer = sent(room, command, sender("worker"))
    assert (answer.status, answer.said["problem"]["code"]) == (422, "no_proof")


def test_what_lacked_its_proof_is_taken_from_its_author_afterwards(
    room: str, tablet: Tablet
) -> None:
    command = tablet.command()
    assert sent(room, command, DEVICE).said["problem"]["code"] == "no_proof"
    assert sent(room, command, sender("worker")).said["problem"]["code"] == "no_proof"
    assert sent(room, command, sender("nurse")).facts[0]["author"] == "s-nurse"


@pytest.mark.parametrize("behind", [timedelta(days=1), timedelta(seconds=10), -timedelta(days=1)])
@pytest.mark.parametrize("kind", ["Observed", "ConsumptionEnded"])
def test_a_tablet_with_a_wrong_clock_signs_by_the_corrected_time(
    room: str, tablet: Tablet, behind: timedelta, kind: str
) -> None:
    data, offset = (SEEN if kind == "Observed" else {}), int(behind.total_seconds() * 1000)
    command = tablet.command(kind, data, visit="v-1", mode="report")
    command |= {"tapped": (datetime.now(UTC) - behind).isoformat(), "offset_ms": offset}
    assert sent(room, tablet.signed(command), sender("worker")).facts[0]["author"] == "s-nurse"
    command |= {"id": acting.uuid7(), "offset_ms": offset - 2 * 60_000}
    proven = sent(room, tablet.signed(command), sender("worker"))
    assert proven.status == 422 or proven.facts[0]["author"] == "unattributed"


@pytest.mark.parametrize("proof", [None, "x", [], {}, {"key": 1, "signature": 2}, {"key": "k-1"}])
def test_a_proof_of_another_shape_proves_nothing(room: str, tablet: Tablet, proof: Any) -> None:
    assert sent(room, {**tablet.command(), "proof": proof}, sender("worker")).status == 422


def test_what_is_seen_of_a_body_is_taken_from_a_device_alone(room: str, tablet: Tablet) -> None:
    fact = sent(room, body("Observed", SEEN, visit="v-1"), DEVICE).facts[0]
    assert (fact["author"], fact["role"], fact["device"]) == ("unattributed", "device", "t-9")
    unproven = tablet.command("Observed", SEEN, visit="v-1")
    assert sent(room, unproven, DEVICE).facts[0]["author"] == "unattributed"


def test_a_page_that_says_nobody_is_signed_in_writes_in_nobodys_name(room: str) -> None:
    """Somebody has signed in on the tablet since, in another tab."""
    started = body("StartEmergency", {"area": "toilet"}, author=None)
    fact = sent(room, started, sender("worker")).facts[0]
    assert (fact["author"], fact["role"], fact["device"]) == ("unattributed", "device", "t-1")
    arrived = sent(room, body("Arrive", author=None), sender("worker"))
    assert arrived.said["problem"]["code"] == "no_proof"


def test_an_emergency_starts_on_a_tablet_that_nobody_has_unlocked(room: str) -> None:
    assert sent(room, body("StartEmergency", {"area": "toilet"}), DEVICE).status == 200


@pytest.mark.parametrize("kind", ["Arrive", "Arrived", "AddNote", "RoomOpened"])
def test_a_device_alone_sends_nothing_else(room: str, kind: str) -> None:
    assert sent(room, body(kind), DEVICE).status == 422


def test_paper_names_its_author_and_who_entered_it(room: str) -> None:
    command = body("Observed", SEEN, visit="v-1", author="s-nurse", source="paper")
    fact = sent(room, command, sender("worker")).facts[0]
    assert (fact["author"], fact["entered_by"], fact["source"]) == ("s-nurse", "s-worker", "paper")


def test_paper_cannot_name_somebody_who_does_not_work_here(room: str) -> None:
    command = body("Arrive", author="s-ghost", source="paper")
    assert sent(room, command, sender("worker")).status == 422


def test_a_key_writes_in_its_owners_name_alone(room: str, tablet: Tablet) -> None:
    for by in (sender("lead"), DEVICE):
        command = tablet.signed({**tablet.command(), "id": acting.uuid7(), "author": "s-worker"})
        assert sent(room, command, by).status == 422


def test_the_key_of_somebody_who_left_writes_nothing(room: str, tablet: Tablet) -> None:
    command = tablet.signed(tablet.command())
    User.objects.filter(staff__staff="s-nurse").update(is_active=False)
    assert sent(room, command, DEVICE).status == 422
    assert sent(room, command, sender("worker")).status == 422


def test_a_tablet_gets_its_answer_again_after_its_person_signed_out(room: str) -> None:
    started = body("StartEmergency", {"area": "toilet"})
    first = sent(room, started, Sender("s-nurse", "nurse", "t-9", "session"))
    assert sent(room, started, DEVICE) == first
    elsewhere = Sender(None, "device", "t-8", "device")
    for by, command in ((elsewhere, started), (DEVICE, {**started, "data": {}})):
        again = sent(room, command, by)
        assert again.status == 422
        assert first.facts[0]["id"] not in str(again.said)


def test_nothing_is_signed_after_the_shift_or_with_more_than_a_signature(
    room: str, tablet: Tablet
) -> None:
    late = tablet.command()
    late["tapped"] = (datetime.now(UTC) + timedelta(hours=13)).isoformat()
    assert sent(room, tablet.signed(late), sender("worker")).status == 422
    longer = tablet.signed(tablet.command())
    raw = base64.urlsafe_b64decode(longer["proof"]["signature"] + "==")
    longer["proof"]["signature"] = _base64(raw[:32] + b"\0" + raw[32:])
    assert sent(room, longer, sender("worker")).status == 422


def test_a_device_that_nobody_knows_gets_nobodys_answer_again(room: str) -> None:
    started = body("StartEmergency", {"area": "toilet"})
    first = sent(room, started, Sender("s-nurse", "nurse", UNKNOWN_DEVICE, "session"))
    again = sent(room, started, Sender(None, "device", UNKNOWN_DEVICE, "device"))
    assert again.status == 422
    assert first.facts[0]["id"] not in str(again.said)


def test_a_device_learns_nothing_of_a_refusal_under_the_same_id(room: str) -> None:
    refused = body("Depart", {"how": "well"}, visit="v-1")
    assert sent(room, refused, Sender("s-nurse", "nurse", "t-9", "session")).status == 409
    assert sent(room, body("Observed", SEEN) | {"id": refused["id"]}, DEVICE).status == 422


def test_a_tablet_gets_its_answer_again_after_somebody_signed_in(room: str) -> None:
    started = body("StartEmergency", {"area": "toilet"})
    first = sent(room, started, DEVICE)
    assert sent(room, started, Sender("s-nurse", "nurse", "t-9", "session")) == first
    elsewhere = Sender("s-nurse", "nurse", "t-8", "session")
    for by, command in ((elsewhere, started), (sender("nurse"), {**started, "data": {}})):
        assert sent(room, command, by).status == 422
