"""Inputs that nobody knows: numbers of a scenario that are given as distributions, and draws of them.

A duration is a table with a distribution too: it varies from person to person. Any other number of
a scenario may be one: it is not known, and varies from draw to draw. So a mean may be known by the
distribution of a study, and a person's time still vary about it.
"""

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from opendcr.errors import InputError
from opendcr.keyed import Table, read_toml
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.scenario_file import DURATIONS, scenario_of
from opendcr.streams import stream

KINDS = ("uniform", "triangular", "normal", "lognormal", "gamma", "beta", "empirical")
_TAKES = {
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "empirical": ("values",),
}
_KEYS = ("distribution", "low", "mode", "high", "mean", "sd", "values", "source")
Key = tuple[str | int, ...]


@dataclass(frozen=True)
class Input:
    """A number that is not known: its key, and the distribution that says what it may be.

    `source` is who says so; an assumption where it is None.
    """

    key: Key
    distribution: str
    numbers: tuple[float, ...]  # as the distribution's keys come
    source: str | None = None

    @property
    def name(self) -> str:
        """The key as people write it."""
        return ".".join(map(str, self.key))

    @property
    def expected(self) -> float:
        """Its mean; of whole numbers, the middle one."""
        match self.distribution:
            case "uniform" | "triangular":
                return sum(self.numbers) / len(self.numbers)
            case "empirical":
                whole = all(isinstance(one, int) for one in self.numbers)
                middle = sorted(self.numbers)[len(self.numbers) // 2]
                return middle if whole else sum(self.numbers) / len(self.numbers)
            case _:
                return self.numbers[0]

    def drawn(self, seed: int, number: int) -> float:
        """What it is in a draw; it depends on nothing else."""
        rng = stream(seed, "input", self.name, number)
        if self.distribution == "empirical":
            return self.numbers[int(rng.integers(len(self.numbers)))]
        if self.distribution == "triangular":
            low, mode, high = self.numbers
            return float(rng.triangular(low, mode, high))
        mean, sd = self.numbers
        match self.distribution:
            case "uniform":
                return float(rng.uniform(mean, sd))
            case "normal":
                return float(rng.normal(mean, sd))
            case "lognormal":
                variance = math.log1p((sd / mean) ** 2)
                return float(rng.lognormal(math.log(mean) - variance / 2, math.sqrt(variance)))
            case "gamma":
                shape = (mean / sd) ** 2
                return float(rng.gamma(shape, mean / shape))
            case _:
                size = mean * (1 - mean) / sd**2 - 1
                return float(rng.beta(mean * size, (1 - mean) * size))


@dataclass(frozen=True)
class Assumptions:
    """A scenario's file: what it says with every input at its mean, and in any draw."""

    path: Path
    raw: Mapping[str, Any]
    inputs: tuple[Input, ...]
    expected: Scenario

    def at(self, values: Mapping[Key, float]) -> Scenario:
        """The scenario with some inputs at given values, and the others at their means."""
        means = {one.key: one.expected for one in self.inputs}
        return scenario_of(_with(self.raw, {**means, **values}), self.path)

    def drawn(self, seed: int, number: int) -> Scenario:
        """The scenario of a draw; raises InputError where a drawn number cannot be one."""
        values = {one.key: one.drawn(seed, number) for one in self.inputs}
        try:
            return scenario_of(_with(self.raw, values), self.path)
        except InputError as error:
            expected = f"{error.expected}, in every draw: this is draw {number} of a distribution"
            raise InputError(error.where, error.found, expected) from error


def read_assumptions(path: Path) -> Assumptions:
    """A scenario's file, which may hold distributions; InputError for what cannot be one."""
    raw = read_toml(path, "a scenario")
    inputs = tuple(_inputs(str(path), raw, ()))
    means = {one.key: one.expected for one in inputs}
    return Assumptions(path, raw, inputs, scenario_of(_with(raw, means), path))


def _inputs(where: str, value: Any, key: Key) -> Iterator[Input]:
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, Mapping):
        if "distribution" in value and not _is_duration(key):
            yield _input(Table.of(where, ".".join(map(str, key)), value, _KEYS), key)
            return
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for name, one in inner:
        yield from _inputs(where, one, (*key, name))


def _is_duration(key: Key) -> bool:
    return any(
        len(key) == len(one) and all(b in ("*", a) for a, b in zip(key, one, strict=True))
        for one in DURATIONS
    )


def _input(table: Table, key: Key) -> Input:
    kind = table.one_of("distribution", KINDS)
    source = table.text("source", most=500) if "source" in table else None
    takes = _TAKES.get(kind, ("mean", "sd"))
    for name in table.data:
        if name not in ("distribution", "source", *takes):
            raise table.fail(name, f"only {', '.join(takes)}: {kind} has no {name}")
    return Input(key, kind, _numbers(table, kind), source)


def _numbers(table: Table, kind: str) -> tuple[float, ...]:
    if kind == "empirical":
        values = table.data.get("values")
        if not isinstance(values, list) or not values:
            raise table.fail("values", "a list of numbers")
        table.numbers("values", len(values), -1e9, 1e9)
        return tuple(values)
    if kind in ("uniform", "triangular"):
        low = table.number("low", -1e9, 1e9)
        high = table.number("high", low, 1e9)
        if high <= low:
            raise table.fail("high", f"a number over {low:g}")
        return (low, high) if kind == "uniform" else (low, table.number("mode", low, high), high)
    mean = table.number("mean", -1e9 if kind == "normal" else 1e-9, 1.0 if kind == "beta" else 1e9)
    sd = table.number("sd", 1e-9, 1e9)
    if kind == "beta" and (mean >= 1 or sd**2 >= mean * (1 - mean)):
        raise table.fail(
            "sd", f"less than {math.sqrt(mean * (1 - mean)):.3g} for a mean of {mean:g}"
        )
    return mean, sd


def _with(raw: Mapping[str, Any], values: Mapping[Key, float]) -> dict[str, Any]:
    """A file's content with numbers in place of distributions."""
    content: Any = copy.deepcopy(dict(raw))
    for key, value in values.items():
        within = content
        for name in key[:-1]:
            within = within[name]
        within[key[-1]] = value
    assert isinstance(content, dict)
    return content


def ranks(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The ranks of numbers, ties in the middle."""
    array = np.asarray(values, dtype=np.float64)
    _, place, counts = np.unique(array, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place])
