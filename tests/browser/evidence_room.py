"""Prepares a room with two recorded months: `python -m tests.browser.evidence_room`, in OPENDCR_HOME."""

from opendcr.web.config.setup import configure


def main() -> None:
    configure()
    from opendcr.web.store import prepare
    from tests.support.evidence import RECORDED, store_room

    prepare.migrate()
    store_room(RECORDED)


if __name__ == "__main__":
    main()
