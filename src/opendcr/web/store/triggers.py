"""What makes a table append-only: triggers, on both engines."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

APPEND_ONLY = ("store_ledger", "store_entry", "store_answer", "store_secret")


def forbid(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Creates the triggers, for whichever engine the migration runs on."""
    postgres = editor.connection.vendor == "postgresql"
    statements = _postgres() if postgres else _sqlite()
    for statement in statements:
        editor.execute(statement, params=None)  # a percent sign is one


def _sqlite() -> list[str]:
    # A REPLACE deletes first, and meets the delete trigger where recursive_triggers is on.
    return [
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in APPEND_ONLY
        for act in ("UPDATE", "DELETE")
    ]


def _postgres() -> list[str]:
    function = (
        "CREATE FUNCTION store_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    return [function] + [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION store_append_only()"
        for table in APPEND_ONLY
    ]
