"""What the database holds.

`Ledger`, `Entry` (a fact's row), `Answer` and `Secret` are append-only: triggers forbid anything
but insert and select (see `triggers`). All else is accounts and machinery.
"""

from django.conf import settings
from django.db import models


class Ledger(models.Model):
    """The header of a room's ledger, as text that was hashed into its first link."""

    room = models.CharField(primary_key=True, max_length=64)
    header = models.TextField()


class Entry(models.Model):
    """One fact: the canonical text that was hashed, its chain, and columns to find it by."""

    room = models.CharField(max_length=64)
    seq = models.PositiveBigIntegerField()
    fact = models.CharField(max_length=64, unique=True)
    command = models.CharField(max_length=64)
    kind = models.CharField(max_length=32)
    visit = models.CharField(max_length=64, null=True)
    person = models.CharField(max_length=64, null=True)
    emergency = models.CharField(max_length=64, null=True)
    target = models.CharField(max_length=64, null=True)
    recorded = models.DateTimeField()
    record = models.TextField()
    chain = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "seq"], name="room_seq")]
        indexes = [
            models.Index(fields=["room", "visit"], name="entry_visit"),
            models.Index(fields=["room", "person"], name="entry_person"),
            models.Index(fields=["room", "emergency"], name="entry_emergency"),
            models.Index(fields=["room", "target"], name="entry_target"),
            models.Index(fields=["room", "kind", "seq"], name="entry_kind"),
        ]


class Answer(models.Model):
    """The first answer to a command, a refusal too: what every replay gets."""

    command = models.CharField(primary_key=True, max_length=64)
    author = models.CharField(max_length=64)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()


class Secret(models.Model):
    """An entry of the register: a text under its owner's key, which stands in another database.

    The owner is the text itself, so that one text can be erased alone. `sealed` holds the salt and
    the words together: with the key gone, not even a guess can be tried against a fact's hash.
    """

    text = models.CharField(max_length=64, unique=True)
    owner = models.CharField(max_length=64)
    purpose = models.CharField(max_length=16)
    sealed = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["purpose", "owner"], name="secret_purpose")]


class Staff(models.Model):
    """A member of staff: who signs in, and what facts call them."""

    staff = models.CharField(primary_key=True, max_length=64)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    role = models.CharField(max_length=32)
    initials = models.CharField(max_length=4)
    demonstration = models.BooleanField(default=False)

    @property
    def called(self) -> str:
        """What screens call them."""
        return self.user.get_full_name() or self.initials


class Device(models.Model):
    """An enrolled device. Only the hash of its token is kept."""

    device = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=64, default="")
    token_hash = models.CharField(max_length=64, unique=True)
    enrolled = models.DateTimeField(auto_now_add=True)
    revoked = models.DateTimeField(null=True)


class Token(models.Model):
    """A program's access, in a member of staff's name and role. Only the hash is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT)
    expires = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)


class SigningKey(models.Model):
    """A person's key for one device and one shift: it proves who made a queued tap."""

    key = models.CharField(primary_key=True, max_length=64)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT)
    device = models.CharField(max_length=64)
    x = models.CharField(max_length=64)
    y = models.CharField(max_length=64)
    since = models.DateTimeField()
    until = models.DateTimeField()


class Anchor(models.Model):
    """A head that was verified from the start of the ledger, and can be held against outside."""

    room = models.CharField(max_length=64)
    seq = models.PositiveBigIntegerField()
    chain = models.CharField(max_length=64)
    verified = models.DateTimeField()


class Heartbeat(models.Model):
    """When a piece of background work last ran to its end."""

    work = models.CharField(primary_key=True, max_length=64)
    beat = models.DateTimeField()
