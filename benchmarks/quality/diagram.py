"""A critical-difference diagram (Demsar, JMLR 7, 2006, figure 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quality import svg
from quality.judge import Ranking

LEFT, RIGHT = 200, 700
LINE, BAR = 18, 7


@dataclass(frozen=True)
class Diagram:
    """Mean ranks on an axis, the methods' names on both sides, bars under those that are not told apart.

    Attributes:
        ranking: What is drawn.
        colours: A method's colour.
        top: Where on the page it begins.
    """

    ranking: Ranking
    colours: Mapping[str, str]
    top: float

    @property
    def names(self) -> list[str]:
        """The methods, best first."""
        return sorted(self.ranking.ranks, key=self.ranking.ranks.__getitem__)

    @property
    def axis(self) -> float:
        """The axis's height on the page."""
        return self.top + 20

    @property
    def bottom(self) -> float:
        """Where on the page it ends."""
        return self._names_begin() + LINE * self._half() + 8

    def parts(self) -> list[str]:
        """The diagram's elements."""
        return [*self._scale(), *self._bars(), *(part for name in self.names for part in self._name(name))]

    def across(self, rank: float) -> float:
        """A rank's place on the axis, 1 on the left."""
        return LEFT + (rank - 1) / (len(self.names) - 1) * (RIGHT - LEFT)

    def _scale(self) -> list[str]:
        parts = [svg.line((LEFT, self.axis), (RIGHT, self.axis))]
        for rank in range(1, len(self.names) + 1):
            x = self.across(rank)
            parts += [svg.line((x, self.axis - 4), (x, self.axis))]
            parts += [svg.text((x, self.axis - 8), str(rank), anchor="middle")]
        return parts

    def _bars(self) -> list[str]:
        parts = []
        for place, group in enumerate(self.ranking.groups()):
            y = self.axis + BAR * (place + 1)
            first, last = (self.across(self.ranking.ranks[name]) for name in (group[0], group[-1]))
            parts.append(svg.line((first - 3, y), (last + 3, y), svg.INK, 3.5))
        return parts

    def _name(self, name: str) -> list[str]:
        place, colour, rank = self.names.index(name), self.colours[name], self.ranking.ranks[name]
        better = place < self._half()
        row = place if better else len(self.names) - 1 - place
        y = self._names_begin() + LINE * row
        edge, anchor = (LEFT - 10, "end") if better else (RIGHT + 10, "start")
        words = svg.text(
            (edge + (-4 if better else 4), y + 4), f"{name}  {rank:.2f}", colour=colour, anchor=anchor, bold="+" in name
        )
        x = self.across(rank)
        return [svg.path([(x, self.axis), (x, y), (edge, y)], colour, 1.1), words]

    def _names_begin(self) -> float:
        return self.axis + BAR * len(self.ranking.groups()) + 18

    def _half(self) -> int:
        return (len(self.names) + 1) // 2
