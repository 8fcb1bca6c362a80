"""The paces of a maintenance's stages once they are drawn, see `pace`: what stays are made from, path by path."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dashboard.forecast.noise import Singles
from dashboard.forecast.shapes import Table
from dashboard.forecast.staffing import Staffing
from dashboard.model.rollout import Codes


@dataclass(frozen=True, slots=True)
class Pace:
    """One stage of one maintenance, drawn: log T ~ N(centre[path, rack], sigma[path]).

    centre : (paths, racks)  log-hours
    sigma  : (paths, 1)  of most of its nodes
    wide   : (paths, 1)  of the share `odd` of nodes that go their own way (Tukey 1960)
    lasts  : (paths, running)  log-hours that each running stay lasts in all, in the order of `running`
    running : (running,)  the nodes now in this stage
    table : hours for what is drawn, where that is not log-hours
    most : what is drawn is at most
    staffing : how hours of work pass, where hours are these
    """

    centre: Singles
    sigma: Singles
    wide: Singles
    lasts: Singles
    running: Codes
    odd: float
    table: Table | None = None
    most: float = float("inf")
    staffing: Staffing | None = None

    def fresh(self, drawn: Singles) -> Singles:
        """Hours for what was drawn of stays that begin, in place where it can be."""
        return self.hours(np.minimum(drawn, self.most, out=drawn) if self.most < np.inf else drawn)

    def hours(self, drawn: Singles) -> Singles:
        """Hours for what was drawn, in place where it can be."""
        return np.asarray(np.exp(drawn, out=drawn) if self.table is None else self.table.hours(drawn))

    def of(self, path: slice) -> "Pace":
        """The same of some paths."""
        return replace(
            self, centre=self.centre[path], sigma=self.sigma[path], wide=self.wide[path], lasts=self.lasts[path]
        )


class Paces(dict[int, Pace]):
    """The paces of stages, each drawn when it is first asked for: most nodes never see most of them."""

    def __init__(self, draw: Callable[[int], Pace]) -> None:
        super().__init__()
        self._draw = draw

    def __missing__(self, stage: int) -> Pace:
        self[stage] = self._draw(stage)
        return self[stage]

    def of(self, path: slice) -> "Paces":
        """The same of some paths."""
        return Paces(lambda stage: self[stage].of(path))


class Drawn:
    """Paces drawn before, for forecasts of one maintenance that are alike in all that these follow from."""

    def __init__(self) -> None:
        self._paces: dict[tuple[int, ...], tuple[Pace, tuple[object, ...]]] = {}

    def once(self, objects: tuple[object, ...], numbers: tuple[int, ...], draw: Callable[[], Pace]) -> Pace:
        """The pace that follows from these very objects and numbers."""
        key = (*numbers, *map(id, objects))
        if key not in self._paces:
            self._paces[key] = draw(), objects  # kept, so that nothing else can get their ids
        return self._paces[key][0]
