"""The Streamlit script: says whom the pages ask, and draws the one that the URL names."""

from dashboard.answers import answers
from dashboard.pages import house, shell

shell.connect(answers())
house.run()
