"""What exists: substances, places, signs, interventions, services, roles. One entry, one place."""

from opendcr.catalogue.entry import Catalogue, Entry

__all__ = ["Catalogue", "Entry"]
