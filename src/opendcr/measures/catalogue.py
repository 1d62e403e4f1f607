"""Every measure, by name, in the order in which people should read them."""

from collections.abc import Mapping
from types import MappingProxyType

from opendcr.measures.emergencies_per_1000_injections import MEASURE as EMERGENCY_RATE
from opendcr.measures.injecting_episodes import MEASURE as INJECTING_EPISODES
from opendcr.measures.measure import Measure
from opendcr.measures.medical_emergencies import MEASURE as MEDICAL_EMERGENCIES
from opendcr.measures.service_users import MEASURE as SERVICE_USERS
from opendcr.measures.substance_share import MEASURE as SUBSTANCE_SHARE
from opendcr.measures.times_accessed import MEASURE as TIMES_ACCESSED

_IN_ORDER = (
    SERVICE_USERS,
    TIMES_ACCESSED,
    INJECTING_EPISODES,
    MEDICAL_EMERGENCIES,
    SUBSTANCE_SHARE,
    EMERGENCY_RATE,
)

MEASURES: Mapping[str, Measure] = MappingProxyType({one.name: one for one in _IN_ORDER})
