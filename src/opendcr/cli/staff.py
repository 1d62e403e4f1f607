"""`opendcr staff`: who may sign in, in which role."""

import sys
from typing import TYPE_CHECKING, Any

import click

from opendcr.catalogue.roles import ROLES
from opendcr.cli.database import database_option, opened
from opendcr.cli.output import emit, json_option
from opendcr.errors import InputError

if TYPE_CHECKING:
    from opendcr.web.store.models import Staff

SIGN_IN_ROLES = tuple(code for code in ROLES.codes if code != "device")

_password = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input's first line."
)


@click.group("staff", epilog="Example: opendcr staff list")
def staff() -> None:
    """Accounts of members of staff.

    A password has 15 or more characters, such as five unrelated words. It is asked for on a
    terminal, or read with --password-stdin; it never stands on the command line.
    """


@staff.command(
    "add",
    epilog="Example: opendcr staff add morgan --role lead --initials MG --full-name 'Mo Gray'",
)
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(SIGN_IN_ROLES), help="What they may do.")
@click.option("--initials", required=True, help="Two to four letters, which screens show.")
@click.option("--full-name", default="", help="What their own screen greets them with.")
@_password
@database_option
@json_option
def add(
    name: str,
    role: str,
    initials: str,
    full_name: str,
    password_stdin: bool,
    database: str | None,
    as_json: bool,
) -> None:
    """Make an account: NAME is what they sign in with."""
    _check(name, initials)
    with opened(database):
        from opendcr.web.store.staffing import take_on

        made = take_on(name, role, initials.upper(), full_name, _asked(password_stdin))
        words = f"'{name}' can sign in as {ROLES.words(role)}; facts say {made.staff}."
        emit(as_json, _shown(made), words)


@staff.command("list", epilog="Example: opendcr staff list --json")
@database_option
@json_option
def list_(database: str | None, as_json: bool) -> None:
    """List the accounts, those that were removed too: facts still name them."""
    with opened(database):
        from opendcr.web.store.models import Staff

        rows = [_shown(one) for one in Staff.objects.select_related("user").order_by("user_id")]
    lines = [
        f"{row['name']:<20} {row['initials']:<5} {row['role']:<14} {row['staff']:<16}"
        + ("" if row["active"] else " removed")
        for row in rows
    ]
    emit(as_json, {"staff": rows}, "\n".join(lines) or "Nobody yet: opendcr staff add NAME")


@staff.command("remove", epilog="Example: opendcr staff remove morgan")
@click.argument("name")
@database_option
@json_option
def remove(name: str, database: str | None, as_json: bool) -> None:
    """End an account at once: its sessions, signing keys and tokens. What it did stays its own."""
    with opened(database):
        from opendcr.web.store.staffing import staff_named, take_off

        gone = staff_named(name)
        take_off(gone)
        emit(as_json, _shown(gone), f"'{name}' can sign in no more.")


@staff.command("password", epilog="Example: opendcr staff password morgan")
@click.argument("name")
@_password
@database_option
@json_option
def password(name: str, password_stdin: bool, database: str | None, as_json: bool) -> None:
    """Give a new password, which ends the sessions of the old one."""
    with opened(database):
        from opendcr.web.store.staffing import give_password, staff_named

        known = staff_named(name)
        give_password(known, _asked(password_stdin))
        emit(as_json, _shown(known), f"'{name}' has a new password.")


def _check(name: str, initials: str) -> None:
    if not 1 <= len(name) <= 150 or not name.isprintable() or name != name.strip():
        raise InputError("NAME", f"'{name}'", "up to 150 letters, without spaces around them")
    if not 2 <= len(initials) <= 4 or not initials.isalnum():
        raise InputError("--initials", f"'{initials}'", "two to four letters")


def _asked(from_stdin: bool) -> str:
    """The password: standard input's first line, or typed twice on a terminal."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InputError("the password", "no terminal to ask on", "--password-stdin")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _shown(one: "Staff") -> dict[str, Any]:
    return {
        "name": one.user.get_username(),
        "staff": one.staff,
        "role": one.role,
        "initials": one.initials,
        "active": one.user.is_active,
    }
