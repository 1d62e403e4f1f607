"""Opens a room of eight booths in the store that the environment names; prints a token of the lead's."""

from opendcr.web.config.setup import configure

PASSWORD = "a benchmark's password"
POLICY = {
    "room": {"title": "Busy room", "opens": "00:00", "closes": "24:00"},
    "places": [
        {"id": f"booth-{number}", "kind": "injecting", "words": str(number)}
        for number in range(1, 9)
    ],
    "staff": {"minimum": 2},
}


def main() -> None:
    configure()
    from opendcr.web.store.access import new_token
    from opendcr.web.store.accounts import Account, create
    from tests.support import acting

    room = acting.begun()
    lead = create(Account("lead", "s-lead", "lead", "LE", "Lee Fraser"), PASSWORD)
    for role, kind, data in (
        ("manager", "AdoptPolicy", {"policy": POLICY}),
        ("manager", "PublishTerms", {"terms": "terms-1"}),
        ("lead", "SignOnStaff", {"staff": "s-lead", "role": "lead"}),
        ("lead", "SignOnStaff", {"staff": "s-nurse", "role": "nurse"}),
        ("lead", "OpenRoom", {}),
    ):
        assert acting.send(room, kind, data, role).facts
    print(new_token(lead))


if __name__ == "__main__":
    main()
