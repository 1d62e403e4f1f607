"""Prepares a room with simulated days to plan from: `python -m tests.browser.planned_room`, in OPENDCR_HOME."""

from opendcr.web.config.setup import configure


def main() -> None:
    configure()
    from opendcr.web.store import prepare
    from tests.support.planning import store_planned_room

    prepare.migrate()
    store_planned_room()


if __name__ == "__main__":
    main()
