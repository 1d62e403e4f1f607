"""A simulated room's figures in words, for a terminal and for a page."""

# A total is of one replication.
WORDS = {
    "arrivals": "people who come to use",
    "served": "people served",
    "left_waiting": "people who give up waiting",
    "balked": "of these, people who do not join the queue",
    "turned_away": "people who find the queue full",
    "waiting_at_close": "people sent away at closing",
    "emergencies": "emergencies",
    "probability_wait": "share who do not start at once",
    "probability_leave": "share who give up waiting",
    "probability_unserved": "share who go without: give up, or are turned or sent away",
    "probability_short_of_staff": "share who find a place but too few staff",
    "probability_held_up": "share held up by an emergency",
    "probability_not_fitting": "share who find only places that do not fit them",
    "mean_wait_minutes": "mean wait, minutes",
    "mean_wait_served_minutes": "mean wait of those served, minutes",
    "wait_p95_minutes": "wait that one in twenty exceeds, minutes",
    "mean_queue_length": "people waiting, on average",
    "occupancy": "share of open place-time in use",
    "mean_staff_held": "staff held by emergencies, on average",
    "mean_places_kept": "places kept by people who wait for a chair, on average",
}


def number(value: float | None, none: str = "-") -> str:
    """A figure: four places, or whole from a thousand on; `none` where there is none."""
    if value is None:
        return none
    if 0 < abs(value) < 1e-4:
        return "< 0.0001"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
