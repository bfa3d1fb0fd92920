"""Heavy broken geometry: a sea with thousands of islands against ``make_valid``, or a real one through the product.

    python benchmarks/heavy_polygon.py [VERTICES]
    python benchmarks/heavy_polygon.py map.geo.json

The first makes a synthetic sea, some of its rings crossing themselves, and times what lies within the study area of a
county against ``shapely.make_valid`` of the whole, in the same run, as a ratio. The areas must agree but for the places
where the readings of a broken ring lie apart.

The second takes the largest polygon of a file of waters (``npm pack @geo-maps/earth-waterbodies-100m`` has one of 1.68
million vertices and 60,208 holes, itself not valid), imports it as a layer and screens a site of county size against
it, both by the command line in processes of their own; then again with a bow-tie among its islands. The area is checked
against one that has nothing in common with the product: every ring clipped by half planes, summed by geodesic areas.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
import yaml

from lianzhou_gis.formats.repair import repair_geometries
from lianzhou_gis.geodesy import Plane, Region, StudyArea
from tools.county.heavy import sea

Floats = npt.NDArray[np.float64]

COUNTY = Region("demo", (112.12, 24.62, 112.78, 25.20))
# The mouth of the Pearl River: a coast with some ninety islands.
SITE = (113.3, 21.7, 114.4, 22.5)
REGION = (113.0, 21.4, 114.8, 22.8)
BOW_TIE = [(113.9, 21.80), (113.93, 21.83), (113.93, 21.80), (113.9, 21.83)]
# The peak of the memory map of the process itself: what the kernel counts for a child begins with its parent's.
_COMMAND = """
import atexit, re, sys
from lianzhou_gis.cli import main
atexit.register(lambda: print("peak", re.search("VmHWM:[^0-9]+([0-9]+)", open("/proc/self/status").read())[1]))
main(sys.argv[1:])
"""


def synthetic(vertices: int) -> None:
    """Time both and print the ratio."""
    made = sea(vertices, max(vertices // 50, 100), broken=max(vertices // 5_000, 4))
    study, plane = StudyArea.around(COUNTY), Plane()
    started = time.perf_counter()
    repair = repair_geometries(np.array([made.polygon], dtype=object), study=study)[0]
    ours = time.perf_counter() - started
    started = time.perf_counter()
    whole = shapely.clip_by_rect(shapely.make_valid(made.polygon), *study.bounds)
    theirs = time.perf_counter() - started
    ours_m2, theirs_m2 = (float(plane.project_vertices([shape])[0].area) for shape in (repair.geometry, whole))
    assert abs(ours_m2 - theirs_m2) <= repair.changed_m2 + 1e-9 * theirs_m2
    print(f"{shapely.get_num_coordinates(made.polygon)} vertices, {len(made.islands)} holes, {len(made.broken)} broken")
    print(f"lianzhou_gis {ours:.2f} s, make_valid {theirs:.2f} s, ratio {theirs / ours:.1f}")


def _half(ring: Floats, axis: int, limit: float, below: bool) -> Floats:
    """Return what of a ring lies on one side of a line: its signed area is right whatever bridges that leaves."""
    if not len(ring):
        return ring
    inside = (ring[:, axis] <= limit) if below else (ring[:, axis] >= limit)
    after, inside_after = np.roll(ring, -1, axis=0), np.roll(inside, -1)
    run = after[:, axis] - ring[:, axis]
    share = np.divide(limit - ring[:, axis], run, out=np.zeros(len(ring)), where=run != 0)
    crossing = ring + share[:, None] * (after - ring)
    both = np.stack([ring, crossing], axis=1).reshape(-1, 2)
    return both[np.stack([inside, inside != inside_after], axis=1).ravel()]


def independent_m2(polygon: shapely.Polygon | shapely.MultiPolygon, box: tuple[float, float, float, float]) -> float:
    """Return the area of a polygon, valid or not, within a box of longitude and latitude."""
    geod = pyproj.Geod(a=6378137.0, rf=298.257222101)
    rings = shapely.get_rings(polygon)
    near = rings[shapely.intersects(shapely.box(*shapely.bounds(rings).T), shapely.box(*box))]
    total = 0.0
    for ring in near:
        corners = shapely.get_coordinates(ring)[:-1]
        for axis, limit, below in ((0, box[0], False), (0, box[2], True), (1, box[1], False), (1, box[3], True)):
            corners = _half(corners, axis, limit, below)
        if len(corners) > 2:
            dense = shapely.get_coordinates(shapely.segmentize(shapely.LinearRing(corners), 0.002))
            area = abs(geod.polygon_area_perimeter(dense[:, 0], dense[:, 1])[0])
            total += area if ring is rings[0] else -area
    return total


def _run(*words: object) -> tuple[float, float]:
    """Run a command and return its seconds and its peak in MB."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *map(str, words)], stdout=subprocess.PIPE, text=True, check=True
    )
    return time.perf_counter() - started, int(done.stdout.split()[-1]) / 1024


def _catalog(folder: Path) -> Path:
    gpd.GeoDataFrame({"zone_id": ["DEMO"]}, geometry=[shapely.box(*REGION)], crs="EPSG:4490").to_file(
        folder / "area.gpkg", engine="pyogrio"
    )
    entry = {"id": "area", "series": "area", "theme": "administrative", "path": "area.gpkg"}
    document = {"region": {"name": "demo", "bounds": list(REGION)}, "layers": [entry]}
    (folder / "layers.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder / "layers.yaml"


def _through(polygon: shapely.Polygon | shapely.MultiPolygon, what: str, folder: Path) -> tuple[float, float]:
    """Import a polygon and screen the site against it; return the area and what is not assessed of the site."""
    folder.mkdir()
    os.environ["LIANZHOU_GIS_CACHE"] = str(folder / "cache")
    catalog, site = _catalog(folder), folder / "site.gpkg"
    table = {"zone_id": ["DEMO-sea"]}
    gpd.GeoDataFrame(table, geometry=[polygon], crs="EPSG:4490").to_file(folder / "sea.gpkg", engine="pyogrio")
    gpd.GeoDataFrame({"site_id": ["S"]}, geometry=[shapely.box(*SITE)], crs="EPSG:4490").to_file(
        site, layer="sites", engine="pyogrio"
    )
    told = ["--as", "karst_strong", "--layers", catalog, "--accuracy", 100, "--coverage", "administrative:DEMO"]
    screen = ["screen", site, "--layers", catalog, "--themes", "karst_strong", "--as-of", "2026-11-26", "--overwrite"]
    for name, words in (
        ("import", ["layers", "import", folder / "sea.gpkg", *told]),
        ("screen, first time", [*screen, "--out", folder / "run"]),
        ("screen again", [*screen, "--out", folder / "run"]),
    ):
        seconds, peak = _run(*words)
        print(f"{what}: {name} {seconds:.1f} s, {peak:.0f} MB")
    document = json.loads((folder / "run" / "result.json").read_text(encoding="utf-8"))
    (found,) = document["sites"]
    gaps = sum(gap["area_m2"] or 0.0 for gap in found["gaps"] if gap["reason"] == "invalid_geometry")
    return next(check["net_area_m2"] for check in found["checks"] if check["theme"] == "karst_strong"), gaps


def real(path: Path) -> None:
    """Import the largest polygon of a file, whole and broken, screen against it and check the areas."""
    document = json.loads(path.read_text(encoding="utf-8"))
    polygons = [
        rings
        for shape in document["geometries"]
        for rings in (shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]])
    ]
    shell, *holes = max(polygons, key=lambda rings: sum(map(len, rings)))
    del document, polygons
    polygon = shapely.Polygon(shell, holes)
    print(f"{shapely.get_num_coordinates(polygon)} vertices, {len(holes)} holes, valid: {polygon.is_valid}")
    right = independent_m2(polygon, SITE)
    with tempfile.TemporaryDirectory() as name:
        area, gaps = _through(polygon, "as it is", Path(name) / "whole")
        print(f"area {area:.2f} m2, checked {right:.2f} m2, ratio - 1 = {area / right - 1:.1e}; in doubt {gaps:.2f} m2")
        assert abs(area / right - 1) < 1e-8
        broken = shapely.Polygon(shell, [*holes, BOW_TIE])
        area, gaps = _through(broken, "with a bow-tie", Path(name) / "broken")
        hull = independent_m2(shapely.MultiPoint(BOW_TIE).convex_hull, SITE)
        print(f"area {area:.2f} m2; in doubt {gaps:.2f} m2, the hull of the bow-tie has {hull:.2f} m2")
        # Nobody knows which loop is the slip: whatever of it is taken out as island, all of it is not assessed.
        assert right - hull <= area <= right * (1 + 1e-8) and abs(gaps - hull) <= 1.0


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else "200000"
    synthetic(int(given)) if given.isdecimal() else real(Path(given))
