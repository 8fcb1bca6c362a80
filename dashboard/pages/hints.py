"""Three hints for whoever comes for the first time. Their browser remembers that it has shown them."""

import streamlit as st

from dashboard.pages import remembered

SEEN, DONE = "hints", "hints_done"
HINTS = """
  <li><b>Likely</b> is as often early as late; <b>plan on</b> holds 9 times in 10, or as sure as you choose.</li>
  <li><b>Solid</b> is what happened, <b>bands</b> are what may; a hollow mark is the provider’s promise.</li>
  <li><b>The address</b> holds what you see: a link shows others the same, and {back} goes back in time.</li>
"""
# A phone gets the sentence and the numbers first: there they are one line, which unfolds.
SHOWN = f"""
<ol class="hints">{HINTS.format(back="<i>Live</i>")}</ol>
<details class="hints_folded">
  <summary>Three things to know</summary>
  <ol>{HINTS.format(back="the line above")}</ol>
</details>
"""


def three() -> None:
    """Shows them in the visit that is the first, until they are read."""
    if DONE not in st.session_state:
        st.session_state[DONE] = bool(remembered.recall(SEEN))
        remembered.keep(SEEN, "seen")
    if not st.session_state[DONE]:
        with st.container(horizontal=True, key="hints", vertical_alignment="center", gap="small"):
            st.html(SHOWN)
            st.button("Got it", key="hints_read", on_click=_read)


def _read() -> None:
    st.session_state[DONE] = True
