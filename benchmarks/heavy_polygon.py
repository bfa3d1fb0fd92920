"""A heavy broken polygon under a county against ``shapely.make_valid`` of the whole, in the same run, as a ratio.

    python benchmarks/heavy_polygon.py [VERTICES]

Both make of a synthetic sea (thousands of islands, some of them with rings that cross themselves) what lies within the
study area of a county. The areas must agree but for the places where the readings of a broken ring lie apart.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import shapely

from lianzhou_gis.demo.heavy import sea
from lianzhou_gis.formats.repair import repaired
from lianzhou_gis.geodesy import Plane, Region, StudyArea

COUNTY = Region("demo", (112.12, 24.62, 112.78, 25.20))


def main(vertices: int) -> None:
    """Time both and print the ratio."""
    made = sea(vertices, max(vertices // 50, 100), broken=max(vertices // 5_000, 4))
    study, plane = StudyArea.around(COUNTY), Plane()
    started = time.perf_counter()
    repair = repaired(np.array([made.polygon], dtype=object), study=study)[0]
    ours = time.perf_counter() - started
    started = time.perf_counter()
    whole = shapely.clip_by_rect(shapely.make_valid(made.polygon), *study.bounds)
    theirs = time.perf_counter() - started
    ours_m2, theirs_m2 = (float(plane.project_vertices([shape])[0].area) for shape in (repair.geometry, whole))
    assert abs(ours_m2 - theirs_m2) <= repair.changed_m2 + 1e-9 * theirs_m2
    print(f"{shapely.get_num_coordinates(made.polygon)} vertices, {len(made.islands)} holes, {len(made.broken)} broken")
    print(f"lianzhou_gis {ours:.2f} s, make_valid {theirs:.2f} s, ratio {theirs / ours:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
