"""What the land is like or used for: basic farmland in the basins, strong karst under them."""

from __future__ import annotations

import numpy as np
import shapely

from tools.county.county import County, cells_where, polygons
from tools.county.fractal import roughen
from tools.county.grid import Shape, stream

__all__ = ["farmland", "karst"]

_FARMLAND_SHARE = 0.088
_KARST_SHARE = 0.075
# Fields end a few metres before what they must not reach.
_MARGIN_M = 6.0


def farmland(county: County, kept_free: list[Shape]) -> list[Shape]:
    """Return blocks of permanent basic farmland: level land of the basins, off red line, water, towns and park."""
    grid = county.grid
    barred = shapely.union_all([county.red, *county.rivers.values(), *county.lakes.values(), *kept_free]).buffer(
        _MARGIN_M, quad_segs=1
    )
    free = (county.towns > 0) & ~grid.mask([barred], all_touched=True)
    wish = grid.noise("farmland", finest=250, coarsest=2500, slope=1.1) - np.maximum(county.height - 140.0, 0.0) / 90.0
    limit = np.partition(-wish[free], int(_FARMLAND_SHARE * (county.towns > 0).sum()))
    chosen = free & (-wish < limit[int(_FARMLAND_SHARE * (county.towns > 0).sum())])
    blocks = [block.simplify(40.0) for block in cells_where(county, chosen, 6)]
    shapely.prepare(barred)
    kept = [piece for block in blocks for piece in polygons(shapely.difference(block, barred), 3000.0)]
    return [piece for piece in kept if shapely.covers(county.parts.county, piece)]


def karst(county: County) -> list[Shape]:
    """Return the areas of strong karst: the limestone basins of the east and south."""
    grid = county.grid
    x, _ = grid.centres()
    wish = grid.noise("karst", finest=900, coarsest=9000, slope=1.7) + (x - x.mean()) / 22_000.0
    wish = wish - np.maximum(county.height - 260.0, 0.0) / 260.0
    inside = county.towns > 0
    count = int(_KARST_SHARE * inside.sum())
    chosen = inside & (wish > -np.partition(-wish[inside], count)[count])
    areas = [shapely.simplify(part, 120.0) for part in cells_where(county, chosen, 80)]
    ragged = [piece for area in areas for piece in roughen([area], 60.0, 0.12, stream(f"karst {area.centroid.x:.0f}"))]
    within = shapely.intersection(ragged, county.parts.county)
    return [piece for part in within for piece in polygons(part, 20_000.0)]
