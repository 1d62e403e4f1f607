"""`opendcr migrate`: prepares a database as its owner."""

import click

from opendcr.cli.output import emit, json_option


@click.command(
    "migrate",
    epilog="Example: opendcr migrate --database postgresql://owner@/dcr --serve-as opendcr_serve",
)
@click.option("--database", metavar="URL", help="sqlite:///PATH or postgresql://OWNER@HOST/NAME.")
@click.option("--keys", metavar="URL", help="The database of the register's keys, kept apart.")
@click.option("--serve-as", metavar="ROLE", help="On PostgreSQL: the role that may then serve.")
@json_option
def migrate(database: str | None, keys: str | None, serve_as: str | None, as_json: bool) -> None:
    """Bring the database to this version, as its owner.

    On PostgreSQL, --serve-as makes a role that may add facts and read them, change none, and owns
    nothing; give it a password with ALTER ROLE where the server asks for one. On SQLite `opendcr
    serve` does all this by itself.
    """
    from opendcr.web.config.setup import configure, database_trouble

    configure(database, keys)
    from opendcr.web.store import prepare  # needs Django to be set up

    if serve_as:
        prepare.check_roles()
    with database_trouble():
        prepare.migrate()
        if serve_as:
            prepare.grant(serve_as)
    served = f"; {serve_as} may serve it" if serve_as else ""
    emit(as_json, {"migrated": True, "serve_as": serve_as}, f"The database is prepared{served}.")
