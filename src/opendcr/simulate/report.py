"""A page about a simulated room: its figures, pictures by the hour, and what they say."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

import numpy as np

from opendcr import __version__
from opendcr.simulate.kernel import counts
from opendcr.simulate.pictures import WEEKDAYS, Hours, Picture, pictures, svg, table
from opendcr.simulate.scenario import MINUTE
from opendcr.simulate.simulated import Simulated
from opendcr.simulate.words import WORDS, number
from opendcr.whole import write_whole

NAME, HOURS = "report.html", "hours.csv"
_TIMES = ("wait", "queue", "used", "not_ready", "held")  # of `counts.BY_HOUR`


def write_report(folder: Path, found: Simulated, hours: Hours, lines: Sequence[str]) -> Path:
    """Writes the page into a folder, and the numbers by weekday and hour, each whole or not at all;
    the page's path."""
    path = folder / NAME
    write_whole(folder / HOURS, hours_csv(hours))
    write_whole(path, page(found, hours, lines))
    return path


def hours_csv(hours: Hours) -> str:
    """A row for each weekday and clock hour in which the room is open: what is counted in one
    replication, on average; times in minutes."""
    named = [f"{name}_minutes" if name in _TIMES else name for name in counts.BY_HOUR]
    rows = [",".join(["weekday", "hour", "open_minutes", *named])]
    mean = hours.counted.mean(axis=0)
    for weekday, hour in np.argwhere(hours.open > 0):
        values = [
            value / MINUTE if name in _TIMES else value
            for name, value in zip(counts.BY_HOUR, mean[weekday, hour].tolist(), strict=True)
        ]
        opened = hours.open[weekday, hour] / MINUTE
        rows.append(
            ",".join([WEEKDAYS[weekday], str(hour), *(f"{one:.6g}" for one in (opened, *values))])
        )
    return "\n".join(rows) + "\n"


def page(found: Simulated, hours: Hours, lines: Sequence[str]) -> str:
    """The page: one file, which loads nothing."""
    scenario = found.scenario
    places = scenario.seats
    drawn = pictures(hours, places)
    of = f" of each of {found.draws:,} draws of the inputs" if found.parts else ""
    times = "replication" if found.replications == 1 else "replications"
    origin = (
        f"Simulated: scenario {escape(scenario.name)}, seed {found.seed}, {found.replications:,} "
        f"{times}{of}, OpenDCR {__version__}. Nobody in it is real."
    )
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(scenario.name)}: a simulated room</title>",
            f"<style>{_style()}</style></head><body><main>",
            f"<h1>{escape(scenario.name)}: a simulated room</h1>",
            f"<p>{origin}</p>",
            "<h2>What it says</h2>",
            "<ul>",
            *(f"<li>{escape(line)}</li>" for line in lines),
            "</ul>",
            "<h2>Figures</h2>",
            *_figures(found),
            *(part for one in drawn for part in _picture(one, hours)),
            "</main></body></html>",
        ]
    )


def _figures(found: Simulated) -> Iterable[str]:
    heading = ["figure", "mean", "95 % interval of the mean"]
    heading += ["95 in 100, by the inputs"] if found.parts else []
    yield "<table><caption>Over people who come to use, in opening hours</caption>"
    yield f"<thead><tr>{''.join(f'<th scope=col>{one}</th>' for one in heading)}</tr></thead><tbody>"
    for name, one in found.figures.items():
        cells = [WORDS[name], number(one.mean, "–"), _between(*one.interval)]
        if found.parts:
            part = found.parts.get(name)
            cells.append(_between(part.low, part.high) if part else "–")
        head, *rest = cells
        yield f"<tr><th scope=row>{head}</th>{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>"
    yield "</tbody></table>"


def _picture(one: Picture, hours: Hours) -> Iterable[str]:
    heading, *rows = table(one)
    yield f"<h2>{escape(one.title)}</h2>"
    yield f"<figure>{svg(one)}<figcaption>{escape(one.unit)}; by {one.by}; {hours.origin}. Lines are 95 % intervals.</figcaption></figure>"
    yield "<details><summary>The numbers</summary><table><thead><tr>"
    yield "".join(f"<th scope=col>{escape(cell)}</th>" for cell in heading)
    yield "</tr></thead><tbody>"
    for row in rows:
        first, *rest = row
        yield f"<tr><th scope=row>{first}</th>{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>"
    yield "</tbody></table></details>"


def _style() -> str:
    return files("opendcr.simulate").joinpath("report.css").read_text(encoding="utf-8")


def _between(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{number(low)} to {number(high)}"
