"""Nature beyond red line and reserves: parks, scenic area, forest, wetland, habitats, waters and slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from tools.county.county import County, areal, cells_where, polygons
from tools.county.fractal import roughen
from tools.county.grid import Array, Shape, line_of, point_of, stream
from tools.county.places import place
from tools.county.rivers import surface

__all__ = ["blob", "named", "nature", "reach_of"]

Records = list[dict[str, Any]]

# Steeper than this counts as 25 degrees.
_STEEP = float(np.tan(np.radians(25.0)))


def blob(at: list[float], radius: float, name: str, edge: float = 60.0) -> Shape:
    """Return a ragged disc around a place."""
    random = stream(f"blob {name}")
    x, y = point_of(at)
    angle = np.linspace(0.0, 2 * np.pi, 18, endpoint=False)
    reach = radius * (1.0 + 0.2 * random.standard_normal(18).clip(-1.5, 1.5))
    corners = np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)])
    ragged: Shape = roughen([shapely.Polygon(corners)], edge, 0.1, random)[0]
    return ragged


def reach_of(county: County, entry: dict[str, Any]) -> Shape:
    """Return the water surface of a reach of a river, its course drawn a little more simply."""
    river = next(river for river in place("rivers")["rivers"] if river["id"] == entry["river"])
    return surface(river, county.courses[entry["river"]].simplify(6.0), entry["from"], entry["to"])


def named(entry: dict[str, Any], shape: Shape, county: County) -> dict[str, Any]:
    """Return the record of a zone, cut at the border of the county."""
    record = {"zone_id": entry["id"], "name": entry["name"]}
    if "grade" in entry:
        record["grade"] = entry["grade"]
    return {**record, "geometry": areal(shapely.intersection(shape, county.parts.county))}


def _reserves(county: County) -> Shape:
    return shapely.union_all([*county.protected.core, *county.protected.rest])


def _parks(county: County) -> Records:
    reserves = _reserves(county).buffer(40.0, quad_segs=1)
    rows = []
    for entry in place("nature")["nature_parks"]:
        if "river" in entry:
            shape = reach_of(county, entry).buffer(entry["bank"], quad_segs=2).simplify(8.0)
        else:
            shape = blob(entry["at"], entry["radius"], entry["id"])
        # Protected sites do not overlap each other.
        rows.append(named(entry, shapely.difference(shape, reserves), county))
    return rows


def _scenic(county: County) -> Records:
    entry = place("nature")["scenic"]
    water = reach_of(county, entry).simplify(20.0)
    core, whole = (water.buffer(entry[part], quad_segs=3).simplify(25.0) for part in ("core", "whole"))
    return [
        named({**entry, "id": f"{entry['id']}-H", "grade": "核心景区"}, core, county),
        named({**entry, "id": f"{entry['id']}-Q", "grade": "核心景区以外"}, shapely.difference(whole, core), county),
    ]


def _highest(field: Array, among: Array, share: float, inside: Array) -> Array:
    """Return the cells of ``among`` where ``field`` is highest, so many that they are that share of ``inside``."""
    count = min(int(share * inside.sum()), int(among.sum()) - 1)
    return np.asarray(among & (field > -np.partition(-field[among], count)[count]))


def _coarse(county: County, chosen: Array, least_cells: int, barred: Shape, least_m2: float) -> list[Shape]:
    shapes = [shape.simplify(75.0) for shape in cells_where(county, chosen, least_cells)]
    free = shapely.difference(shapely.intersection(np.array(shapes, dtype=object), county.parts.county), barred)
    return [piece for shape in free for piece in polygons(shape, least_m2)]


def _forest(county: County, barred: Shape) -> Records:
    """Return public-welfare forest on the ridges and patches of natural forest beside it, off fields and towns."""
    grid, wanted = county.grid, place("nature")["forest"]
    inside = county.towns > 0
    free = inside & ~grid.mask([barred], all_touched=True)
    wish = county.height / 260.0 + 0.9 * grid.noise("forest", finest=500, coarsest=6000, slope=1.4)
    welfare = _highest(wish, free, wanted["share"], inside)
    natural = _highest(
        wish + 0.6 * grid.noise("natural forest", finest=600, coarsest=4000), free & ~welfare, wanted["natural"], inside
    )
    rows: Records = []
    for grade, chosen in (("公益林", welfare), ("天然林", natural)):
        pieces = sorted(_coarse(county, chosen, 40, barred, 60_000.0), key=lambda part: -part.area)
        code = "DEMO-GYL" if grade == "公益林" else "DEMO-TRL"
        rows += [
            {"zone_id": f"{code}-{number:04d}", "name": f"{grade}（示例）", "grade": grade, "geometry": piece}
            for number, piece in enumerate(pieces, start=1)
        ]
    return rows


def _wetlands(county: County) -> Records:
    rows = []
    for entry in place("nature")["wetlands"]:
        if "lake" in entry:
            lake = county.lakes[entry["lake"]].simplify(12.0)
            shape = shapely.difference(lake.buffer(entry["shore"], quad_segs=2), lake.buffer(-entry["shore"]))
        else:
            shape = reach_of(county, entry).buffer(entry["bank"], quad_segs=2).simplify(8.0)
        rows.append(named(entry, shape, county))
    return rows


def _ecological_space(county: County, asked: Array, barred: Shape) -> Records:
    grid, inside = county.grid, county.towns > 0
    off = shapely.union_all([county.red.simplify(40.0).buffer(25.0, quad_segs=1), barred])
    free = inside & (asked > -5.0) & ~grid.mask([off], all_touched=True)
    wish = asked + 0.5 * grid.noise("ecological space", finest=600, coarsest=5000, slope=1.5)
    chosen = _highest(wish, free, place("nature")["ecological_space"]["share"], inside)
    pieces = sorted(_coarse(county, chosen, 60, off, 80_000.0), key=lambda part: -part.area)
    rows: Records = [
        {
            "zone_id": f"DEMO-STKJ-{number:03d}",
            "name": "一般生态空间（示例）",
            "grade": "一般生态空间",
            "geometry": piece,
        }
        for number, piece in enumerate(pieces, start=1)
    ]
    for entry in place("nature")["function_reserves"]:
        record = {**entry, "grade": "生态功能保护区"}
        rows.append(named(record, blob(entry["at"], entry["radius"], entry["id"]), county))
    return rows


def _habitats(county: County) -> Records:
    rows = []
    for entry in place("nature")["habitats"]:
        if "line" in entry:
            shape = line_of(entry["line"]).buffer(entry["width"] / 2, quad_segs=4)
        else:
            shape = blob(entry["at"], entry["radius"], entry["id"], 120.0)
        rows.append(named(entry, shape, county))
    return rows


def _slopes(county: County) -> Records:
    """Return danger spots on slopes, gullies, and what the relief shows as steeper than 25 degrees."""
    rows: Records = []
    down, right = np.gradient(county.height, county.grid.cell)
    slope = np.hypot(down, right)
    inside = county.towns > 0
    random = stream("collapses")
    wanted = place("nature")["collapses"]
    steepish = np.argwhere(inside & (slope > 0.3) & (county.height < 700.0))
    x, y = county.grid.centres()
    for number, cell in enumerate(random.choice(steepish, wanted["count"], replace=False), start=1):
        spot = shapely.Point(x[tuple(cell)], y[tuple(cell)])
        disc = spot.buffer(float(random.uniform(*wanted["radius_m"])), quad_segs=6)
        kind = "崩塌" if number % 3 == 0 else "滑坡"
        entry = {"id": f"DEMO-HP-{number:02d}", "name": f"{kind}危险区{number}（示例）", "grade": f"{kind}危险区"}
        rows.append(named(entry, disc, county))
    for entry in place("nature")["gullies"]:
        shape = line_of(entry["line"]).buffer(entry["width"] / 2, quad_segs=3)
        rows.append(named({**entry, "grade": "泥石流易发区"}, shape, county))
    steep = _coarse(county, inside & (slope > _STEEP), 16, shapely.Polygon(), 60_000.0)
    rows += [
        {
            "zone_id": f"DEMO-DP-{number:03d}",
            "name": "二十五度以上陡坡（示例）",
            "grade": "二十五度以上陡坡",
            "geometry": piece,
        }
        for number, piece in enumerate(sorted(steep, key=lambda part: -part.area), start=1)
    ]
    return rows


def nature(county: County, asked: Array, barred: Shape) -> dict[str, Records]:
    """Return the records of nature's layers.

    Parameters
    ----------
    county : County
    asked : ndarray
        How much a cell asks to be protected.
    barred : Polygon
        Fields, towns, park and water, which forest and ecological space leave free.
    """
    park = place("nature")["national_park"]
    number = park["reserve"]
    reserve = shapely.union_all([county.protected.core[number], county.protected.rest[number]])
    candidate = reserve.simplify(60.0).buffer(park["around_m"], quad_segs=2).simplify(40.0)
    scenic = _scenic(county)
    quiet = shapely.union_all([county.red.simplify(90.0) & _reserves(county).simplify(60.0), scenic[0]["geometry"]])
    return {
        "demo_national_park": [named({**park, "grade": "创建候选区"}, candidate, county)],
        "demo_nature_parks": _parks(county),
        "demo_scenic": scenic,
        "demo_forest": _forest(county, barred),
        "demo_wetlands": _wetlands(county),
        "demo_ecological_space": _ecological_space(county, asked, barred),
        "demo_habitats": _habitats(county),
        "demo_special_waters": [
            named(entry, reach_of(county, entry), county) for entry in place("nature")["special_waters"]
        ],
        "demo_slopes": _slopes(county),
        "demo_air_class_one": [
            named({"id": f"DEMO-KQ-{k:02d}", "name": "环境空气一类区（示例）"}, part, county)
            for k, part in enumerate(sorted(polygons(quiet.buffer(60.0).simplify(50.0), 1e6), key=lambda p: -p.area), 1)
        ],
    }
