"""Reporting triangles: read from editions, cut back to what was known, and refused where broken."""

import numpy as np
import pytest

from opendcr.errors import InputError
from opendcr.evaluate.delays.triangle import triangle_of
from opendcr.evaluate.panel import read_rows
from opendcr.evaluate.periods import Period


def read(tmp_path, text, max_delay=2):
    path = tmp_path / "editions.csv"
    path.write_text("period,edition,count\n" + text)
    return triangle_of(read_rows(path), max_delay)


def monthly(**counts):
    """Editions of one month after the other: each month's counts, from its own edition on."""
    lines = []
    for name, values in counts.items():
        month = int(name.removeprefix("m"))
        lines += [f"2024-{month:02},2024-{month + delay:02},{value}" for delay, value in enumerate(values)]  # fmt: skip
    return "\n".join(lines) + "\n"


EDITIONS = monthly(m1=[96, 103, 104, 105], m2=[86, 95, 95], m3=[70, 80], m4=[60])


def test_a_cell_stands_at_its_period_and_delay(tmp_path):
    made = read(tmp_path, EDITIONS)
    expected = [[96, 103, 104], [86, 95, 95], [70, 80, np.nan], [60, np.nan, np.nan]]
    np.testing.assert_array_equal(made.counts, expected)
    assert (str(made.edition), made.step, made.max_delay) == ("2024-04", 1, 2)
    assert [made.complete(at) for at in range(4)] == [True, True, False, False]
    assert made.last.tolist() == [105, 95, 80, 60]
    assert [one.tolist() for one in made.after(2)] == [[104], [105]]  # of one month, printed again
    assert made.longest == 3


def test_what_an_earlier_edition_knew(tmp_path):
    then = read(tmp_path, EDITIONS).as_at(Period.of("2024-02"))
    assert [str(one) for one in then.periods] == ["2024-01", "2024-02"]
    np.testing.assert_array_equal(then.counts, [[96, 103, np.nan], [86, np.nan, np.nan]])
    assert then.last.tolist() == [103, 86]


def test_quarterly_editions_of_months_go_three_delays_at_a_time(tmp_path):
    text = "".join(
        f"2024-{month:02},2024-{edition:02},{10 * month + edition}\n"
        for edition in (3, 6, 9, 12) for month in range(1, edition + 1)
    )  # fmt: skip
    made = read(tmp_path, text, 4)
    assert made.step == 3
    recent = [str(made.periods[at]) for at in range(12) if not made.complete(at)]
    assert recent == ["2024-09", "2024-10", "2024-11", "2024-12"]
    before, after, editions = made.pairs(2)  # the first months of quarters
    assert (after - before).tolist() == [3, 3, 3] and editions.tolist() == [5, 8, 11]
    assert made.final(0) == 10 + 6 and made.final(1) == 20 + 6 and made.final(2) == 30 + 9


def test_an_empty_cell_was_not_printed_and_rows_may_come_in_any_order(tmp_path):
    lines = EDITIONS.replace("2024-01,2024-02,103", "2024-01,2024-02,").splitlines()
    made = read(tmp_path, "\n".join(reversed(lines)) + "\n")
    assert np.isnan(made.counts[0, 1]) and made.last[0] == 105


@pytest.mark.parametrize(
    ("text", "max_delay", "said"),
    [(EDITIONS + "2024-04,2024-04,61\n", 2, "2024-04 in the edition of 2024-04 again"),
     (EDITIONS + "2024-04,2024-03,61\n", 2, "an edition of 2024-03 on 2024-04"),
     (EDITIONS.replace("60", "60.5"), 2, "row 11: found 60.5"),
     (EDITIONS.replace("60", "-1"), 2, "found -1"),
     (EDITIONS.replace("60", "some"), 2, "found 'some'"),
     (EDITIONS.replace("2024-04,2024-04,60", "2024-04,2024-04,"), 2, "no count of 2024-04 in the edition of 2024-04; expected every period that can still change, or a smaller `most`"),
     ("2024-01,2024-03-02,4\n", 2, "the same kind as period"),
     ("2024-13,2024-03,4\n", 2, "2024-13"),
     (EDITIONS, 0, "a maximum delay of 0"), (EDITIONS, 401, "1 to 400")],
)  # fmt: skip
def test_broken_editions_are_said_to_be_so(tmp_path, text, max_delay, said):
    with pytest.raises(InputError, match=r"editions\.csv") as error:
        read(tmp_path, text, max_delay)
    assert said in str(error.value)
