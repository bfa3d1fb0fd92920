"""The overlay of the demo layers against geopandas.overlay, in the same run, as a ratio.

    python benchmarks/overlay_against_geopandas.py [SITES]

Both get the same zones and random sites, already in the plane, and give every overlap with its piece and its area; ours
builds its index and cuts milder grades by stricter ones within the time.
"""

from __future__ import annotations

import sys
import time
from datetime import date

import geopandas as gpd
import numpy as np
import shapely

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.geodesy import Plane
from lianzhou_gis.overlay.index import index_zones
from lianzhou_gis.overlay.pairs import meeting_pairs
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.zones import load_layers

THEMES = ["ecological_redline", "water_source_zone", "control_unit", "contaminated_plot", "permanent_basic_farmland"]


def sites(count: int) -> np.ndarray:
    """Return star-shaped sites of 0.1 to 200 ha all over the county, in the plane."""
    random = np.random.default_rng(1)
    middle = Plane().project(shapely.points(random.uniform((112.2, 24.7), (112.7, 25.1), (count, 2))))
    shapes = []
    for x, y in shapely.get_coordinates(middle):
        corners = int(random.integers(4, 60))
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        reach = np.sqrt(10 ** random.uniform(3, 6.3) / np.pi) * random.uniform(0.7, 1.3, corners)
        shapes.append(shapely.Polygon(np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)])))
    return np.array(shapes, dtype=object)


def main(count: int) -> None:
    """Time both and print the ratio."""
    layers = load_layers(Catalog.open("layers/layers.yaml"), THEMES, date(2026, 11, 23), facts=Rulebook.load().facts)
    plane, footprints = Plane(), sites(count)
    left = gpd.GeoDataFrame({"site": range(count)}, geometry=footprints)
    ours = theirs = 0.0
    for layer in layers.layers:
        started = time.perf_counter()
        index = index_zones(layer.zones, layer.entry.theme, plane)
        pairs = meeting_pairs(footprints, index)
        ours += time.perf_counter() - started
        right = gpd.GeoDataFrame({"zone": range(len(index.shapes))}, geometry=index.shapes)
        right = right[shapely.get_dimensions(right.geometry) == 2]
        started = time.perf_counter()
        table = gpd.overlay(left, right, keep_geom_type=True)
        theirs += time.perf_counter() - started
        assert abs(table.area.sum() - pairs.area_m2.sum()) <= 1e-6 * table.area.sum() + 1e-3
    print(f"{count} sites x {len(layers.layers)} layers")
    print(f"lianzhou_gis {ours:.2f} s, geopandas.overlay {theirs:.2f} s, ratio {theirs / ours:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
