"""What is planned and what is news, for calendars and feed readers: always as of now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from dashboard.log.forecasts import last_said
from dashboard.log.plans import plans_of
from dashboard.model.calendar import About, Event, about, coming_back, of_plan, path_of, planned, uid, whole_clock
from dashboard.model.instants import instant, micros
from dashboard.model.outlook import LIKELY, PLAN_ON, Forecast
from dashboard.model.plan import Revision
from dashboard.model.scope import Scope
from dashboard.views import words
from dashboard.views.ahead import Ahead, look_lightly, open_ids
from dashboard.views.plans import revised
from dashboard.views.summaries import ALMOST, Summary, summaries

KEPT = timedelta(days=30)  # what is over stays in calendars, so that they hear of it
MOST_NEWS = 50


@dataclass(frozen=True, slots=True)
class Agenda:
    """Planned windows and the hours in which GPUs come back, of what is in scope; `name` says what that is."""

    name: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class News:
    """One update of one maintenance; words are others'. `path`: where to read on, below the app's address."""

    uid: str
    at: datetime
    title: str
    words: str
    by: str
    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Newsfeed:
    """The newest first."""

    name: str
    news: tuple[News, ...]


def agenda(connection: Connection, scope: Scope, now: datetime) -> Agenda:
    """The events of all that is open or was until 30 days ago."""
    ahead, found, plans = _look(connection, scope, now)
    said = last_said(connection, [each.maintenance_id for each in found if each.actual_end is None])
    events: list[Event] = []
    for each in found:
        told = plans[each.maintenance_id]
        window = planned(_about(each, ahead, of_plan(each.status, each.gpus, told)), told)
        events += [window] if window else []
        if each.maintenance_id in said:
            forecast, number = said[each.maintenance_id]
            likely, plan_on = (forecast.quantile(ALMOST, level) for level in (LIKELY, PLAN_ON))
            if plan_on <= forecast.as_of:
                continue  # so many are back already
            told_back = _about(each, ahead, _back_words(each, forecast))
            events.append(coming_back(told_back, likely, plan_on, forecast.as_of, number))
    return Agenda(_name("Maintenance", ahead, scope), tuple(sorted(events, key=lambda each: (each.begins, each.uid))))


def newsfeed(connection: Connection, scope: Scope, now: datetime) -> Newsfeed:
    """What became known of plans in the last 30 days, the newest 50."""
    ahead, found, plans = _look(connection, scope, now)
    news: list[News] = []
    for each in found:
        told = plans[each.maintenance_id]
        for before, new in zip((None, *told), told, strict=False):
            if new.at > micros(now - KEPT):
                news.append(_news(each, new, before))
    news.sort(key=lambda each: (each.at, each.uid), reverse=True)
    return Newsfeed(_name("Maintenance updates", ahead, scope), tuple(news[:MOST_NEWS]))


def _look(
    connection: Connection, scope: Scope, now: datetime
) -> tuple[Ahead, list[Summary], dict[str, tuple[Revision, ...]]]:
    ahead = look_lightly(connection, scope, now)
    closed = {name: each.maintenance.closed_at for name, each in ahead.picture.known.items()}
    recent = {name for name, at in closed.items() if at is not None and at > micros(now - KEPT)}
    found = summaries(connection, ahead, open_ids(ahead.picture) | recent, scope)
    return ahead, found, plans_of(connection, [each.maintenance_id for each in found], None)


def _name(what: str, ahead: Ahead, scope: Scope) -> str:
    fleet = ahead.fleet
    of = (
        fleet.team_name(scope.team) if scope.team else "",
        fleet.provider_name(scope.provider) if scope.provider else "",
        scope.cluster or "",
        scope.sku or "",
    )
    return " · ".join([what, *(each for each in of if each)])


def _about(each: Summary, ahead: Ahead, said: str) -> About:
    told = ahead.picture.known[each.maintenance_id].maintenance
    return about(each.maintenance_id, each.title, (each.cluster, each.provider), each.kind, said, told.provider_ref)


def _back_words(each: Summary, forecast: Forecast) -> str:
    likely, plan_on = (whole_clock(micros(forecast.quantile(ALMOST, level))) for level in (LIKELY, PLAN_ON))
    return "\n".join([f"95 % of {words.gpus(each.gpus)} are likely back by {likely}; plan on {plan_on}.",
                      *forecast.because])  # fmt: skip


def _news(each: Summary, new: Revision, before: Revision | None) -> News:
    said = revised(new, before, whole_clock)
    where = ", ".join(part for part in (each.provider, each.cluster) if part)
    return News(
        uid=uid(f"update at {new.at}", each.maintenance_id),
        at=instant(new.at),
        title=f"{each.title}: {said}",
        words=f"{where}. {said[:1].upper()}{said[1:]}." if where else f"{said[:1].upper()}{said[1:]}.",
        by=new.by or each.provider or "unnamed",
        kind=words.stage(each.kind),
        path=path_of(each.maintenance_id),
    )
