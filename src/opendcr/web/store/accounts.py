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
DEMONSTRATION_PASSWORD = "training-room-2025"


def create(account: Account, password: str, *, demonstration: bool = False) -> Staff:
    """Makes an account, or gives the one that is there this password and role."""
    with transaction.atomic():
        user, _ = User.objects.get_or_create(username=account.username)
        user.first_name, _, user.last_name = account.full_name.partition(" ")
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
