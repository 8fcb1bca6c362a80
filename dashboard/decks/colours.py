"""The colours of files, which are printed and projected on white: those of the light figures."""

from dashboard.figures.chart import colour
from dashboard.figures.theme import LIGHT

TEXT, MUTED, GRID, ACCENT = LIGHT.text, LIGHT.muted, LIGHT.grid, LIGHT.accent


def of(tone: str) -> str:
    """A tone, or a stage, as #rrggbb."""
    return colour(tone, LIGHT)
