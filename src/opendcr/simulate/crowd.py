"""Who the comers are: people come for the first time or come back, some more often than others."""

from bisect import bisect_right

from opendcr.room.room import Room
from opendcr.simulate.scenario import People
from opendcr.streams import stream

_BANDS = ("18-24", "25-34", "35-44", "45-54", "55-64")
_SHARES = (0.05, 0.25, 0.45, 0.8, 1.0)  # cumulative; an assumption, ages are not published


class Crowd:
    """The people of one replication, known by the order in which they first came."""

    def __init__(self, people: People, seed: int, replication: int) -> None:
        self._people, self._key = people, (seed, replication)
        self._edges: list[float] = []  # cumulative propensity to come back

    def who(self, visit: int, room: Room) -> tuple[str, bool]:
        """Who makes the visit of this number (from 1), and whether for the first time.

        Nobody comes who is in the building already.
        """
        rng = stream(self._key[0], self._key[1], visit, "who")
        if not self._edges or rng.random() < self._people.probability_new(visit):
            return self._newcomer(), True
        here = {held.person for held in room.visits.values()}
        for _ in range(50):
            chosen = bisect_right(self._edges, rng.random() * self._edges[-1])
            person = self._id(min(chosen, len(self._edges) - 1))
            if person not in here:
                return person, False
        return self._newcomer(), True

    def said(self, person: str) -> tuple[str, str]:
        """The gender and age band that a person gives."""
        rng = stream(self._key[0], self._key[1], person, "said")
        gender = "woman" if rng.random() < self._people.women else "man"
        return gender, _BANDS[bisect_right(_SHARES[:-1], rng.random())]

    def _newcomer(self) -> str:
        at = len(self._edges)
        rng = stream(self._key[0], self._key[1], at, "propensity")
        spread = self._people.spread
        often = float(rng.gamma(1 / spread**2, spread**2)) if spread else 1.0
        self._edges.append((self._edges[-1] if self._edges else 0.0) + max(often, 1e-9))
        return self._id(at)

    def _id(self, at: int) -> str:
        return f"p-{stream(*self._key, at, 'person').bytes(8).hex()}"
