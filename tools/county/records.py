"""The records of every layer of the demo: its columns as it will be filed, geometry still in the plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from tools.county.control import control
from tools.county.county import County, areal
from tools.county.grid import Shape
from tools.county.land import farmland, karst
from tools.county.nature import nature
from tools.county.places import place
from tools.county.rivers import surface
from tools.county.settlements import livestock_zones, settle
from tools.county.sources import SourceZone
from tools.county.units import CATEGORIES

__all__ = ["records"]

Records = list[dict[str, Any]]

_OUTLINE = "DEMO-441882"
_DOCUMENT = "DEMO-批复〔2020〕1号"
_CATEGORY_NAMES = {"priority": "优先保护单元", "key": "重点管控单元", "general": "一般管控单元"}


def _administrative(county: County) -> Records:
    rows: Records = [{"zone_id": _OUTLINE, "name": place("county")["name"], "geometry": county.parts.county}]
    for town, shape in zip(place("county")["towns"], county.parts.towns, strict=True):
        rows.append({"zone_id": f"DEMO-{town['code'][-9:]}", "name": f"{town['name']}（示例）", "geometry": shape})
    return rows


def _redline(county: County) -> Records:
    rows: Records = []
    for number, piece in enumerate(sorted(county.protected.plain, key=lambda part: -part.area), start=1):
        rows.append(
            {
                "zone_id": f"DEMO-HX-{number:03d}",
                "name": "生态保护红线（示例）",
                "grade": "红线内其他区域",
                "geometry": piece,
            }
        )
    for entry, core, rest in zip(
        place("protected")["reserves"], county.protected.core, county.protected.rest, strict=True
    ):
        tail = entry["id"][-2:]
        rows.append({"zone_id": f"DEMO-HX-H{tail}", "name": entry["name"], "grade": "核心保护区", "geometry": core})
        rows.append({"zone_id": f"DEMO-HX-Y{tail}", "name": entry["name"], "grade": "一般控制区", "geometry": rest})
    return rows


def _redline_2018(county: County) -> Records:
    """Return an older edition: coarser, somewhat wider in places, without what was added later."""
    rows: Records = []
    wide = [piece for piece in county.protected.plain if piece.area > 400_000.0]
    merged = shapely.union_all([*wide, *county.protected.core, *county.protected.rest]).buffer(60.0).simplify(55.0)
    within = areal(shapely.intersection(merged, county.parts.county))
    for number, piece in enumerate(sorted(shapely.get_parts(within), key=lambda part: -part.area), start=1):
        rows.append(
            {
                "zone_id": f"DEMO-HX18-{number:03d}",
                "name": "生态保护红线2018年评估版（示例）",
                "grade": "红线内其他区域",
                "geometry": piece,
            }
        )
    return rows


def _reserves(county: County) -> tuple[Records, Records]:
    """Return the reserves as zoned until 2026-03-14 (core, buffer, experimental) and since."""
    old: Records = []
    new: Records = []
    for entry, core, rest in zip(
        place("protected")["reserves"], county.protected.core, county.protected.rest, strict=True
    ):
        name, code = entry["name"], entry["id"]
        near = core.simplify(60.0).buffer(650.0, quad_segs=2)
        buffer_zone = areal(shapely.intersection(rest, near))
        experimental = areal(shapely.difference(rest, near))
        old += [
            {"zone_id": f"{code}-H", "name": name, "grade": "核心区", "geometry": core},
            {"zone_id": f"{code}-B", "name": name, "grade": "缓冲区", "geometry": buffer_zone},
            {"zone_id": f"{code}-S", "name": name, "grade": "实验区", "geometry": experimental},
        ]
        new += [
            {"zone_id": f"{code}-H", "name": name, "grade": "核心保护区", "geometry": core},
            {"zone_id": f"{code}-Y", "name": name, "grade": "一般控制区", "geometry": rest},
        ]
    return old, new


def _sources(zones: list[SourceZone]) -> Records:
    parts = {"water": "水域", "land": "陆域"}
    words = {"primary": "一级保护区", "secondary": "二级保护区", "quasi": "准保护区", "proposed": "拟划定"}
    return [
        {
            "zone_id": f"DEMO-SY-{zone.number:02d}-{zone.grade[0].upper()}{zone.part[0].upper()}",
            "name": zone.name.replace("（示例）", f"{words[zone.grade]}{parts[zone.part]}（示例）"),
            "grade": words[zone.grade],
            "part": zone.part,
            "source_name": zone.name,
            "source_type": zone.source_type,
            "town": zone.town,
            "document": _DOCUMENT,
            "geometry": zone.geometry,
        }
        for zone in zones
    ]


def _units(county: County) -> Records:
    entries = [(category, unit) for category in CATEGORIES for unit in place("units")[category]]
    return [
        {
            "HJZHGKDYBM": unit["code"],
            "HJZHGKDYMC": unit["name"],
            "ZHGKDYFL": str(CATEGORIES.index(category) + 1),
            "YSXL": unit.get("detail", ""),
            "REMARK": f"合成演示，{_CATEGORY_NAMES[category]}",
            "geometry": shape,
        }
        for (category, unit), shape in zip(entries, county.parts.units, strict=True)
    ]


def _functions(county: County) -> Records:
    rows: Records = []
    for river in place("rivers")["rivers"]:
        start = 0.0
        for number, reach in enumerate(river["reaches"], start=1):
            shape = surface(river, county.courses[river["id"]].simplify(4.0), start, float(reach["to"]))
            shape = areal(shapely.intersection(shape, county.parts.county))
            name = f"{river['name'].replace('（示例）', '')}{reach['label']}（示例）"
            rows.append(
                {"zone_id": f"{river['id']}-{number}", "name": name, "grade": f"{reach['grade']}类", "geometry": shape}
            )
            start = float(reach["to"])
    for lake in place("rivers")["lakes"]:
        rows.append(
            {
                "zone_id": lake["id"],
                "name": lake["name"],
                "grade": f"{lake['grade']}类",
                "geometry": county.lakes[lake["id"]],
            }
        )
    return rows


def _numbered(shapes: list[Shape], code: str, name: str) -> Records:
    order = np.argsort([-shape.area for shape in shapes], kind="stable")
    return [
        {"zone_id": f"{code}-{number:04d}", "name": name, "geometry": shapes[k]}
        for number, k in enumerate(order, start=1)
    ]


def records(county: County) -> dict[str, Records]:
    """Return the records of every layer by its id in the catalog."""
    settlements = settle(county)
    fields = farmland(
        county,
        [*settlements.built_up.values(), settlements.park["geometry"]]
        + [row["geometry"] for row in settlements.plots if row["geometry"] is not None]
        + [row["geometry"].buffer(30) for row in settlements.receptors],
    )
    old_reserves, reserves = _reserves(county)
    built = [*settlements.built_up.values(), settlements.park["geometry"]]
    used = shapely.union_all([*fields, *built, *county.rivers.values(), *county.lakes.values()])
    return {
        "demo_administrative": _administrative(county),
        "demo_redline_2018": _redline_2018(county),
        "demo_redline": _redline(county),
        "demo_water_sources": _sources(county.sources),
        "demo_backup_source": _sources(county.backup),
        "demo_livestock": livestock_zones(county, settlements.built_up),
        "demo_units": _units(county),
        "demo_plots": settlements.plots,
        "demo_reserves_2020": old_reserves,
        "demo_reserves": reserves,
        "demo_farmland": _numbered(fields, "DEMO-YN", "永久基本农田（示例）"),
        "demo_no_burn": settlements.no_burn,
        "demo_receptors": settlements.receptors,
        "demo_water_functions": _functions(county),
        "demo_karst": _numbered(karst(county), "DEMO-YR", "岩溶强发育区（示例）"),
        "demo_park": [settlements.park],
        "demo_waste": settlements.waste,
        **nature(county, county.asked, used),
        **control(county, settlements.built_up, settlements.park["geometry"], fields),
    }
