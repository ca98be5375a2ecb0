"""Which data does a matplotlib figure show? Bars, lines (also those of box plots), points.

Compares drawn numbers, not looks: colours, sizes and wording are free, bars may lie or stand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Drawn:
    """One drawn series: `across` and `along` are what a reader reads off, in drawing order."""

    kind: Literal["bars", "line", "points"]
    across: Values
    along: Values
    lying: bool = False


def drawn_series(figures: list[Any]) -> list[Drawn]:
    """Every series in the axes of `figures` (matplotlib Figures)."""
    return [series for figure in figures for axes in figure.axes for series in series_of(axes)]


def series_of(axes: Any) -> list[Drawn]:
    found = [bars_of(container) for container in axes.containers if hasattr(container, "patches")]
    found += [line_of(line) for line in axes.lines]
    for collection in axes.collections:
        offsets = np.asarray(collection.get_offsets(), dtype=float).reshape(-1, 2)
        found.append(Drawn("points", offsets[:, 0], offsets[:, 1]))
    return [series for series in map(without_gaps, found) if len(series.along)]


def bars_of(container: Any) -> Drawn:
    lying = getattr(container, "orientation", "vertical") == "horizontal"
    lengths = [p.get_width() if lying else p.get_height() for p in container.patches]
    places = np.arange(len(lengths), dtype=float)
    return Drawn("bars", places, np.asarray(lengths, dtype=float), lying)


def line_of(line: Any) -> Drawn:
    xs, ys = line.get_xdata(orig=False), line.get_ydata(orig=False)
    return Drawn("line", np.asarray(xs, dtype=float), np.asarray(ys, dtype=float))


def without_gaps(series: Drawn) -> Drawn:
    kept = np.isfinite(series.across) & np.isfinite(series.along)
    return replace(series, across=series.across[kept], along=series.along[kept])


def shows(
    answer: list[Drawn], expected: list[Drawn], *, ordered: bool = False, box: bool = False
) -> bool:
    """True if each expected series is in `answer`.

    `ordered`: bars stand in that order, too. `box`: the lines are those of a box
    plot, whose place on the other axis means nothing.
    """
    same = same_box if box else same_ordered if ordered else same_series
    return bool(expected) and all(
        any(given.kind == wanted.kind and same(given, wanted) for given in answer)
        for wanted in expected
    )


def same_series(given: Drawn, wanted: Drawn) -> bool:
    if wanted.kind == "line":
        return close(given.along, wanted.along) and close(given.across, wanted.across)
    if wanted.kind == "points":
        return close(points(given), points(wanted))
    return close(np.sort(given.along), np.sort(wanted.along))


def same_ordered(given: Drawn, wanted: Drawn) -> bool:
    # Lying bars are drawn from below and read from above: either may be meant.
    return close(given.along, wanted.along) or (
        given.lying and close(given.along[::-1], wanted.along)
    )


def same_box(given: Drawn, wanted: Drawn) -> bool:
    return close(given.along, wanted.along) or close(given.across, wanted.along)


def points(series: Drawn) -> Values:
    order = np.lexsort((series.along, series.across))
    return np.stack([series.across[order], series.along[order]])


def close(left: Values, right: Values) -> bool:
    return left.shape == right.shape and bool(np.allclose(left, right, rtol=1e-6))
