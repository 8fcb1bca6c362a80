"""Plotly figures: pure functions of the shapes in model."""
