"""Asks each source and each channel for real, keeps and sends nothing, and says what to change."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from threading import Thread

from sqlalchemy import Engine

from dashboard.errors import DashboardError
from dashboard.jobs.post import Updates
from dashboard.log.database import reading
from dashboard.model.instants import micros
from dashboard.notices.audiences import audiences_for
from dashboard.notices.channels.seam import Channel
from dashboard.notices.plan import DAYS, Notices
from dashboard.notices.reading import read_directory
from dashboard.notices.templates import Kind
from dashboard.sources.seam import Source


@dataclass(frozen=True, slots=True)
class Finding:
    """What an examination found of one thing; `sound` where nothing has to be changed."""

    sound: bool
    words: str


def examine(source: Source, now: datetime) -> Finding:
    """Asks a source for its beginning, as if nothing of it were known."""
    if source.pushed:
        return Finding(True, f"{source.name}: waits for what is sent to /ingest/{source.name}")
    try:
        with closing(source.poll(None, now)) as batches:
            first = next((each for each in batches if any(each.facts.values()) or each.set_aside or each.letters), None)
    except DashboardError as why:
        return Finding(False, str(why))
    except Exception as why:  # a source that nobody foresaw is a finding, too
        return Finding(False, f"{source.name}: its answer could not be read ({type(why).__name__})")
    if first is None or source.doubt():
        return Finding(not source.doubt(), source.doubt() or f"{source.name}: answers, and has nothing to tell")
    found = {name: len(rows) for name, rows in first.facts.items()} | {"messages": len(first.letters)}
    counts = ", ".join(f"{count:,} {name}" for name, count in found.items() if count) or "no facts"
    if first.set_aside:
        bad = first.set_aside[0]
        place = f"{bad.file}{f', line {bad.line}' if bad.line else ''}: " if bad.file else ""
        return Finding(
            False,
            f"{source.name}: answers; first come {counts}, but {len(first.set_aside):,} are none: {place}{bad.reason}",
        )
    return Finding(True, f"{source.name}: answers; first come {counts}")


def examine_notices(engine: Engine, plan: Notices, now: datetime) -> list[Finding]:
    """Asks each channel for real, all at once and none for longer than it may take; then looks at who is told how."""
    if not plan.anyone:
        return [Finding(False, "notices: there are channels and no audience; write [[notices.audiences]]")]
    found = [*_examined_channels(plan), *_examined_contacts(engine, plan, now)]
    if not plan.link:
        found.append(Finding(False, "notices: without base_url no message has a link to acknowledge it; write it"))
    return found


def examine_updates(updates: Updates, now: datetime) -> list[Finding]:
    """Writes each update as if it were due, and posts none; looks at whether its channels can send it."""
    plan, found = updates.plan, []
    channels = {each.name: each for each in plan.channels}
    for each in plan.updates:
        name, days = f"update {each.name}", "every day" if each.days == DAYS else f"on {', '.join(each.days)}"
        whys = {over: channels[over].unfit(each.contact) for over in each.channels}
        found += [Finding(False, f"{name} over {over}: {why}") for over, why in whys.items() if why]
        try:
            updates.written(each, now)
            found.append(Finding(True, f"{name}: at {each.at:%H:%M} {each.zone or plan.zone} {days}"))
        except DashboardError as why:
            found.append(Finding(False, str(why)))
    return found


def _examined_channels(plan: Notices) -> list[Finding]:
    answers: dict[str, Finding] = {}

    def ask(channel: Channel) -> None:
        try:
            answers[channel.name] = Finding(True, channel.examine())
        except DashboardError as why:
            answers[channel.name] = Finding(False, str(why))
        except Exception as why:  # a channel that nobody foresaw is a finding, too
            answers[channel.name] = Finding(False, f"{channel.name}: cannot be asked ({type(why).__name__})")

    asking = [(each, Thread(target=ask, args=(each,), daemon=True)) for each in plan.channels]
    for _, thread in asking:
        thread.start()
    for channel, thread in asking:
        thread.join(channel.timeout * 1.5)
        hangs = f"{channel.name}: did not end within {channel.timeout * 1.5:g} s: it hangs"
        answers.setdefault(channel.name, Finding(False, hangs))
    return [answers[each.name] for each in plan.channels]


def _examined_contacts(engine: Engine, plan: Notices, now: datetime) -> list[Finding]:
    with reading(engine) as connection:
        directory = read_directory(connection, micros(now))
    known: dict[Kind, list[str]] = {"team": sorted(directory.teams), "cluster": sorted(directory.clusters)}
    channels = {each.name: each for each in plan.channels}
    wrong, told = [], 0
    for rule in plan.audiences:
        subjects = known.get(rule.kind, ["all"])
        wrong += [Finding(False, f"audience {rule.name}: there is no {rule.kind} {each!r}")
                  for each in rule.only if each not in subjects]  # fmt: skip
        for subject in subjects:
            for audience in audiences_for(rule.kind, subject, [rule], directory, plan.zone):
                told += 1
                whys = {name: channels[name].unfit(audience.contact) for name in audience.channels}
                wrong += [Finding(False, f"{audience.key} over {name}: {why}") for name, why in whys.items() if why]
    for kind, subjects in (known | {"scheduler": ["all"]}).items():
        without = [s for s in subjects if not audiences_for(kind, s, plan.audiences, directory, plan.zone)]
        if without:
            wrong.append(Finding(False, f"notices: nobody is told for {kind} {', '.join(without)}: add an audience"))
    return [*wrong, Finding(True, f"notices: {told} audiences over {len(channels)} channels")]
