"""One line above every page where nobody is being told what they should be."""

import streamlit as st

from dashboard.pages import shell
from dashboard.pages.text import plain
from dashboard.views.notifier import NotifierHealth


def line() -> None:
    """Says so where the notifier is late or fails; nothing where it is well, or where there is none to be."""
    health: NotifierHealth = shell.load("notifier_health")
    if health.warning:
        with st.container(key="stale_notices"):
            st.markdown(f":material/notifications_off: {plain(health.warning)}")
