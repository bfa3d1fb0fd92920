"""Layers declared public that copy one that is not: the same file, or its borders as they are, shifted or altered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import DisclosureError
from lianzhou_gis.maps.disclosure.border_match import BorderRaster, dense_borders, match, zone_samples
from lianzhou_gis.maps.disclosure.profile import Profile, PublicLayer
from lianzhou_gis.maps.disclosure.sources import Source

__all__ = ["Samples", "require_no_copies", "revealed_share"]

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

# Exact borders are compared as the squares of this size, in metres, through which they run; what the same borders come
# to when shifted by these metres is chance.
_SQUARE_M = 50.0
_SHIFTS_M = ((270.0, 130.0), (-190.0, 310.0), (-330.0, -240.0))
_POINTS = 300
# A zone is taken from another layer where so much of its border runs there; chance is taken off.
_TAKEN = 0.5
# Exact: so much of the border of one restricted zone must not be seen.
_REVEALED = 0.3
_SHORTEST_M = 200.0
# A copy: so much of all its borders runs along those of the other under the best shifts, and so much beyond chance.
# Where it is cut into pieces it has borders of its own, and all of the other is in it. The layers of the demo county
# come to 0.76 and 0.44 at most (source zones beside bans on livestock), copies that were shifted,
# turned or simplified to 0.94 and 0.89 at least.
_COPIED, _BEYOND = 0.9, 0.75
_CUT = 0.3


def require_no_copies(source: Source, profile: Profile) -> None:
    """Refuse layers that show what another layer of the catalog holds that is not public.

    Raises
    ------
    DisclosureError
        Where a public layer reads the file of a layer that is not public or one of the same bytes, where its borders
        are those of such a layer (shifted, turned, buffered, simplified, cut or merged as they may be), or where exact
        borders would show a good part of one of its zones. It names both layers.
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
    flat = {entry.id: _flat(tables[entry.id], scale) for entry in (*(entry for _, entry in wanted), *hidden)}
    rasters = {name: BorderRaster.from_shapes(shapes) for name, shapes in flat.items()}
    samples = {entry.id: zone_samples(flat[entry.id]) for _, entry in wanted}
    exact = {entry.id: _joined(_dense(flat[entry.id])) for layer, entry in wanted if layer.as_published}
    for other in hidden:
        for _, entry in wanted:
            found = match(samples[entry.id], rasters[other.id])
            share = found.share
            copied = share >= _COPIED and found.beyond_chance >= _BEYOND
            if not copied and _CUT <= found.beyond_chance and share < _COPIED:
                back = match(zone_samples(flat[other.id]), rasters[entry.id])
                share, copied = back.share, back.share >= _COPIED and back.beyond_chance >= _BEYOND
            if not copied and entry.id in exact:
                share = revealed_share(exact[entry.id], _dense(flat[other.id]))
                copied = share >= _REVEALED
            if copied:
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


def revealed_share(samples: Samples, there: list[Floats]) -> float:
    """Return the largest share of the border of one zone of a layer that zones of another show, which run along it.

    Parameters
    ----------
    samples : Samples
        Of the layer that shows.
    there : list of ndarray
        Points along the borders of the zones of the layer that is shown, a quarter of a square apart.
    """
    if not len(samples.lengths) or not there:
        return 0.0
    taken = np.flatnonzero(samples.shares(np.unique(_squares(np.vstack(there)))) >= _TAKEN)
    if not len(taken):
        return 0.0
    lines = [samples.xy[samples.zones == number] for number in taken]
    here = np.unique(np.concatenate([_squares(_refined(xy)) for xy in lines]))
    long = [xy for xy in there if _length(xy) >= _SHORTEST_M]
    return float(_joined(long).shares(here).max(initial=0.0))


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


def _joined(borders: list[Floats]) -> Samples:
    thinned = [xy[:: max(1, len(xy) // _POINTS)] for xy in borders]
    zones = np.repeat(np.arange(len(thinned)), [len(xy) for xy in thinned])
    lengths = np.array([_length(xy) for xy in thinned], dtype=np.float64)
    return Samples(np.vstack(thinned) if thinned else np.empty((0, 2)), zones, lengths)


def _flat(shapes: Shapes, scale: Floats) -> Shapes:
    """Return shapes in flat metres, those that are empty left out."""
    drawn = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    return np.asarray(shapely.transform(shapely.force_2d(drawn), lambda xy: xy * scale), dtype=object)


def _dense(flat: Shapes) -> list[Floats]:
    """Return points along the border of each shape."""
    xy, number = dense_borders(flat, _SQUARE_M / 4)
    return np.split(xy, np.flatnonzero(np.diff(number)) + 1) if len(xy) else []
