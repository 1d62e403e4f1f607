"""What every catalogue is made of: entries, and a list that knows its entries by code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar


@dataclass(frozen=True)
class Entry:
    """One thing that exists. `code` is stored in facts and never changes; `words` are for people.

    `maps` holds the codes of other lists by the list's name (`snomed`, `euda`). Only codes that
    were read in a public source stand here; a missing code is missing on purpose.
    """

    code: str
    words: str
    maps: Mapping[str, str] = field(default_factory=dict, kw_only=True)


E = TypeVar("E", bound=Entry)


class Catalogue(Generic[E]):
    """Entries of one kind, in the order in which people should see them."""

    def __init__(self, name: str, entries: list[E]) -> None:
        self.name = name
        self._by_code: Mapping[str, E] = MappingProxyType({entry.code: entry for entry in entries})
        if len(self._by_code) != len(entries):
            raise ValueError(f"the catalogue of {name} holds a code twice")

    def __iter__(self) -> Iterator[E]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> E:
        return self._by_code[code]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self._by_code)

    def words(self, code: str) -> str:
        """The words for a code; the code itself where a newer ledger knows more than we do."""
        return self._by_code[code].words if code in self._by_code else code
