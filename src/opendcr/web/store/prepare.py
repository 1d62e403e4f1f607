"""Preparing a database before it serves: migrations, rights, and the role that may serve."""

from datetime import UTC, datetime

from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from opendcr.errors import InputError
from opendcr.web.config.places import make_database_file
from opendcr.web.store.keyring.models import WrappedKey
from opendcr.web.store.models import Heartbeat
from opendcr.web.store.triggers import APPEND_ONLY

CHANGING = (
    "auth_user", "auth_user_groups", "auth_user_user_permissions", "django_session", "store_staff",
    "store_device", "store_token", "store_signingkey", "store_anchor", "store_heartbeat",
)  # fmt: skip


def migrate() -> None:
    """Brings both databases to this version; harmless when repeated."""
    for alias in ("default", "keys"):
        _migrate(alias)


def migrate_ledger() -> None:
    """The same for the ledger's database alone."""
    _migrate("default")


def migrate_keys() -> None:
    """The same for the keys alone, which are this server's own even where the ledger is not."""
    _migrate("keys")


def keys_are_there() -> bool:
    """Whether the keys' database was ever prepared."""
    make_database_file(connections["keys"].settings_dict)
    return WrappedKey._meta.db_table in connections["keys"].introspection.table_names()


def _migrate(alias: str) -> None:
    make_database_file(connections[alias].settings_dict)
    call_command("migrate", database=alias, verbosity=0, interactive=False)


def check_roles() -> None:
    """Raises InputError where the database knows no roles."""
    if connection.vendor != "postgresql":
        raise InputError("--serve-as", "a SQLite database", "a PostgreSQL database, or no role")


def grant(role: str) -> None:
    """Makes the role that serves, where it is not there, and gives it what it needs, no more."""
    quoted = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {quoted} LOGIN")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (table,) in cursor.fetchall():
            rights = "SELECT"
            rights += ", INSERT" if table in (*APPEND_ONLY, *CHANGING) else ""
            rights += ", UPDATE, DELETE" if table in CHANGING else ""
            name = connection.ops.quote_name(table)
            cursor.execute(f"REVOKE ALL ON {name} FROM {quoted}")
            cursor.execute(f"GRANT {rights} ON {name} TO {quoted}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quoted}")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {quoted}")


def check_writable() -> None:
    """Raises DatabaseError where nothing can be recorded: better at the start than at a tap."""
    with transaction.atomic():
        Heartbeat.objects.update_or_create(work="start", defaults={"beat": datetime.now(UTC)})


def check_serving_role() -> None:
    """Raises InputError where the database would let this role change what was recorded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, EXISTS (SELECT FROM pg_tables WHERE tablename = ANY(%s)"
            " AND pg_has_role(current_user, tableowner, 'MEMBER'))"
            " FROM pg_roles WHERE rolname = current_user",
            [list(APPEND_ONLY)],
        )
        role, superuser, owner = cursor.fetchone()
    if superuser or owner:
        found = f"the role '{role}', which {'is a superuser' if superuser else 'owns the ledger'}"
        expected = "a role that owns nothing: run `opendcr migrate --serve-as ROLE`, serve as it"
        raise InputError("--database", found, expected)


def check_migrated() -> None:
    """Raises InputError where a migration has not run."""
    executor = MigrationExecutor(connections["default"])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        found = "a database that is not prepared for this version"
        raise InputError("--database", found, "`opendcr migrate` run first, as its owner")
