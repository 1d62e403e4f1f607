"""Accounts: who may sign in, in which role."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from opendcr.web.store.models import Staff


@dataclass(frozen=True)
class Account:
    """A member of staff as an account is made: the name to sign in with, and what is shown."""

    username: str
    staff: str
    role: str
    initials: str
    full_name: str


# Sign-ins of a training room, printed at its start. Nobody real has them.
DEMONSTRATION = (
    Account("reception", "s-reception", "reception", "RB", "Robin Baird"),
    Account("worker", "s-worker", "worker", "WK", "Wren Kerr"),
    Account("nurse", "s-nurse", "nurse", "NM", "Nour Muir"),
    Account("lead", "s-lead", "lead", "LF", "Lee Fraser"),
    Account("manager", "s-manager", "manager", "MG", "Morgan Gray"),
    Account("analyst", "s-analyst", "analyst", "AS", "Ali Shaw"),
    Account("administrator", "s-administrator", "administrator", "AD", "Alex Doyle"),
)
# Those who are on shift beside them, so that a screen has initials for each; nobody signs in as them.
COLLEAGUES = (
    Account("lead-1", "s-lead-1", "lead", "IR", "Iona Reid"),
    Account("nurse-2", "s-nurse-2", "nurse", "HB", "Hamish Bell"),
    Account("nurse-3", "s-nurse-3", "nurse", "ZA", "Zara Akhtar"),
    Account("worker-4", "s-worker-4", "worker", "DM", "Dara Munro"),
    Account("worker-5", "s-worker-5", "worker", "CP", "Caro Paton"),
    Account("reception-6", "s-reception-6", "reception", "EW", "Euan Watt"),
    Account("worker-7", "s-worker-7", "worker", "TS", "Tess Scott"),
    Account("nurse-8", "s-nurse-8", "nurse", "JO", "Joss Orr"),
)
DEMONSTRATION_PASSWORD = "training-room-2025"


def create(account: Account, password: str | None, *, demonstration: bool = False) -> Staff:
    """Makes an account, or gives the one that is there this password and role.

    Without a password nobody can sign in to it. Setting one ends every session of the account, so
    a password that is as it was is left alone.
    """
    with transaction.atomic():
        user, new = User.objects.get_or_create(username=account.username)
        user.first_name, _, user.last_name = account.full_name.partition(" ")
        if new or password is None or not user.check_password(password):
            user.set_password(password)
        user.save()
        staff, _ = Staff.objects.update_or_create(
            staff=account.staff,
            defaults={
                "user": user,
                "role": account.role,
                "initials": account.initials,
                "demonstration": demonstration,
            },
        )
    return staff
