"""`opendcr token`: programs that act in a member of staff's name and role."""

from typing import TYPE_CHECKING, Any

import click

from opendcr.cli.database import database_option, opened
from opendcr.cli.output import emit, json_option

if TYPE_CHECKING:
    from opendcr.web.store.models import Token


@click.group("token", epilog="Example: opendcr token list")
def token() -> None:
    """Programs' access to the interface."""


@token.command("issue", epilog="Example: opendcr token issue --staff ali --days 30")
@click.option("--staff", required=True, metavar="NAME", help="In whose name and role.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3650))
@database_option
@json_option
def issue(staff: str, days: int, database: str | None, as_json: bool) -> None:
    """Issue a bearer token, and print it, once."""
    with opened(database):
        from opendcr.web.store import staffing

        text, kept = staffing.issue(staffing.staff_named(staff), days)
        words = f"{_id(kept)} is valid for {days} days. It is not shown again:\n{text}"
        emit(as_json, {**_shown(kept), "token": text}, words)


@token.command("list", epilog="Example: opendcr token list --json")
@database_option
@json_option
def list_(database: str | None, as_json: bool) -> None:
    """List the tokens; the tokens themselves are not kept."""
    with opened(database):
        from opendcr.web.store.models import Token

        kept = Token.objects.select_related("staff__user").order_by("pk")
        rows = [_shown(one) for one in kept]
    lines = [
        f"{row['id']:<10} {row['name']:<20} {_until(row['expires'])}"
        + ("  revoked" if row["revoked"] else "")
        for row in rows
    ]
    emit(as_json, {"tokens": rows}, "\n".join(lines) or "No token was issued.")


@token.command("revoke", epilog="Example: opendcr token revoke token-3")
@click.argument("id_", metavar="ID")
@database_option
@json_option
def revoke(id_: str, database: str | None, as_json: bool) -> None:
    """End a token at once."""
    with opened(database):
        from opendcr.web.store.staffing import revoke_token

        revoke_token(id_)
        emit(as_json, {"revoked": id_}, f"{id_} opens nothing from now on.")


def _until(expires: str | None) -> str:
    return f"until {expires[:10]}" if expires else "without end"


def _id(kept: "Token") -> str:
    return f"token-{kept.pk}"


def _shown(kept: "Token") -> dict[str, Any]:
    return {
        "id": _id(kept),
        "name": kept.staff.user.get_username(),
        "expires": kept.expires.isoformat() if kept.expires else None,
        "revoked": kept.revoked.isoformat() if kept.revoked else None,
    }
