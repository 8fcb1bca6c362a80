"""When do the nodes that wait go out: a queue for places, with its pauses, its stops and its stalls."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from dashboard.forecast.experience import Experience
from dashboard.forecast.handover import PROMPTLY, waves
from dashboard.forecast.hours import OfficeHours
from dashboard.forecast.noise import Singles
from dashboard.forecast.places import Stay, places
from dashboard.forecast.pooling import Floats
from dashboard.forecast.slots import HOLDS, Turnover, peak, turnover
from dashboard.forecast.spells import Spells
from dashboard.forecast.units import Units, racks_of, units_of
from dashboard.forecast.waves import due, in_waves, restart, stops_of
from dashboard.model.rollout import Codes, Rollout

IDLE = 0.5  # hours; a place that is free for less may have been taken, and the record be late


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, what it waits for, and how it went so far; in units, that is nodes or whole racks.

    units : of the nodes that wait
    hold  : (paths, units) hours that each will hold its place
    held  : (paths, places held) hours until each is given back
    slots : (paths,) places
    past  : the places taken so far
    room  : places that there are, as far as was told or seen
    number : units in all
    """

    units: Units
    hold: Singles
    held: Singles
    slots: Codes
    past: Turnover
    room: int
    number: int

    def waited(self, hours: OfficeHours, hour_of_week: float) -> float:
        """Office hours for which a place has been free and none was taken; 0 before the first went out."""
        if not self.past.took.size:
            return 0.0
        opens = partial(hours.opens, hour_of_week=hour_of_week)
        since = max(float(due(self.past, self.room, opens)[-1]), float(self.past.took.max()))
        return hours.between(since, hour_of_week) if since < 0 else 0.0


def queue_of(
    rollout: Rollout, spells: Spells, frees: Singles, experience: Experience, rng: np.random.Generator
) -> Queue:
    """Who waits, and for what. frees : (paths, nodes) hours until each gives its place back, from now or its start."""
    way = experience.slots.way_of(rollout.provider)
    past, told = turnover(spells, way), rollout.max_unavailable
    slots = experience.slots.draw(rollout, past, frees.shape[0], rng)
    rack, gone = rollout.rack, np.isfinite(spells.out_at)
    together = experience.racks.together((rollout.provider, rollout.kind), racks_of(spells.out_at, rack))
    holding = units_of(rack, HOLDS[way][spells.now], together)
    waiting = units_of(rack, spells.waiting, together)
    if together:
        past = units_of(rack, gone, together).turnover(past)
        slots = np.maximum(np.rint(slots / waiting.size), 1).astype(np.int64)
        told = told / waiting.size
    room = experience.slots.room(rollout.provider, told, peak(past))
    number = past.took.size + waiting.number
    return Queue(waiting, waiting.longest(frees), holding.longest(frees), slots, past, room, number)


def departures(
    rollout: Rollout,
    spells: Spells,
    frees: Singles,
    start: Floats,
    *,
    hour_of_week: float,
    experience: Experience,
    rng: np.random.Generator,
) -> Singles:
    """When the waiting nodes go out, (paths, waiting).

    frees : (paths, nodes)  hours until each gives its place back, from now or from when it goes out
    start : (paths,)  hours until the first may go
    """
    cell = rollout.provider, rollout.kind
    line = queue_of(rollout, spells, frees, experience, rng)
    hours = experience.hours_of(rollout.provider)
    opens = hours.from_now(hour_of_week)
    passing = experience.handovers.get(rollout.provider, PROMPTLY)
    start = np.maximum(start, 0.0)
    out = line.held.shape[1]
    rests = passing.draw(rollout.maintenance_id, (start.size, out + line.hold.shape[1]), rng)
    if passing.waves:
        free = places(line.held, line.slots, start)
        return line.units.each(waves(free, line.hold, rests[:, out:], line.slots, opens))
    stay, held = Stay(line.hold), line.held
    if passing.pauses:
        stay, held = Stay(line.hold, rests[:, out:]), opens(held) + rests[:, :out]
    stops = stops_of(line.past, line.room, partial(hours.opens, hour_of_week=hour_of_week))
    waited = line.waited(hours, hour_of_week)
    idle, gone = waited > IDLE, line.past.took.size
    known = np.append(passing.every, experience.waves.pauses_of(rollout.provider)) if idle else np.empty(0)
    went = np.empty_like(line.hold)
    for plan in experience.waves.ahead(cell, stops, gone, line.number, idle=idle, paths=start.size, rng=rng):
        rows, begins = plan.rows, start[plan.rows]
        again = restart(waited, known, rows.size, rng) if idle else np.zeros(rows.size, np.float32)
        if plan.after.size and plan.after[0] == 0 and not out:
            # It has been at this stop for a while: what is left of the pause.
            plan.pauses[:, 0] = np.where(plan.pauses[:, 0] > waited, plan.pauses[:, 0] - np.float32(waited), again)
        else:
            begins = np.maximum(begins, again)
        busy = np.maximum(line.held[rows].max(axis=1, initial=-np.inf), begins)
        free = places(held[rows], line.slots[rows], begins)
        went[rows] = in_waves(plan, free, busy, stay.of(rows), line.slots[rows], opens)
    return line.units.each(went)
