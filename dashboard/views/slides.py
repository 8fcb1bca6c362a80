"""A review as slides: one sentence, one chart or one table each, and the address where its facts are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isnan
from urllib.parse import urlencode

from dashboard.model.deck import LATE, OURS, QUIET, Bars, Chart, Deck, Dots, Series, Slide, Table, pages_of
from dashboard.model.review import BALL, IN_TIME, Figures
from dashboard.model.scope import Scope
from dashboard.model.stages import Role, Stage
from dashboard.views import words
from dashboard.views.ledgers import pair, won
from dashboard.views.measures import BY_NAME, beside, length, said, share
from dashboard.views.review import Line, Review

ROWS = 10  # of a table on one slide
MOST_BEHIND = 30  # maintenances listed on slides; the page has all of them
WAITING = {
    Role.PROVIDER: ("the provider", Stage.IN_MAINTENANCE),
    Role.SCHEDULER_ONCALL: ("the scheduler", Stage.CORDONED),
    Role.FLEET_OPERATIONS: ("fleet operations", Stage.DRAINED),
    Role.HARDWARE_HEALTH: ("hardware health", Stage.VALIDATING),
}
FIRST = ("maintenances", "on_time_share", "slip_median", "slip_worst", "gpu_hours", "unplanned")
CAME_BACK = ("failed_share", "recovery_median", "recovery_p90", "repeat_share", "lost")
KEPT = ("kept_share", "notice_median", "unconfirmed", "toil_each")
EACH_KIND = (*FIRST, "failed_share", "recovery_median", "kept_share", "notice_median", "repeat_share")


def deck(story: Review, scope: Scope, base: str, chosen: Mapping[str, str]) -> Deck:
    """Everything that is presented. `base`: the app's address; `chosen`: of the page's own, who is compared."""
    address = _address(story, scope, chosen)
    made = [
        replace(each, link=f"{base}/review?{urlencode(address | {'present': str(i)})}")
        for i, each in enumerate(_slides(story, scope, base, chosen, address), 1)
    ]
    at = f"{story.now:%-d %b %Y %H:%M} UTC"
    title = f"Maintenance review: {_capital(story.period.words)}"
    return Deck(title, story.whose, f"{_capital(story.period.words)} · as of {at}", tuple(made))


def charts(story: Review) -> tuple[Slide, ...]:
    """What a page draws of it."""
    nothing: dict[str, str] = {}
    return tuple(each for each in _slides(story, Scope(), "", nothing, _address(story, Scope(), nothing)) if each.chart)


def _address(story: Review, scope: Scope, chosen: Mapping[str, str]) -> dict[str, str]:
    """What shows the same again, whenever and by whomever it is opened."""
    told = {name: getattr(scope, name) for name in ("team", "provider", "cluster", "sku")}
    kept = {name: value for name, value in told.items() if value}
    at = {"as_of": f"{story.now:%Y-%m-%dT%H:%M:%S.%fZ}", "period": story.period.fixed}
    return kept | at | {name: value for name, value in chosen.items() if value}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _slides(
    story: Review, scope: Scope, base: str, chosen: Mapping[str, str], address: Mapping[str, str]
) -> Iterator[Slide]:
    yield Slide(story.sentence, table=_by_provider(story.providers, FIRST))
    if story.all.maintenances:
        yield from _promises(story)
    if story.all.gpu_hours:
        yield _whom(story)
        yield _unplanned(story)
    if story.all.maintenances:
        yield _came_back(story)
        yield _kept(story)
    compared = pair(story, chosen.get("compare", ""), chosen.get("with", ""))
    if compared is not None:
        one, other = (story.names[chosen[each]] for each in ("compare", "with"))
        rows = tuple(compared.itertuples(index=False, name=None))
        head = ("", one, other, "Better")
        title = _compared(one, other, [row[3] for row in rows])
        for table in pages_of(Table(head, rows, frozenset({1, 2, 3})), ROWS + 1):
            yield Slide(title, table=table)
    for table in pages_of(_by_kind(story.lines), ROWS):
        yield Slide(_most(story.lines), table=table)
    yield from _owing(story, base, scope, address)
    title = f"{words.count(story.all.early)} GPU-hours were back before they were promised."
    yield Slide(title, "What was won, and what nobody had to write.", table=_won(story.all))
    yield from _behind(story, base, address)


def _by_provider(lines: Sequence[Line], names: Sequence[str]) -> Table:
    head = ("Provider", *(BY_NAME[name].label for name in names))
    rows = tuple((line.provider, *(said(name, line.figures) for name in names)) for line in lines)
    return Table(head, rows, frozenset(range(1, len(head))))


def _by_kind(lines: Sequence[Line]) -> Table:
    head = ("Provider", "Kind", *(BY_NAME[name].label for name in EACH_KIND))
    rows = tuple(
        (line.provider, words.stage(line.kind), *(said(name, line.figures) for name in EACH_KIND)) for line in lines
    )
    return Table(head, rows, frozenset(range(2, len(head))))


def _most(lines: Sequence[Line]) -> str:
    if not lines:
        return "No provider took any GPU out."
    most = max(lines, key=lambda line: line.figures.gpu_hours)
    kind = words.stage(most.kind) or "unnamed"
    return f"Most GPU-hours went into {kind} work at {most.provider}: {words.count(most.figures.gpu_hours)}."


def _promises(story: Review) -> Iterator[Slide]:
    told = [each for each in story.went if each.was is not None and not isnan(each.slip)]
    if not told:
        return
    late = len(told) - story.all.on_time
    worst = f", {beside(story.all.slip_worst)} at worst" if late else ""
    title = (
        f"{words.count(late)} of {words.count(len(told))} were back later than promised; "
        f"{beside(story.all.slip_median)} at the median{worst}."
    )
    told.sort(key=lambda each: (each.was or story.now, each.maintenance_id))
    dots = Dots(
        tuple(each.title for each in told),
        tuple(each.was or story.now for each in told),
        tuple(each.slip for each in told),
        tuple(each.slip > IN_TIME for each in told),
        "hours after the promised end",
    )
    yield Slide(title, "Each mark is a maintenance: when 95 % was back, and how long after the promise.", dots)
    lines = sorted(
        (line for line in story.providers if line.figures.with_promise),
        key=lambda line: (-line.figures.on_time_share, line.provider),
    )
    best, least = lines[0], lines[-1]
    bars = Bars(
        tuple(line.provider for line in lines),
        (Series("on time", tuple(line.figures.on_time_share for line in lines), OURS),),
        "on time",
        percent=True,
        notes=tuple(f"{line.figures.on_time:,} of {line.figures.with_promise:,}" for line in lines),
    )
    title = f"{best.provider} kept {best.figures.on_time:,} of {best.figures.with_promise:,} promises"
    more = "" if best is least else f"; {least.provider} {_of(least.figures)}"
    yield Slide(f"{title}{more}.", "On time: 95 % back no later than half an hour after the promised end.", bars)


def _of(figures: Figures) -> str:
    return f"{figures.on_time or 'none'} of {figures.with_promise:,}"


def _whom(story: Review) -> Slide:
    roles = sorted(BALL, key=lambda role: -story.all.by_role[role.value])
    shares = [share(story.all.by_role[role.value] / story.all.gpu_hours) for role in roles]
    told = [f"{each} were with {WAITING[role][0]}" for each, role in zip(shares[:2], roles[:2], strict=True)]
    title = f"Of {words.count(story.all.gpu_hours)} GPU-hours out, {' and '.join(told)}."
    lines = _most_hours(story.providers)
    series = tuple(
        Series(WAITING[role][0], tuple(line.figures.by_role[role.value] for line in lines), WAITING[role][1].value)
        for role in BALL
    )
    return Slide(title, "By who had the ball.", _bars(lines, series))


def _unplanned(story: Review) -> Slide:
    lines = _most_hours(story.providers)
    most = max(lines, key=lambda line: line.figures.unplanned)
    where = f"; most of them at {most.provider}" if most.figures.unplanned and len(lines) > 1 else ""
    series = (
        Series("by the promised end", tuple(line.figures.planned for line in lines), QUIET),
        Series("after it, or not planned", tuple(line.figures.unplanned for line in lines), LATE),
    )
    title = f"{words.count(story.all.unplanned)} GPU-hours out were not planned, {share(story.all.unplanned_share)}"
    return Slide(f"{title} of all{where}.", "Beside the end promised when the first node went out.",
                 _bars(lines, series))  # fmt: skip


def _most_hours(lines: Sequence[Line]) -> list[Line]:
    return sorted((line for line in lines if line.figures.gpu_hours), key=lambda line: -line.figures.gpu_hours)


def _bars(lines: Sequence[Line], series: tuple[Series, ...]) -> Chart:
    notes = tuple(words.count(line.figures.gpu_hours) for line in lines)
    return Bars(tuple(line.provider for line in lines), series, "GPU-hours out", notes=notes)


def _came_back(story: Review) -> Slide:
    figures = story.all
    failed = f"{figures.failed:,} of {figures.validated:,} validations failed"
    again = f"{figures.repeats:,} of {figures.returned:,} nodes that came back failed again within 14 days"
    return Slide(f"{failed}; {again}.", f"Half of the nodes were in service {length(figures.recovery_median)} after "
                 "the provider gave them back.", table=_by_provider(story.providers, CAME_BACK))  # fmt: skip


def _kept(story: Review) -> Slide:
    figures = story.all
    kept = f"{figures.kept:,} of {figures.clocks:,} SLA clocks were kept; " if figures.clocks else ""
    notice = f"notice was {length(figures.notice_median)} at the median, and {figures.unconfirmed:,} began unconfirmed"
    by_hand = f"By hand: {words.count(sum(figures.toil.values()))} things done, of them {figures.toil['cases']:,} " \
        f"support cases and {figures.toil['chased']:,} commitments past due."  # fmt: skip
    return Slide(f"{_capital(kept + notice)}.", by_hand, table=_by_provider(story.providers, KEPT))


def _compared(one: str, other: str, better: Sequence[str]) -> str:
    ahead = [(name, better.count(name)) for name in (one, other)]
    judged = sum(number for _, number in ahead)
    if ahead[0][1] == ahead[1][1]:
        return f"{one} and {other} are each ahead in {words.count(ahead[0][1])} of {words.count(judged)} measures."
    first = max(ahead, key=lambda each: each[1])
    behind_ = other if first[0] == one else one
    return f"{first[0]} is ahead of {behind_} in {first[1]:,} of the {judged:,} measures in which they differ."


def _owing(story: Review, base: str, scope: Scope, address: Mapping[str, str]) -> Iterator[Slide]:
    cost, days = sum(each.cost for each in story.debts), sum(each.gpu_days for each in story.debts)
    number = len(story.debts)
    if not number:
        yield Slide("Nothing is put off: there is no maintenance debt.")
        return
    rows = tuple(
        (
            each.title,
            story.names.get(each.provider_id, each.provider_id),
            words.stage(each.kind),
            str(each.severity),
            words.count(each.gpus),
            words.span(each.put_off) if each.put_off else "no date",
            words.clock(each.begins, story.now, scope.zone) if each.begins else "no date",
            words.count(each.cost),
        )
        for each in story.debts
    )
    head = ("Maintenance", "Provider", "Kind", "Severity", "GPUs", "Put off", "Begins", "GPU-hours to catch up")
    links = tuple(_maintenance(base, each.maintenance_id, address) for each in story.debts)
    title = f"{number:,} maintenance{'s are' if number > 1 else ' is'} put off; catching up will cost "
    for table in pages_of(Table(head, rows, frozenset({4, 7}), links), ROWS):
        yield Slide(
            f"{title}{words.count(cost)} GPU-hours.",
            f"{words.count(days)} GPU-days of maintenance debt so far.",
            table=table,
        )


def _won(figures: Figures) -> Table:
    told = [each.partition(" ") for each in won(figures)]
    return Table(("", "What"), tuple((number, rest) for number, _, rest in told), frozenset({0}))


def _behind(story: Review, base: str, address: Mapping[str, str]) -> Iterator[Slide]:
    shown = story.went[:MOST_BEHIND]
    rows = tuple(
        (
            each.title,
            story.names.get(each.provider_id, each.provider_id),
            words.stage(each.kind),
            words.count(each.gpus),
            beside(each.slip),
            words.count(each.out),
            words.count(each.unplanned),
        )
        for each in shown
    )
    head = ("Maintenance", "Provider", "Kind", "GPUs", "Slip", "GPU-hours out", "Unplanned")
    links = tuple(_maintenance(base, each.maintenance_id, address) for each in shown)
    more = len(story.went) - len(rows)
    aside = f"The last {len(rows):,}; {more:,} more are on the page." if more > 0 else ""
    number = len(story.went)
    title = f"{words.count(number)} maintenance{'s are' if number > 1 else ' is'} behind these figures."
    if rows:
        for table in pages_of(Table(head, rows, frozenset({3, 4, 5, 6}), links), ROWS):
            yield Slide(title, aside, table=table)


def _maintenance(base: str, name: str, address: Mapping[str, str]) -> str:
    return f"{base}/maintenance?{urlencode({'maintenance': name, 'as_of': address['as_of']})}"
