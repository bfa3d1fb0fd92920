"""Zones that offices draw: ranges of rivers, catchments, groundwater, elements, noise, heat, the growth boundary."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from tools.county.county import County, areal, polygons
from tools.county.grid import Shape, point_of
from tools.county.nature import blob, named, reach_of
from tools.county.places import place

__all__ = ["control"]

Records = list[dict[str, Any]]


def _river_range(county: County) -> Records:
    """Return the range of every river and lake, the flood line of some, planted belts and a protected shore."""
    data = place("control")["river_range"]
    rows: Records = []
    for river in place("rivers")["rivers"]:
        water = reach_of(county, {"river": river["id"], "from": 0.0, "to": 1.0})
        name = river["name"].replace("（示例）", "").replace("（示例，位置示意）", "")
        entry = {"id": f"DEMO-GL-{river['id'][-2:]}", "name": f"{name}管理范围（示例）", "grade": "河湖管理范围"}
        rows.append(named(entry, water.buffer(data["range_m"], quad_segs=1).simplify(8.0), county))
        if river["id"] in data["flooded"]:
            entry = {
                "id": f"DEMO-HS-{river['id'][-2:]}",
                "name": f"{name}五十年一遇洪水位线（示例）",
                "grade": "五十年一遇洪水位线以下",
            }
            rows.append(named(entry, water.buffer(data["flood_m"], quad_segs=1).simplify(10.0), county))
    for lake in place("rivers")["lakes"]:
        name = lake["name"].replace("（示例）", "")
        entry = {"id": f"DEMO-GLH-{lake['id'][-2:]}", "name": f"{name}管理范围（示例）", "grade": "河湖管理范围"}
        rows.append(named(entry, county.lakes[lake["id"]].buffer(data["range_m"], quad_segs=1).simplify(8.0), county))
    for grade, entries in (("植物保护带", data["belts"]), ("岸线保护区", data["shores"])):
        for entry in entries:
            water = reach_of(county, entry)
            strip = shapely.difference(water.buffer(entry["depth"], quad_segs=1), water)
            rows.append(named({**entry, "grade": grade}, strip, county))
    return rows


def _catchments(county: County) -> Records:
    """Return for every surface source the land around its zones, standing in for the land that drains to it."""
    rows = []
    for number in sorted({zone.number for zone in county.sources if zone.source_type != "groundwater"}):
        zones = [zone for zone in county.sources if zone.number == number]
        land = shapely.union_all([zone.geometry for zone in zones]).simplify(60.0)
        entry = {"id": f"DEMO-HSQ-{number:02d}", "name": zones[0].name.replace("水源地", "水源地汇水区")}
        rows.append(
            named(entry, land.buffer(place("control")["catchment"]["around_m"], quad_segs=3).simplify(40.0), county)
        )
    return rows


def _elements(county: County) -> Records:
    rows = []
    for entry in place("control")["elements"]:
        if "river" in entry:
            shape = reach_of(county, entry).simplify(20.0).buffer(entry["bank"], quad_segs=2).simplify(25.0)
        else:
            shape = blob(entry["at"], entry["radius"], entry["id"])
        rows.append(named(entry, shape, county))
    return rows


def _quiet(county: County, built_up: dict[str, Shape]) -> Records:
    """Return the inner part of every built-up area, drawn together towards the seat."""
    rows = []
    factor = float(np.sqrt(place("control")["noise_share"]))
    for number, town in enumerate(place("county")["towns"], start=1):
        x, y = point_of(town["seat"])
        inner = shapely.affinity.scale(built_up[town["name"]], factor, factor, origin=(float(x), float(y)))
        entry = {"id": f"DEMO-ZS-{number:02d}", "name": f"{town['name']}噪声敏感建筑物集中区域（示例）"}
        rows.append(named(entry, inner, county))
    return rows


def _growth(county: County, built_up: dict[str, Shape], park: Shape, fields: list[Shape]) -> Records:
    """Return the growth boundary: towns and the park with room to grow, off red line and basic farmland."""
    barred = shapely.union_all([county.red, shapely.union_all(fields)])
    rows = []
    for number, (name, shape) in enumerate([*built_up.items(), ("民族工业园", park)], start=1):
        wide = shape.buffer(place("control")["growth_m"], quad_segs=2).simplify(10.0)
        grade = "中心城区" if name == "连州镇" else "其他城镇"
        pieces = polygons(shapely.difference(wide, barred), 5000.0)
        entry = {"id": f"DEMO-KFBJ-{number:02d}", "name": f"{name}城镇开发边界（示例）", "grade": grade}
        rows.append(named(entry, areal(shapely.union_all(pieces)), county))
    return rows


def control(county: County, built_up: dict[str, Shape], park: Shape, fields: list[Shape]) -> dict[str, Records]:
    """Return the records of these layers.

    Parameters
    ----------
    county : County
    built_up : dict
        The built-up area of every town.
    park : Polygon
    fields : list of Polygon
        The basic farmland.
    """
    data = place("control")
    return {
        "demo_river_range": _river_range(county),
        "demo_catchments": _catchments(county),
        "demo_groundwater": [
            named(entry, blob(entry["at"], entry["radius"], entry["id"]), county) for entry in data["groundwater"]
        ],
        "demo_elements": _elements(county),
        "demo_noise": _quiet(county, built_up),
        "demo_heat": [named(data["heat"], blob(data["heat"]["at"], data["heat"]["radius"], "heat", 40.0), county)],
        "demo_growth": _growth(county, built_up, park, fields),
    }
