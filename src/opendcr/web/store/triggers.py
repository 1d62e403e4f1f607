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
    return [
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in APPEND_ONLY
        for act in ("UPDATE", "DELETE")
    ]


# By what a row of each is found: no second row with one of these comes in.
KEYS = {
    "store_ledger": ("room = NEW.room",),
    "store_entry": ("id = NEW.id", "fact = NEW.fact", "(room = NEW.room AND seq = NEW.seq)"),
    "store_answer": ("command = NEW.command",),
    "store_secret": ("id = NEW.id", "text = NEW.text"),
}


def forbid_replacing(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Creates the triggers that stop SQLite's REPLACE, on whatever connection it comes.

    It deletes what is in its way without asking the triggers for deletion, unless the connection
    has `recursive_triggers` set, which is for each connection to say. PostgreSQL has no such thing.
    """
    if editor.connection.vendor != "sqlite":
        return
    for table, keys in KEYS.items():
        editor.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {' OR '.join(keys)}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
            params=None,
        )


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
