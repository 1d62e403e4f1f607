"""`opendcr device`: what may report an emergency with nobody signed in."""

from typing import TYPE_CHECKING, Any

import click

from opendcr.cli.database import database_option, opened
from opendcr.cli.output import emit, json_option
from opendcr.errors import InputError

if TYPE_CHECKING:
    from opendcr.web.store.models import Device


@click.group("device", epilog="Example: opendcr device list")
def device() -> None:
    """Enrolled devices.

    A tablet is enrolled on itself: a manager or an administrator signs in on it and opens /device.
    """


@device.command("enrol", epilog="Example: opendcr device enrol 'oxygen monitor, booth 3'")
@click.argument("name")
@database_option
@json_option
def enrol(name: str, database: str | None, as_json: bool) -> None:
    """Enrol a device that is no browser, and print its token, once."""
    if not 1 <= len(name.strip()) <= 64:
        raise InputError("NAME", f"{len(name.strip())} characters", "1 to 64")
    with opened(database):
        from opendcr.web.store.access import new_device

        made, token = new_device(name.strip())
        words = f"{made.device} is enrolled. Its token, which is not shown again:\n{token}"
        emit(as_json, {**_shown(made), "token": token}, words)


@device.command("list", epilog="Example: opendcr device list --json")
@database_option
@json_option
def list_(database: str | None, as_json: bool) -> None:
    """List the devices, those that were revoked too."""
    with opened(database):
        from opendcr.web.store.models import Device

        rows = [_shown(one) for one in Device.objects.order_by("enrolled")]
    lines = [
        f"{row['device']:<16} {row['enrolled'][:10]}  {row['name']}"
        + ("  revoked" if row["revoked"] else "")
        for row in rows
    ]
    emit(as_json, {"devices": rows}, "\n".join(lines) or "No device is enrolled.")


@device.command("revoke", epilog="Example: opendcr device revoke t-4f1d09aa2b3c")
@click.argument("id_", metavar="ID")
@database_option
@json_option
def revoke(id_: str, database: str | None, as_json: bool) -> None:
    """End a device at once, with the sessions and signing keys on it."""
    with opened(database):
        from opendcr.web.store.devices import revoke_device

        emit(as_json, _shown(revoke_device(id_)), f"{id_} is a stranger from now on.")


def _shown(one: "Device") -> dict[str, Any]:
    return {
        "device": one.device,
        "name": one.name,
        "enrolled": one.enrolled.isoformat(),
        "revoked": one.revoked.isoformat() if one.revoked else None,
    }
