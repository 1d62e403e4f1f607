"""Chosen names and codes by person, decrypted once per process, so that a search is quick."""

from dataclasses import dataclass, field
from threading import Lock

from django.db import connection

from opendcr.web.store.models import Entry, Secret
from opendcr.web.store.register import opened


@dataclass
class Directory:
    """What people are called, as far as the register was read."""

    names: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    read_to: int = 0  # the last row of the register
    erasures: int = 0  # how many there were when it was read

    def find(self, words: str, limit: int) -> list[str]:
        """The people whose name or code begins with the words, or has a word that does."""
        wanted = _plain(words)
        if not wanted:
            return []
        coded = [person for person, code in self.codes.items() if _plain(code) == wanted]
        named = [
            person for person, name in self.names.items() if f" {wanted}" in f" {_plain(name)}"
        ]
        return list(dict.fromkeys([*coded, *sorted(named, key=self.names.__getitem__)]))[:limit]


_directories: dict[str, Directory] = {}
_reading = Lock()


def directory() -> Directory:
    """The directory with everything that the register holds by now, and nobody who was erased."""
    erasures = Entry.objects.filter(kind="Erased").count()
    with _reading:
        known = _directories.get(str(connection.settings_dict["NAME"]), Directory())
        if known.erasures != erasures:
            known = Directory(erasures=erasures)
        fresh = Secret.objects.filter(id__gt=known.read_to, purpose__in=("name", "code"))
        for secret, words in opened(fresh.order_by("id")):
            held = known.names if secret.purpose == "name" else known.codes
            held[secret.owner] = words
            known.read_to = secret.pk
        _directories[str(connection.settings_dict["NAME"])] = known
    return known


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())
