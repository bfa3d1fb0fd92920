"""Layers declared public that copy one that is not: the same file, or borders that run along its borders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import DisclosureError
from lianzhou_gis.maps.disclosure.profile import Profile, PublicLayer
from lianzhou_gis.maps.disclosure.sources import Source

__all__ = ["Overlap", "Samples", "border_overlap", "require_no_copies"]

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

# Borders are compared as the squares of this size, in metres, through which they run, and where the same borders
# shifted by these metres come to by chance.
_SQUARE_M = 50.0
_SHIFTS_M = ((270.0, 130.0), (-190.0, 310.0), (-330.0, -240.0))
_POINTS = 300
# A zone is taken from another layer where so much of its border runs there; chance is taken off.
_TAKEN = 0.5
# Exact: so much of the border of one restricted zone must not be seen. Else: so much of all borders is a copy.
_REVEALED, _COPIED = 0.3, 0.9
_SHORTEST_M = 200.0


@dataclass(frozen=True)
class Overlap:
    """How far the borders of one layer run along those of another, chance taken off.

    Attributes
    ----------
    copied : float
        Share of all borders of the first layer.
    revealed : float
        Largest share of the border of one zone of the second that zones taken from it show.
    """

    copied: float
    revealed: float


def require_no_copies(source: Source, profile: Profile) -> None:
    """Refuse layers that show what another layer of the catalog holds that is not public.

    Raises
    ------
    DisclosureError
        Where a public layer reads the file of a layer that is not public or one of the same bytes, where nearly all of
        its borders run along borders of such a layer, or where exact borders would show a good part of one of its
        zones. It names both layers.
    """
    hidden = [entry for entry in source.catalog.layers if entry.disclosure != "public"]
    wanted = [(layer, entry) for layer in profile.layers if (entry := source.entry(layer.id)) is not None]
    for _, entry in wanted:
        for other in hidden:
            if _same_file(source, entry, other):
                raise DisclosureError.from_code("layer_is_copy", layer=entry.id, other=other.id)
    if source.sites is None:
        _compare_borders(source, wanted, hidden)


def _compare_borders(source: Source, wanted: list[tuple[PublicLayer, LayerEntry]], hidden: list[LayerEntry]) -> None:
    tables = {name: np.asarray(table["geometry"].to_numpy(), dtype=object) for name, table in source.tables if name}
    scale = _scale(source)
    public = {entry.id: _sampled(tables[entry.id], scale) for _, entry in wanted}
    for other in hidden:
        there = list(_dense(tables[other.id], scale))
        for layer, entry in wanted:
            found = border_overlap(public[entry.id], there, exact=bool(layer.as_published))
            limit, share = (_REVEALED, found.revealed) if layer.as_published else (_COPIED, found.copied)
            if share >= limit:
                raise DisclosureError.from_code("layer_shows_other", layer=entry.id, other=other.id, share=share)


def _scale(source: Source) -> Floats:
    middle = np.radians((source.bounds[1] + source.bounds[3]) / 2)
    return np.array([111_320.0 * np.cos(middle), 110_780.0])


def _same_file(source: Source, entry: LayerEntry, other: LayerEntry) -> bool:
    """Tell whether two entries read the same layer of the same file, or of files with the same bytes."""
    if entry.layer and other.layer and entry.layer != other.layer:
        return False
    one, two = source.files.get(entry.id), source.files.get(other.id)
    return one is not None and two is not None and bool(one & two)


@dataclass(frozen=True)
class Samples:
    """Points along the borders of zones, flat metres: of each the zone, of each zone the length of its border."""

    xy: Floats
    zones: Numbers
    lengths: Floats

    def shares(self, there: Numbers) -> Floats:
        """Return for each zone the share of its points in sorted squares, less what shifted points come to."""
        count = np.maximum(np.bincount(self.zones, minlength=len(self.lengths)), 1)
        hits = [
            np.bincount(self.zones, _are_within(self.xy + np.array(shift), there), minlength=len(self.lengths)) / count
            for shift in ((0.0, 0.0), *_SHIFTS_M)
        ]
        return np.asarray(hits[0] - sum(hits[1:]) / len(_SHIFTS_M))


def border_overlap(samples: Samples, there: list[Floats], *, exact: bool) -> Overlap:
    """Return how far borders of a layer run along those of another.

    Parameters
    ----------
    samples : Samples
        Of the first layer.
    there : list of ndarray
        Points along the borders of the zones of the second, a quarter of a square apart.
    exact : bool
        Whether ``revealed`` is wanted; without it, it is 0.
    """
    if not len(samples.lengths) or not there:
        return Overlap(0.0, 0.0)
    shares = samples.shares(np.unique(_squares(np.vstack(there))))
    copied = float(np.average(shares, weights=np.maximum(samples.lengths, 1.0)))
    taken = np.flatnonzero(shares >= _TAKEN)
    if not exact or not len(taken):
        return Overlap(copied, 0.0)
    lines = [samples.xy[samples.zones == number] for number in taken]
    here = np.unique(np.concatenate([_squares(_refined(xy)) for xy in lines]))
    long = [xy for xy in there if _length(xy) >= _SHORTEST_M]
    return Overlap(copied, float(_joined(long).shares(here).max(initial=0.0)))


def _are_within(xy: Floats, there: Numbers) -> npt.NDArray[np.bool_]:
    squares = _squares(xy)
    positions = np.minimum(np.searchsorted(there, squares), len(there) - 1)
    return np.asarray(there[positions] == squares)


def _squares(xy: Floats) -> Numbers:
    whole = np.floor(xy / _SQUARE_M).astype(np.int64)
    return np.asarray(whole[:, 0] * 10_000_000 + whole[:, 1])


def _length(xy: Floats) -> float:
    return float(np.linalg.norm(np.diff(xy, axis=0), axis=1).sum())


def _refined(xy: Floats) -> Floats:
    """Return points with others between them, so that no square is jumped over."""
    if len(xy) < 2:
        return xy
    return np.asarray(shapely.get_coordinates(shapely.segmentize(shapely.LineString(xy), _SQUARE_M / 4)))


def _sampled(shapes: Shapes, scale: Floats) -> Samples:
    """Return a few hundred points along the border of each zone."""
    return _joined(list(_dense(shapes, scale)))


def _joined(borders: list[Floats]) -> Samples:
    thinned = [xy[:: max(1, len(xy) // _POINTS)] for xy in borders]
    zones = np.repeat(np.arange(len(thinned)), [len(xy) for xy in thinned])
    lengths = np.array([_length(xy) for xy in thinned], dtype=np.float64)
    return Samples(np.vstack(thinned) if thinned else np.empty((0, 2)), zones, lengths)


def _dense(shapes: Shapes, scale: Floats) -> Iterator[Floats]:
    for shape in shapes:
        if shape is None or shapely.is_empty(shape):
            continue
        flat: Any = shapely.transform(shapely.force_2d(shape), lambda xy: xy * scale)
        yield np.asarray(shapely.get_coordinates(shapely.segmentize(flat, _SQUARE_M / 4)), dtype=np.float64)
