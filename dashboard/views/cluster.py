"""How is this cluster: in service, out and why, what is next, whose it is, and which of its nodes keep failing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from dashboard.log.read import Attributes, nodes_of
from dashboard.log.state import Standing
from dashboard.model.instants import instant
from dashboard.model.outlook import Fan, Racks
from dashboard.model.scope import Scope
from dashboard.model.stages import ANNOUNCED, HAS_THE_BALL, STAGES, Stage
from dashboard.views import words
from dashboard.views.ahead import Ahead, look_ahead, open_ids
from dashboard.views.alike import Record, lately
from dashboard.views.capacity import Dip, as_it_is
from dashboard.views.nodes import racks_of
from dashboard.views.parties import party_for
from dashboard.views.summaries import Summary, summaries

MOST = 25  # nodes that anyone looks into
WHY = ["stage", "title", "nodes", "gpus", "since", "waiting_for", "maintenance_id"]
COMING = ["title", "status", "starts", "promised", "gpus", "maintenance_id"]
TEAMS = ["team", "allocated", "available", "out", "short"]
WORST = ["node_id", "rack", "outs", "again", "repairs", "hours", "stage", "since"]


@dataclass(frozen=True, slots=True)
class HowIsCluster:
    """One cluster in full, whoever's it is.

    `why`, a row a stage and maintenance that have nodes out, in the order of a rollout: stage, title, nodes, gpus,
    since (of the node longest in it), waiting_for, maintenance_id.
    `coming`, what is announced, the next first: title, status, starts (likely, else planned), promised, gpus,
    maintenance_id.
    `teams`, GPUs: team, allocated, available (in service), out (and lost), short (of what is allocated).
    `worst`, the nodes that were out again within 14 days after a return, or failed validation, in the last 180 days,
    the worst first: node_id, rack, outs, again (times), repairs, hours (out), stage, since.
    """

    now: datetime
    cluster: str
    sentence: str
    kind: tuple[str, ...]  # what it is: provider, region, SKU, nodes
    nodes: int
    gpus: int
    out: int
    lost: int
    likely_words: str
    plan_on_words: str
    dip: Dip | None
    again: int  # nodes that come and go
    troubled: int  # nodes, of which `worst` holds the worst
    fan: Fan
    racks: Racks
    why: pd.DataFrame
    coming: pd.DataFrame
    teams: pd.DataFrame
    worst: pd.DataFrame

    @property
    def worst_words(self) -> str:
        """What the table of the worst shows."""
        more = self.troubled - len(self.worst)
        rest = f"; {more:,} more are not shown" if more > 0 else ""
        return f"Failed validation, or out again within 14 days, in the last 180 days; the worst first{rest}."

    @property
    def in_service(self) -> int:
        """GPUs that take work."""
        return self.gpus - self.out - self.lost


def how_is_cluster(connection: Connection, scope: Scope, now: datetime, cluster: str) -> HowIsCluster | None:
    """One cluster in full; None where no fact known at the instant shown names it."""
    whole = Scope(cluster=cluster, as_of=scope.as_of, certainty=scope.certainty, zone=scope.zone)
    ahead = look_ahead(connection, whole, now)
    nodes = nodes_of(connection, cluster, ahead.at)
    if cluster not in ahead.fleet.clusters and not nodes:
        return None
    touching = summaries(connection, ahead, open_ids(ahead.picture), whole)
    story = as_it_is(connection, ahead, touching, whole)
    records = lately(connection, cluster, ahead.now, ahead.at)
    standing = _standing(ahead, nodes)
    troubled = [name for name, each in records.items() if name in nodes and (each.again or each.repairs)]
    return HowIsCluster(
        now=ahead.now,
        cluster=cluster,
        sentence=f"{cluster}: {story.sentence[:1].lower()}{story.sentence[1:]}",
        kind=_kind(ahead, cluster, len(nodes)),
        nodes=len(nodes),
        gpus=story.gpus,
        out=story.out,
        lost=story.lost,
        likely_words=story.likely_words,
        plan_on_words=story.plan_on_words,
        dip=story.dip,
        again=sum(each.again > 0 for name, each in records.items() if name in nodes),
        troubled=len(troubled),
        fan=story.fan,
        racks=racks_of(list(standing.values()), ahead.now),
        why=_why(ahead, touching),
        coming=_coming(touching),
        teams=_teams(ahead, cluster, standing),
        worst=_worst({name: records[name] for name in troubled}, standing),
    )


def _standing(ahead: Ahead, nodes: Mapping[str, Attributes]) -> dict[str, Standing]:
    """Where each node of the cluster stands; out before lost, and in service where nothing has it."""
    found = {
        node: Standing("", node, Stage.IN_SERVICE.value, None, None, *attributes) for node, attributes in nodes.items()
    }
    held = ahead.picture.nodes.sort_values("is_out", kind="stable")
    for told in held[list(Standing._fields)].to_numpy().tolist():
        row = Standing(*told)
        if row.node_id in found:
            found[row.node_id] = row._replace(since=None if pd.isna(row.since) else int(row.since or 0))
    return found


def _kind(ahead: Ahead, cluster: str, nodes: int) -> tuple[str, ...]:
    fleet = ahead.fleet
    told = (
        fleet.provider_name(fleet.provider_of(cluster)),
        str(fleet.clusters[cluster]["region"]) if cluster in fleet.clusters else "",
        fleet.sku_of(cluster),
        words.nodes(nodes),
    )
    return tuple(each for each in told if each)


def _why(ahead: Ahead, touching: list[Summary]) -> pd.DataFrame:
    titles = {each.maintenance_id: each.title for each in touching}
    rows = []
    for key, held in ahead.picture.out.groupby(["stage", "maintenance_id"]):
        stage, name = (str(each) for each in key)
        told = ahead.picture.known[name].maintenance
        cluster = str(held["cluster_id"].iloc[0])
        provider = told.provider_id or ahead.fleet.provider_of(cluster)
        party = party_for(ahead.fleet.parties, HAS_THE_BALL[Stage(stage)], provider, cluster)
        since = None if held["since"].isna().all() else instant(int(held["since"].min()))
        rows.append((stage, titles.get(name, name), len(held), int(held["gpus"].sum()), since, party.name, name))
    rows.sort(key=lambda row: (STAGES.index(Stage(row[0])), -row[3], row[6]))
    return _instants(pd.DataFrame(rows, columns=WHY), "since")


def _coming(touching: list[Summary]) -> pd.DataFrame:
    # One that nobody but its nodes ever told of is still scheduled by its word, though it has begun.
    coming = [each for each in touching if each.status in ANNOUNCED and each.actual_start is None]
    rows = [
        (each.title, words.stage(each.status), each.likely_start or each.planned_start, each.promised, each.gpus,
         each.maintenance_id)
        for each in coming
    ]  # fmt: skip
    rows.sort(key=lambda row: (row[2] is None, row[2], row[5]))
    return _instants(pd.DataFrame(rows, columns=COMING), "starts", "promised")


def _teams(ahead: Ahead, cluster: str, standing: Mapping[str, Standing]) -> pd.DataFrame:
    """What each team was given here, and has."""
    fleet = ahead.fleet
    named = {team for where, team in fleet.totals if where == cluster and team}
    teams = named | {team for where, team in fleet.allocated if where == cluster}
    has: dict[str, float] = dict.fromkeys(teams, 0.0)
    gone: dict[str, float] = dict.fromkeys(teams, 0.0)
    parts = {
        (row.team_id, team): fleet.share(cluster, row.team_id, team) for row in standing.values() for team in teams
    }
    for row in standing.values():
        into = has if row.stage == Stage.IN_SERVICE else gone
        for team in teams:
            into[team] += row.gpus * parts[row.team_id, team]
    rows = []
    for team in teams:
        allocated = fleet.allocated.get((cluster, team), 0)
        short = max(allocated - round(has[team]), 0)
        rows.append((fleet.team_name(team), allocated, round(has[team]), round(gone[team]), short))
    rows.sort(key=lambda row: (-row[4], -row[1], row[0]))
    return pd.DataFrame(rows, columns=TEAMS)


def _worst(records: Mapping[str, Record], standing: Mapping[str, Standing]) -> pd.DataFrame:
    rows = []
    for name, each in records.items():
        held = standing[name]
        since = None if held.since is None else instant(held.since)
        rows.append((name, held.rack, each.outs, each.again, each.repairs, sum(each.hours), held.stage, since))
    rows.sort(key=lambda row: (-row[3] - row[4], -row[5], row[0]))
    return _instants(pd.DataFrame(rows[:MOST], columns=WORST), "since")


def _instants(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in columns})
