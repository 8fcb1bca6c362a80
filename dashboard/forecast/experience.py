"""What history teaches: every law of the forecast, fitted from all that was known at one instant."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from dashboard.forecast.calibration import NO_CALIBRATION, Calibration
from dashboard.forecast.durations import SHORTEST, Durations, fit_durations
from dashboard.forecast.fitting import Stays
from dashboard.forecast.handover import Handover, Round, habit, pauses_of, waves_of
from dashboard.forecast.hours import WEEK, OfficeHours, fit_hours, round_the_clock
from dashboard.forecast.labels import labelled
from dashboard.forecast.limits import learn_slots
from dashboard.forecast.past import Past, Seen, past_of
from dashboard.forecast.pooling import Cell, Floats
from dashboard.forecast.promises import MOST, Promises
from dashboard.forecast.slots import Slots, peak
from dashboard.forecast.spells import IN_SERVICE, REMOVED
from dashboard.forecast.turns import Turns, fit_turns, moves_of
from dashboard.forecast.units import Racks, learn_racks, racks_of
from dashboard.forecast.untold import MAY_END_UNSEEN, Untold, learn_untold
from dashboard.forecast.waves import Stops, Waves, learn_waves, stops_of
from dashboard.model.rollout import Codes, Knowledge
from dashboard.model.stages import CLOSED, CODE, Stage, Status

USUAL_MEDIAN = {
    Stage.CORDONED: 2.0,
    Stage.DRAINED: 1.0,
    Stage.IN_MAINTENANCE: 5.0,
    Stage.RETURNED: 1.0,
    Stage.VALIDATING: 1.5,
    Stage.REPAIRING: 30.0,
}
"""Hours in each stage, believed where nothing was seen."""

USUAL_LENGTH = 24.0
BY_HAND = (Stage.REPAIRING,)
"""Stages that may wait for people, whatever the hour at which they begin."""


@dataclass(frozen=True)
class Experience:
    """Everything learnt from history."""

    durations: dict[int, Durations]  # stage code -> law
    turns: Turns
    hours: dict[str, OfficeHours]  # provider -> when it takes nodes
    slots: Slots
    handovers: dict[str, Handover]  # provider -> how it passes places on
    waves: Waves  # where rollouts stopped
    racks: Racks  # where they go out as one
    promises: Promises
    maintenances: int
    untold: Untold = field(default_factory=Untold)  # what is never told
    calibration: Calibration = NO_CALIBRATION  # by how much all of that says too much or too little

    def hours_of(self, provider: str) -> OfficeHours:
        """The provider's office hours; round the clock where none were learnt."""
        return self.hours.get(provider) or round_the_clock()


def experience_of(known: Knowledge) -> Experience:
    """Fits every law. Any knowledge will do, none included."""
    past = past_of(known.rollouts)
    seen = past.seen
    cells = tuple(sorted({each.cell for each in seen}))
    counts = moves_of(past.spells, past.whose, len(seen))
    moves = {each.rollout.maintenance_id: its for each, its in zip(seen, counts, strict=True)}
    untold = learn_untold(past)
    racks = learn_racks([(each.cell, racks_of(each.out_at, each.rollout.rack)) for each in seen])
    hours, slots = _hours_and_slots(seen, racks, known.hour_of_week)
    handovers, waves = _handovers(seen, slots, hours, racks, known.hour_of_week)
    clock = dict.fromkeys(BY_HAND, known.hour_of_week)
    return Experience(
        {
            CODE[stage]: fit_durations(
                _stays(past, CODE[stage], cells, untold), usual, shaped=True, hour_of_week=clock.get(stage)
            )
            for stage, usual in USUAL_MEDIAN.items()
        },
        fit_turns(moves, {each.rollout.maintenance_id: each.cell for each in seen}),
        hours,
        slots,
        handovers,
        waves,
        racks,
        _promises(seen, cells),
        len(seen),
        untold,
    )


def _stays(past: Past, stage: int, cells: tuple[Cell, ...], untold: Untold) -> Stays:
    """All stays in one stage, of all maintenances that had any.

    Where a maintenance is over and a stay in it has no end, that end was not told: it says nothing of how long
    stays are; but for repairs, which do go on.
    """
    s = past.spells
    here = np.flatnonzero(s.stage == stage)
    whose = past.whose[s.node[here]]
    until, over = past.until[whose], np.isfinite(s.left[here])
    told = over | ((s.entered[here] < until) & ~(past.over[whose] & MAY_END_UNSEEN[stage]))
    here, over, hours = here[told], over[told], (np.where(over, s.left[here], until) - s.entered[here])[told]
    told = over | ~untold.likely(stage, [each.rollout.provider for each in past.seen], whose[told], hours, over)
    here, over, hours = here[told], over[told], hours[told]
    rack, first = _renumbered(past.rack[s.node[here]])
    some, of_rack = np.unique(past.whose[s.node[here]][first], return_inverse=True)
    theirs = [past.seen[i] for i in some]
    index = {cell: i for i, cell in enumerate(cells)}
    return Stays(
        np.log(np.maximum(hours, SHORTEST)),
        s.following[here] < 0,
        rack,
        of_rack,
        np.array([index[each.cell] for each in theirs], dtype=np.int64),
        tuple(each.rollout.maintenance_id for each in theirs),
        cells,
        np.array([each.rollout.nodes for each in theirs], dtype=float),
        labelled([each.rollout.sku for each in theirs]),
        labelled([each.rollout.cluster for each in theirs]),
        s.entered[here],
    )


def _renumbered(codes: Codes) -> tuple[Codes, Codes]:
    """The same without gaps between them, and where each is first."""
    first = np.full(int(codes.max(initial=-1)) + 1, codes.size)
    first[codes[::-1]] = np.arange(codes.size)[::-1]
    there = first < codes.size
    return (np.cumsum(there) - 1)[codes], first[there]


def _hours_and_slots(seen: Sequence[Seen], racks: Racks, hour_of_week: float) -> tuple[dict[str, OfficeHours], Slots]:
    """Hours are read off places that stay free; limits, off how long; and hours once more where limits are ceilings."""
    hours = _hours(seen, Slots(), hour_of_week)
    slots = learn_slots(seen, racks, hours, hour_of_week)
    return (_hours(seen, slots, hour_of_week) if any(each.size for each in slots.used.values()) else hours), slots


def _hours(seen: Sequence[Seen], slots: Slots, hour_of_week: float) -> dict[str, OfficeHours]:
    taken: dict[str, list[Floats]] = {}
    idle: dict[str, Floats] = {}
    for each in seen:
        provider = each.rollout.provider
        taken.setdefault(provider, []).append((each.held[0].took + hour_of_week) % WEEK)
        idle[provider] = idle.get(provider, np.zeros(WEEK)) + _idle(each, slots, hour_of_week)
    return {provider: fit_hours(np.concatenate(takes), idle[provider]) for provider, takes in taken.items()}


def _idle(each: Seen, slots: Slots, hour_of_week: float) -> Floats:
    """(168,) hours that nodes waited though there was room, by hour of the week."""
    held = each.held[0]
    if not held.took.size:
        return np.zeros(WEEK)
    room = slots.room(each.rollout.provider, each.rollout.max_unavailable, each.peaks[0])
    begins = np.nanmin([each.rollout.started, each.rollout.planned_start, held.took.min()])
    begins = max(float(begins), float(held.took.min()) - 4 * 24)
    at = np.arange(begins + 0.5, held.took.max(), 1.0)[:20_000]
    out = np.searchsorted(np.sort(held.took), at, side="right") - np.searchsorted(np.sort(held.gave), at, side="right")
    free = at[out < room]
    return np.bincount(((free + hour_of_week) % WEEK).astype(np.int64), minlength=WEEK).astype(float)


def _handovers(
    seen: Sequence[Seen], slots: Slots, hours: dict[str, OfficeHours], racks: Racks, hour_of_week: float
) -> tuple[dict[str, Handover], Waves]:
    stopped: list[tuple[Cell, int, Stops]] = []
    rounds: dict[str, list[Round]] = {}
    for each in seen:
        provider = each.rollout.provider
        way = slots.way_of(provider)
        held, most = each.held[way], each.peaks[way]
        if held.took.size < 2:
            continue
        opens = partial(hours[provider].opens, hour_of_week=hour_of_week)
        told = each.rollout.max_unavailable
        whole = held.took.size == each.rollout.nodes
        units = racks.units(each.cell, each.rollout.rack, np.isfinite(each.out_at))
        if units.unit is not None:
            held = units.turnover(held)
            most = peak(held)
        room = slots.room(provider, told / units.size, most)
        stops = stops_of(held, room, opens)
        if whole:
            stopped.append((each.cell, units.number, stops))
        waves, clear, by_wave = waves_of(held, opens)
        by_node = pauses_of(held, room, opens, stops)
        seen_so = Round(each.rollout.maintenance_id, held.took.size, waves, clear, by_node, by_wave)
        rounds.setdefault(provider, []).append(seen_so)
    return {provider: habit(rows) for provider, rows in rounds.items()}, learn_waves(stopped)


def _promises(seen: Sequence[Seen], cells: tuple[Cell, ...]) -> Promises:
    delay: dict[str, list[float]] = {"": []}
    by_node: dict[str, list[bool]] = {"": []}
    for each in seen:
        rollout = each.rollout
        begun = rollout.started <= 0
        late = rollout.started - rollout.planned_start
        for name in (rollout.provider, ""):
            if begun and np.isfinite(late):
                delay.setdefault(name, []).append(float(np.clip(late, -24 * 14, 24 * 60)))
            if begun and (rollout.status in CLOSED or rollout.node.size) and rollout.status != Status.CANCELLED:
                by_node.setdefault(name, []).append(bool(rollout.node.size))
    return Promises(
        {name: np.array(late) for name, late in delay.items()},
        fit_durations(_lengths(seen, cells, promised=True), 1.2),
        fit_durations(_lengths(seen, cells, promised=False), USUAL_LENGTH),
        {name: float(np.mean(told)) for name, told in by_node.items() if told},
    )


def _lengths(seen: Sequence[Seen], cells: tuple[Cell, ...], promised: bool) -> Stays:
    """How long each maintenance took as a whole, in hours or as a multiple of what was promised."""
    index = {cell: i for i, cell in enumerate(cells)}
    logs, censored, of_cell = [], [], []
    names: list[str] = []
    for each in seen:
        rollout = each.rollout
        planned = rollout.first_planned_end - rollout.planned_start if promised else 1.0
        if not (rollout.started <= 0 and planned > SHORTEST) or rollout.status == Status.CANCELLED:
            continue
        ended = _ended(each, MOST if promised else 1.0)
        length = max((ended if np.isfinite(ended) else each.until) - rollout.started, SHORTEST)
        logs.append(np.log(length / planned))
        censored.append(not np.isfinite(ended))
        of_cell.append(index[each.cell])
        names.append(rollout.maintenance_id)
    each_one = np.arange(len(names), dtype=np.int64)
    cell = np.array(of_cell, dtype=np.int64)
    return Stays(
        np.array(logs, dtype=float), np.array(censored, dtype=bool), each_one, each_one, cell, tuple(names), cells
    )


def _ended(each: Seen, share: float) -> float:
    """When that share of its nodes was back, or when it was told to be over; nan while it lasts."""
    home = np.sort(each.since[(each.now == IN_SERVICE) | (each.now == REMOVED)])
    enough = int(np.ceil(share * each.now.size - 1e-9))
    if each.now.size and home.size >= enough:
        return float(home[enough - 1])
    return each.until if np.isfinite(each.rollout.closed) else float("nan")
