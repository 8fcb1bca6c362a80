"""What the options of commands can be, beside what click knows."""

from datetime import datetime
from typing import Any

import click

from dashboard.model.instants import read_instant


class Instant(click.ParamType[datetime]):
    """An ISO 8601 instant with an offset."""

    name = "T"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Reads it, or fails in one line."""
        try:
            return value if isinstance(value, datetime) else read_instant(str(value))
        except ValueError as why:
            self.fail(str(why), param, ctx)
