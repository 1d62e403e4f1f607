"""Every measure's worked example gives what its page says."""

import pytest

from opendcr.ledger.codec import encode
from opendcr.measures import MEASURES
from opendcr.tables import ledger_of, tables_of
from tests.spec.measures.drawn import GLASGOW, drawn


@pytest.mark.parametrize("measure", MEASURES.values(), ids=list(MEASURES))
def test_the_worked_example_holds(measure):
    ledger = ledger_of(GLASGOW, [encode(fact) for fact in drawn(measure.example.ledger)])
    rows = measure.rows(tables_of(ledger))
    found = {(row.period, tuple(row.group.items())): row for row in rows}
    for period, group, numerator, denominator in measure.example.gives:
        row = found[period, tuple(group.items())]
        assert (row.numerator, row.denominator) == (numerator, denominator)
