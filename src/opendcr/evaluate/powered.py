"""What a power study found, in words: a table for each series, and a sentence for each effect."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendcr.evaluate.panel import some
from opendcr.evaluate.periods import rhythm_of
from opendcr.evaluate.power import Asked, Drift, Power, fewer_later, until_shown, wilson
from opendcr.evaluate.study import Study

WORLDS = 100  # that figures are told of
MUCH = 1.1  # times too large, from which on it is told
_FURTHER = " What was before is carried on, and says less the further it is carried: waiting longer shows less."
_DRIFTS: tuple[Drift, ...] = ("none", "estimated", "upper")


@dataclass(frozen=True)
class Words:
    """How a power study is told: what its periods are called, whose drift it is, and the relative
    effect at or under which success is shown."""

    units: str
    whose: str
    threshold: float = 0.0

    def told_in(self, one: Power) -> str:
        """How often an effect would be told at a time: shown, and seen where that is less."""
        when = f"{self.after(one.case.periods)}, {self._drift(one)}"
        effect, seen = self.effect(one.case.effect), _often(one.seen, one.panels)
        if one.case.effect > 0:
            return f"{effect} would be seen in {seen} {when}"
        if within(one.case.effect, self.threshold):
            is_threshold = one.case.effect == self.threshold
            why = "it is the threshold itself" if is_threshold else "it is less than the threshold"
            return (
                f"{effect} cannot be shown at any length: {why}; a change would be seen in {seen} "
                f"{when}"
            )
        also = f", and a change seen in {round(WORLDS * one.seen)}," if self.threshold else ""
        return f"{effect} would be shown in {_often(one.power, one.panels)}{also} {when}"

    def told_beside(self, one: Power, upper: Power) -> str:
        """The same with how often it would be with as much drift as its interval allows: a small
        drift that was estimated is no ground for a plan."""
        cannot = within(one.case.effect, self.threshold)
        often = round(WORLDS * (upper.seen if cannot else upper.told))
        return f"{self.told_in(one)}; in {often} {self._drift(upper)}."

    def effect(self, effect: float) -> str:
        """An effect as the beginning of a sentence."""
        return f"A {'fall' if effect < 0 else 'rise'} of {100 * abs(effect):.6g} %"

    def after(self, periods: int) -> str:
        """So many periods after the start."""
        return f"after {periods} {self.units if periods != 1 else self.units.removesuffix('s')}"

    def until(self, found: Sequence[Power], series: str, effect: float) -> str:
        """From when on an effect would be told, without drift and with it."""
        rows = [one for one in found if one.case.series == series and one.case.effect == effect]
        if within(effect, self.threshold):
            return f"{self.told_in(_last(rows))}."
        told = "shown" if effect <= 0 else "seen"
        most = max(one.case.periods for one in rows)

        def said(drift: Drift) -> str:
            begun = self._begun(rows, drift) or f"not within {most} {self.units}"
            fewer = fewer_later(found, series, effect, drift)
            return begun + (
                f", and in fewer {self.after(fewer[1])} than after {fewer[0]}" if fewer else ""
            )

        drifting = said("estimated")
        without = said("none") if any(one.case.drift == "none" for one in rows) else drifting
        beside = f"; were there no drift, {without}" if without != drifting else ""
        falls = _FURTHER if "in fewer" in drifting + beside else ""
        return (
            f"{self.effect(effect)} would be {told} in 80 of {WORLDS} worlds: "
            f"{drifting}{beside}.{falls}"
        )

    def _begun(self, rows: Sequence[Power], drift: Drift) -> str:
        """From when on one effect would be told, and where the panels are too few to be sure of it;
        empty where it would not."""
        case = rows[0].case
        sure, perhaps = (
            until_shown(rows, case.series, case.effect, drift, surely) for surely in (True, False)
        )
        if perhaps is None:
            return ""
        if sure is None:
            return f"perhaps {self.after(perhaps)} (more panels would tell)"
        already = f", and perhaps {self.after(perhaps)} already" if perhaps < sure else ""
        return f"{self.after(sure)}{already}"

    def false_claims(self, found: Sequence[Power]) -> Iterator[str]:
        """Where nothing happens and success would be shown more often than the level allows: the
        worst of each drift."""
        for drift in _DRIFTS:
            rows = [one for one in found if not one.case.effect and one.case.drift == drift]
            worst = max((one for one in rows if one.low > one.level / 2),
                        key=lambda one: one.power, default=None)  # fmt: skip
            if worst is not None:
                yield (
                    f"Where nothing happens, success would be shown in {round(WORLDS * worst.power)} "
                    f"of {WORLDS} worlds {self.after(worst.case.periods)}, {self._drift(worst)}."
                )

    def _drift(self, one: Power) -> str:
        said = {
            "none": "without any drift",
            "estimated": f"with {self.whose} drift",
            "upper": f"with a drift of {100 * one.drift:.2g} %, the most that its interval allows",
        }
        return said[one.case.drift]


def words_of(before: Study, threshold: float = 0.0) -> Words:
    """The words for a study, and for what counts as success."""
    others = len(before.panel.units) > len(before.treated)
    alone = "the cells' own" if before.panel.labels else "the other areas'"
    whose = alone if others else "the series' own"
    return Words(rhythm_of(before.panel.periods).units, whose, threshold)


def within(effect: float, threshold: float) -> bool:
    """Whether an effect is a fall no larger than the one that success asks for: the whole interval
    then lies beyond the threshold only by chance, in at most half of the level of all worlds."""
    return threshold <= effect < 0


def _often(share: float, panels: int) -> str:
    low, high = (round(WORLDS * end) for end in wilson(share, panels))
    return f"{round(WORLDS * share)} of {WORLDS} worlds ({low} to {high})"


def _last(rows: Sequence[Power]) -> Power:
    """The figures of the last period, with the drift as it was estimated where there is any."""
    return max(rows, key=lambda one: (one.case.drift == "estimated", one.case.periods))


def lines(asked: Asked, found: Sequence[Power]) -> Iterator[str]:
    """A power study as text."""
    words = words_of(asked.before, asked.threshold)
    found = _each_once(found)
    yield from _head(asked, words)
    yield from _not_asked(asked, words, found)
    yield _sure(min(one.panels for one in found))
    yield from _out_of_reach(asked, words, found)
    for series in dict.fromkeys(one.case.series for one in found):
        of = [one for one in found if one.case.series == series]
        yield ""
        also = " / the interval would exclude zero" if asked.threshold else ""
        yield f"{series}: of {WORLDS} worlds, in how many success would be shown{also}"
        yield from _table(of, words, bool(asked.threshold))
        yield from words.false_claims(of)
        for effect in dict.fromkeys(one.case.effect for one in of if one.case.effect):
            last = _last([one for one in of if one.case.effect == effect])
            yield words.until(found, series, effect) + exaggerated(last)
    if refused := sum(one.refused for one in found):
        total = sum(one.panels for one in found)
        yield f"In {refused} of {total} worlds the design gave no answer; they count as not shown."


def _each_once(found: Sequence[Power]) -> list[Power]:
    """The figures without those of no drift, where none was estimated: they are the same."""
    drifting = any(one.drift for one in found if one.case.drift == "estimated")
    known = any(one.case.drift == "estimated" for one in found)
    return [one for one in found if one.case.drift != "none" or drifting or not known]


def _not_asked(asked: Asked, words: Words, found: Sequence[Power]) -> Iterator[str]:
    """Which periods of the plan are passed over."""
    if asked.passed_over:
        named, looked = (some([str(one) for one in each])
                         for each in (asked.passed_over, dict.fromkeys(one.case.periods for one in found)))  # fmt: skip
        yield (
            f"Not asked after {named} {words.units}, which [power] names: by its `to` or its reviews "
            f"the plan is looked at after {looked} alone."
        )


def power_data(asked: Asked, found: Sequence[Power]) -> dict[str, Any]:
    """A power study as JSON; what stands at the upper end of the drift's interval stands apart."""
    wandering = asked.wandering
    upper = [one for one in found if one.case.drift == "upper"]
    usual = [one for one in found if one.case.drift != "upper"]
    return {
        "threshold": asked.threshold, "drift": wandering.drift,
        "drift_interval": list(asked.drift_interval), "scatter": wandering.scatter,
        "common": wandering.common,
        "together": {name: one.drift for name, one in wandering.together.items()},
        "until_seen": _until(usual), "power": _rows(usual),
        "at_upper_drift": {"until_seen": _until(upper), "power": _rows(upper)},
    }  # fmt: skip


def _rows(found: Sequence[Power]) -> list[dict[str, Any]]:
    return [one.to_data() for one in found]


def _until(found: Sequence[Power]) -> list[dict[str, Any]]:
    named = dict.fromkeys(
        (one.case.series, one.case.effect, one.case.drift) for one in found if one.case.effect
    )
    return [{"series": series, "effect": effect, "drift": drift != "none",
             "periods": until_shown(found, series, effect, drift)}
            for series, effect, drift in named]  # fmt: skip


def _head(asked: Asked, words: Words) -> Iterator[str]:
    found = asked.wandering
    low, high = (f"{100 * end:.2g}" for end in asked.drift_interval)
    yield (
        f"Success: the whole interval at or under {100 * asked.threshold:+.6g} %."
        if asked.threshold
        else "Success: the whole interval at or under no change."
    )
    yield (
        f"Drift, {words.whose}: {100 * found.drift:.2g} % a period, and by its 95 % interval "
        f"{low} to {high} %. Scatter beyond chance: {100 * found.scatter:.2g} %."
    )
    if found.together:
        taken = (f"{100 * one.drift:.2g} % by {name}" for name, one in found.together.items())
        yield f"What cells drift together, which the design takes out, a period: {' and '.join(taken)}."


def _sure(panels: int) -> str:
    """Of how many panels the figures are, and how far chance alone moves them."""
    middle = 0.5
    reach = WORLDS * (wilson(middle, panels)[1] - middle)
    return (
        f"Figures are of {WORLDS} worlds, from {panels} panels of each case: chance moves them by up "
        f"to {reach:.0f} either way (95 %)."
    )


def _out_of_reach(asked: Asked, words: Words, found: Sequence[Power]) -> Iterator[str]:
    """When the design's least p-value is above the level, so that no effect could be significant."""
    for case in {one.case.periods: one.case for one in found}.values():
        floor, level = asked.floor(case), asked.review(case.periods).level
        if floor is not None and floor > level:
            when = words.after(case.periods)
            yield (
                f"{when[:1].upper()}{when[1:]} its least p-value is {floor:.3g}, above the level "
                f"{level:.3g}: its test cannot be significant then, however large the effect."
            )


def _table(of: Sequence[Power], words: Words, both: bool) -> Iterator[str]:
    """Rows are periods; columns effects, for each drift: how often shown, and with `both` how often
    the interval excludes zero."""
    cells = {(one.case.drift, one.case.periods, one.case.effect): _cell(one, both) for one in of}
    effects = list(dict.fromkeys(one.case.effect for one in of))
    drifts = {one.case.drift: one.drift for one in of}
    wide = 9 if both else 6
    named = {"none": "no drift", "estimated": "drift {:.2g} %", "upper": "at most {:.2g} %"}
    heads = [named[one].format(100 * drifts[one]) for one in _DRIFTS if one in drifts]
    yield f"{'':10}" + "".join(f"{one:>{wide * len(effects)}}" for one in heads)
    each = "".join(f"{_percent(one):>{wide}}" for one in effects)
    yield f"{words.units:10}" + each * len(heads)
    for periods in dict.fromkeys(one.case.periods for one in of):
        row = [cells[drift, periods, effect] for drift in _DRIFTS if drift in drifts
               for effect in effects]  # fmt: skip
        yield f"{periods:<10}" + "".join(f"{one:>{wide}}" for one in row)


def _cell(one: Power, both: bool) -> str:
    shown = f"{round(WORLDS * one.power)}"
    return f"{shown}/{round(WORLDS * one.seen)}" if both else shown


def _percent(effect: float) -> str:
    return f"{100 * effect:+.3g}%" if effect else "none"


def exaggerated(one: Power) -> str:
    """How wrong an effect looks where it is seen; empty where that is little."""
    if one.type_m is None or one.type_s is None or one.type_m < MUCH:
        return ""
    turned = _turned(one.type_s)
    return f" Where it is seen then, it looks {one.type_m:.1f} times as large as it is{turned}."


def foretold(rows: Sequence[Mapping[str, Any]]) -> str:
    """How much too large effects look where they are seen, by the figures that a lock keeps (as of
    `Power.to_data`); empty where it keeps none, or none looks much too large."""
    much = [
        f"where a true {'fall' if one['effect'] < 0 else 'rise'} of {100 * abs(one['effect']):.6g} % "
        f"is seen at all, it looks {one['type_m']:.1f} times as large as it is{_turned(one['type_s'])}"
        for one in rows
        if one["type_m"] is not None and one["type_m"] >= MUCH
    ]
    return f"By what was foreseen at the lock, {'; '.join(much)}." if much else ""


def _turned(type_s: float) -> str:
    return f", and in {100 * type_s:.0f} % of them of the wrong sign" if type_s >= 0.005 else ""
