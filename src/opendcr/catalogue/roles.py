"""Roles of staff. What each may do is in `opendcr.room.permissions`, and nowhere else."""

from opendcr.catalogue.entry import Catalogue, Entry

ROLES: Catalogue[Entry] = Catalogue(
    "roles",
    [
        Entry("reception", "reception"),
        Entry("worker", "harm-reduction worker"),
        Entry("nurse", "nurse"),
        Entry("lead", "shift lead"),
        Entry("manager", "service manager"),
        Entry("analyst", "analyst"),
        Entry("administrator", "administrator"),
        # A tablet that nobody has unlocked: it may send emergencies and what is seen of a body.
        Entry("device", "nobody signed in"),
    ],
)
