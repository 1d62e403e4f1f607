"""Prepares a room in which nobody moves by itself: `python -m tests.browser.quiet_room`, in OPENDCR_HOME.

Eight booths, terms, a nurse and a lead on shift, an account for each role. Prints a token of the
lead's, with which a test makes its world by commands.
"""

from opendcr.ledger.facts import Header, Origin
from opendcr.web.config.setup import configure

ROLES = ("reception", "worker", "nurse", "lead", "manager", "analyst")
POLICY = {
    "room": {"title": "Calton room", "opens": "00:00", "closes": "24:00"},
    "places": [
        {"id": f"booth-{n}", "kind": "accessible" if n > 6 else "injecting", "words": str(n)}
        for n in range(1, 9)
    ],
    "staff": {"minimum": 2},
}


def main() -> None:
    configure()
    from opendcr.web.store import prepare
    from opendcr.web.store.access import new_token
    from opendcr.web.store.accounts import create
    from opendcr.web.store.ledgers import begin
    from opendcr.web.store.models import Staff
    from tests.support import acting

    prepare.migrate()
    begin(Header(acting.ROOM, "Europe/London", Origin("recorded")))
    for role in ROLES:
        create(acting.account(role), acting.PASSWORD)
    for role, kind, data in (
        ("manager", "AdoptPolicy", {"policy": POLICY}),
        ("manager", "PublishTerms", {"terms": "terms-1"}),
        ("lead", "SignOnStaff", {"staff": "s-lead", "role": "lead"}),
        ("lead", "SignOnStaff", {"staff": "s-nurse", "role": "nurse"}),
        ("lead", "OpenRoom", {}),
    ):
        answer = acting.send(acting.ROOM, kind, data, role)
        assert answer.status == 200, answer.said
    print(new_token(Staff.objects.get(staff="s-lead")))


if __name__ == "__main__":
    main()
