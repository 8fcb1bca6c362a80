"""Cluster: in service, out and why, what is next, its teams, and the nodes that keep failing."""

import streamlit as st

from dashboard.figures.fan import fan
from dashboard.model.scope import Scope
from dashboard.model.words import percent
from dashboard.pages import address, columns, paper, shell
from dashboard.views.cluster import HowIsCluster

WHY = {
    "stage": columns.text("Stage"),
    "title": columns.text("Maintenance", 320),
    "nodes": columns.count("Nodes"),
    "gpus": columns.count("GPUs"),
    "since": columns.instant("Longest since"),
    "waiting_for": columns.text("Waiting for", 220),
}
COMING = {
    "title": columns.text("Maintenance", 320),
    "starts": columns.instant("Starts"),
    "promised": columns.instant("Promised end"),
    "gpus": columns.count("GPUs"),
    "status": columns.text("Status"),
}
TEAMS = {
    "team": "Team",
    "allocated": "Allocated",
    "available": "Serving",
    "out": "Out",
    "short": "Short",
}
WORST = {
    "node_id": columns.text("Node", 200),
    "repairs": columns.count("Failed validation"),
    "again": columns.count("Out again within 14 d"),
    "outs": columns.count("Times out"),
    "hours": columns.lasted("Out for"),
    "stage": columns.text("Now"),
    "since": columns.instant("Since"),
    "rack": columns.text("Rack"),
}


def page(scope: Scope) -> None:
    """Draws the page of the cluster that the URL names."""
    cluster = address.said("cluster") or ""
    story: HowIsCluster | None = shell.load("how_is_cluster", scope, cluster)
    if story is None:
        if cluster:
            paper.nothing(f"No cluster {cluster} was known then.", "Search finds it by any part of its name.")
        else:
            paper.nothing("No cluster is named.", "Choose one above, or search for it.")
        shell.way("search", "Search", icon=":material/search:", q=cluster)
        return
    shell.printed(_first, "how_is_cluster", scope, cluster)
    if len(story.why):
        shell.maintenances(story.why, WHY, scope.zone, "why", "What is out, by stage and maintenance")
    paper.heading("What is next", "A title opens its maintenance." if len(story.coming) else "")
    if len(story.coming):
        shell.maintenances(story.coming, COMING, scope.zone, "coming", "What is announced")
    else:
        paper.nothing("No maintenance is announced here.")
    shell.printed(_teams, "how_is_cluster", scope, cluster)
    if len(story.worst):
        shell.maintenances(story.worst, WORST, scope.zone, "worst", "Nodes that keep failing")
    with shell.part("Nodes by stage"):
        paper.heading("Every node", "A column a rack. A node opens its page.")
        shell.nodes("how_is_cluster", scope, cluster, words="Nodes by stage, rack by rack", key="racks")
        paper.stages()


def _first(story: HowIsCluster, scope: Scope) -> None:
    """The sentence, the numbers, the curve, and what is behind it."""
    paper.caption(" · ".join(story.kind))
    paper.sentence(story.sentence)
    grid = st.grid(5, min_column_width=150, gap="small", key="numbers")
    lost = f", {story.lost:,} lost" if story.lost else ""
    paper.number(grid, "In service", f"{story.in_service:,}, of {story.gpus:,} GPUs")
    paper.number(grid, "Out", f"{story.out:,}, GPUs{lost}")
    paper.number(grid, "Likely back", story.likely_words, hint="95 % of what is out now.")
    paper.number(
        grid, f"Safe to plan on, {percent(scope.certainty)}", story.plan_on_words, hint="95 % of what is out now."
    )
    paper.number(
        grid, "Come and go", f"{story.again:,}, nodes", hint="Out again within 14 days after a return, in 180 days."
    )
    paper.picture(fan(story.fan, paper.look(), scope.zone), f"GPUs out over time. {story.sentence}", "fan")
    paper.key(story.fan)
    paper.heading("What is out, and why", "A title opens its maintenance." if len(story.why) else "")
    if not len(story.why):
        paper.nothing("Nothing is out.", "Every GPU of this cluster that is not lost takes work.")


def _teams(story: HowIsCluster, scope: Scope) -> None:
    """What each team was given and has; and what the next table is of."""
    if len(story.teams):
        paper.heading("Its teams", "GPUs that each was allocated here, what serves it now, and what it is short of.")
        paper.table(story.teams, TEAMS, scope.zone, "What each team was given, and has")
    paper.heading("Nodes worth a look", story.worst_words)
    if not len(story.worst):
        paper.nothing("No node failed validation, or was out again within 14 days, in the last 180 days.")
