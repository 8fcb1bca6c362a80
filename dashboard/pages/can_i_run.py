"""Can I run: when are so many GPUs free for so long."""

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import address, paper, shell, text
from dashboard.views.can_i_run import CanIRun

HOURS = {
    1.0: "1 hour",
    6.0: "6 hours",
    12.0: "12 hours",
    24.0: "1 day",
    72.0: "3 days",
    168.0: "7 days",
    336.0: "14 days",
}
COLUMNS = {
    "cluster": "Cluster",
    "words": "Earliest start",
    "free_now": "GPUs free now",
    "why": "Why",
    "provider": "Provider",
    "region": "Region",
    "sku": "SKU",
}


def section(scope: Scope) -> None:
    """Two questions, a sentence, and a row a cluster."""
    paper.heading("Can I run?")
    with st.container(horizontal=True, key="run", vertical_alignment="bottom", gap="small"):
        gpus = address.count("run_gpus", "GPUs", default=512, most=1_000_000)
        hours = address.pick("run_hours", "for", HOURS, 24.0, place="sheet", spell="{:g}".format, width=150)
    shell.printed(_answer, "can_i_run", scope, gpus, hours)


def _answer(story: CanIRun, scope: Scope) -> None:
    st.markdown(text.plain(story.sentence))
    if len(story.clusters):
        paper.table(story.clusters, COLUMNS, scope.zone, "Earliest start, a row a cluster")
