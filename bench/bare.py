"""A page with one table and nothing else: what Streamlit itself costs."""

import pandas as pd
import streamlit as st

ROWS = 100

st.title("One table")
st.dataframe(
    pd.DataFrame({"n": range(ROWS), "word": [f"row {i}" for i in range(ROWS)], "half": [i / 2 for i in range(ROWS)]})
)
