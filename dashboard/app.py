"""The Streamlit script: says whom the pages ask, and draws the one that the URL names."""

from dashboard.pages import house, shell
from dashboard.server import answers

shell.connect(answers)
house.run()
