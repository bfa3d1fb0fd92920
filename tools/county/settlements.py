"""What people put there: built-up areas, the park, receptors, waste, polluted plots, no-raising and no-burn zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from tools.county.county import County, areal, square
from tools.county.fractal import roughen
from tools.county.grid import Shape, point_of, stream
from tools.county.places import place

__all__ = ["Settlements", "livestock_zones", "settle"]


@dataclass(frozen=True)
class Settlements:
    """Records of layers, each a dict of columns with ``geometry`` in the plane."""

    built_up: dict[str, Shape]
    park: dict[str, Any]
    receptors: list[dict[str, Any]]
    waste: list[dict[str, Any]]
    plots: list[dict[str, Any]]
    no_burn: list[dict[str, Any]]


def _blob(x: float, y: float, radius: float, name: str, edge: float = 40.0) -> Shape:
    random = stream(name)
    angle = np.linspace(0.0, 2 * np.pi, 14, endpoint=False)
    reach = radius * (1.0 + 0.18 * random.standard_normal(14).clip(-1.5, 1.5))
    corners = np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)])
    ragged: Shape = roughen([shapely.Polygon(corners)], edge, 0.08, random)[0]
    return ragged


def _park() -> dict[str, Any]:
    """Return the park with the area that is published."""
    entry = place("settlements")["park"]
    x, y = point_of(entry["middle"])
    target = float(entry["area_ha"]) * 1e4
    corners = np.array([[-900, -1250], [650, -1330], [880, -300], [760, 1180], [-620, 1300], [-980, 250]], dtype=float)
    plain = shapely.Polygon(corners)
    factor = np.sqrt(target / plain.area)
    shape = shapely.Polygon(corners * factor + (x, y))
    return {"zone_id": entry["id"], "name": entry["name"], "official_area_m2": target, "geometry": shape}


def _receptors() -> list[dict[str, Any]]:
    found = []
    for town in place("county")["towns"]:
        x, y = point_of(town["seat"])
        for number, entry in enumerate(place("settlements")["receptors"], start=1):
            found.append(
                {
                    "zone_id": f"DEMO-MG-{town['code'][-3:]}-{number}",
                    "name": f"{town['name']}{entry['word']}（示例）",
                    "grade": entry["grade"],
                    "town": town["name"],
                    "geometry": square(x + entry["east"], y + entry["north"], entry["side"], 10.0 * number),
                }
            )
    return found


def _plots() -> list[dict[str, Any]]:
    found = []
    for entry in place("settlements")["plots"]:
        shape = None
        if "at" in entry:
            x, y = point_of(entry["at"])
            shape = square(x, y, entry["side"], entry["turn"]) if "side" in entry else shapely.Point(x, y)
        record = {"zone_id": entry["id"], "name": entry["name"], "grade": entry["grade"], "town": entry["town"]}
        found.append({**record, "accuracy_m": entry.get("accuracy"), "document": "DEMO-名录-2026", "geometry": shape})
    return found


def settle(county: County) -> Settlements:
    """Return what people put there."""
    built = {}
    for town in place("county")["towns"]:
        x, y = point_of(town["seat"])
        shape = _blob(x, y, place("settlements")["built_up_m"][town["name"]], f"built-up {town['name']}")
        built[town["name"]] = areal(shapely.intersection(shapely.difference(shape, county.red), county.parts.county))
    waste = []
    for entry in place("settlements")["waste"]:
        x, y = point_of(entry["at"])
        disc = shapely.Point(x, y).buffer(entry["radius"], quad_segs=12)
        waste.append({"zone_id": entry["id"], "name": entry["name"], "geometry": disc})
    no_burn = [
        {"zone_id": "DEMO-JR-01", "name": "连州镇禁燃区（示例）", "grade": "Ⅲ类", "geometry": built["连州镇"]},
        {"zone_id": "DEMO-JR-02", "name": "星子镇禁燃区（示例）", "grade": "Ⅱ类", "geometry": built["星子镇"]},
    ]
    return Settlements(built, _park(), _receptors(), waste, _plots(), no_burn)


def livestock_zones(county: County, built_up: dict[str, Shape]) -> list[dict[str, Any]]:
    """Return the no-raising zones: for all farms at sources, cores, towns; by discharge in quasi zones, reserves."""
    rows: list[tuple[str, str, Shape]] = []
    for number in sorted({zone.number for zone in county.sources}):
        zones = [zone for zone in county.sources if zone.number == number]
        strict = shapely.union_all([zone.geometry for zone in zones if zone.grade in ("primary", "secondary")])
        rows.append((zones[0].name.replace("水源地", "水源禁养区"), "一级", strict))
        mild = [zone.geometry for zone in zones if zone.grade == "quasi"]
        if mild:
            outer = shapely.difference(shapely.union_all(mild), strict)
            rows.append((zones[0].name.replace("水源地", "水源准保护区禁养区"), "二级", outer))
    for reserve, core, rest in zip(
        place("protected")["reserves"], county.protected.core, county.protected.rest, strict=True
    ):
        rows.append((f"{reserve['name'].replace('（示例）', '')}核心区禁养区（示例）", "一级", core.simplify(30.0)))
        rows.append((f"{reserve['name'].replace('（示例）', '')}其他区域禁养区（示例）", "二级", rest.simplify(30.0)))
    rows += [(f"{name}建成区禁养区（示例）", "一级", shape) for name, shape in built_up.items()]
    return [
        {"zone_id": f"DEMO-JY-{number:02d}", "name": name, "grade": grade, "geometry": areal(shapely.make_valid(shape))}
        for number, (name, grade, shape) in enumerate(rows, start=1)
    ]
