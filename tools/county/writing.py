"""The records of the demo filed as layers come in life: GeoPackage, GBK Shapefile, GeoJSON, zones 37 and 38."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
import yaml

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.formats.geopackage_writing import fixed_timestamp
from lianzhou_gis.geodesy import CGCS2000, from_cgcs2000, system_from_code
from lianzhou_gis.intake.table_reader import read_zones
from lianzhou_gis.layers.content_hash import content_sha256
from lianzhou_gis.rulebook.access_phrases import condition_for_item, decide_wording
from tools.county.county import areal
from tools.county.grid import PLANE, Shape
from tools.county.places import place
from tools.county.units import CATEGORIES

__all__ = [
    "DBF_DAY",
    "STAMP",
    "content_hashes",
    "unprojected",
    "write_access_list",
    "write_catalog",
    "write_layer",
    "write_rivers",
]

# The day that stands in every file: the same bytes whenever they are made.
STAMP = "2026-11-01T00:00:00Z"
# A DBF carries the day it was written, and the driver takes it from no clock that can be set.
DBF_DAY = {"DBF_DATE_LAST_UPDATE": STAMP[:10]}
# Meanders shift a course from where another one was drawn to end.
_NEAR_MOUTH_M = 600.0
_COVERAGE = "administrative:DEMO-441882"
_ACCESS_COLUMNS = [
    "item_id", "unit_id", "level", "dimension", "kind", "industries", "when", "effect", "text", "document",
    "valid_from", "valid_to", "restates",
]  # fmt: skip


# What an office confirms once for all projects of the synthetic county.
_REGION_FACTS = {
    "approval_suspended": False,
    "energy_target_missed": False,
    "in_heavy_metal_key_area": False,
    "in_ventilation_corridor": False,
    "park_sewage_plant_working": True,
}
# What other offices hold: the synthetic county has no layer of it.
_ELSEWHERE = {
    "cultural_relic": "文物行政主管部门",
    "historic_area": "住房和城乡建设主管部门",
    "power_facility": "电力管理部门",
    "oil_gas_pipeline": "能源主管部门",
    "highway": "交通运输主管部门",
    "railway": "铁路监督管理机构",
    "ancient_tree": "林业、住房和城乡建设主管部门",
    "dam_protection": "水行政主管部门",
}


def _confirmed(value: bool) -> dict[str, Any]:
    # Each fact has days of its own: YAML would write one that is shared as an alias.
    return {
        "value": value,
        "document": "DEMO-地区事实确认",
        "office": "示例机关",
        "confirmed_on": date(2026, 11, 1),
        "valid_to": date(2027, 4, 30),
    }


def unprojected(shapes: list[Any], crs: str | None) -> list[Any]:
    """Return shapes of the plane in a reference system: nanodegrees of CGCS2000, millimetres of a zone; None stays."""
    flat = np.empty(len(shapes), dtype=object)
    flat[:] = shapes
    lonlat = PLANE.unproject(flat)
    surveyed = lonlat if crs is None else from_cgcs2000(lonlat, system_from_code(crs))
    rounded = shapely.transform(surveyed, lambda xy: np.round(xy, 9 if crs is None else 3))
    # Rounding can make a hair of a border cross itself.
    broken = np.flatnonzero(~shapely.is_missing(rounded) & ~shapely.is_valid(rounded))
    rounded[broken] = [areal(shapely.make_valid(shape)) for shape in rounded[broken]]
    return list(rounded)


def write_layer(folder: Path, layer_id: str, rows: list[dict[str, Any]]) -> Path:
    """File the records of one layer and return its path."""
    entry = place("layers")[layer_id]
    names = {name: name for name in dict.fromkeys(key for row in rows for key in row) if name != "geometry"}
    names |= {ours: theirs for ours, theirs in entry.get("fields", {}).items() if ours in names}
    table = pd.DataFrame({theirs: [row.get(ours) for row in rows] for ours, theirs in names.items()})
    shapes = unprojected([row["geometry"] for row in rows], entry.get("crs"))
    crs = entry.get("crs", "EPSG:4326" if entry["file"].endswith(".geojson") else CGCS2000.code)
    frame = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs=crs), crs=crs)
    path = folder / str(entry["file"])
    for old in folder.glob(f"{path.stem}.*"):
        old.unlink()
    with fixed_timestamp(STAMP):
        if path.suffix == ".shp":
            pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", encoding="GBK", **DBF_DAY)
            # As it comes in life: GBK texts and nothing that says so but the language byte.
            path.with_suffix(".cpg").unlink(missing_ok=True)
        elif path.suffix == ".geojson":
            pyogrio.write_dataframe(frame, path, driver="GeoJSON", COORDINATE_PRECISION=9, RFC7946="YES")
        else:
            pyogrio.write_dataframe(
                frame, path, driver="GPKG", layer=path.stem, geometry_type="Unknown", SPATIAL_INDEX="NO"
            )
    return path


def _to_confluence(river: str, courses: Mapping[str, Shape]) -> Shape:
    """Return a course that ends on the nearest other one, if its mouth lies near one."""
    mouth = shapely.Point(courses[river].coords[-1])
    others = [course for name, course in courses.items() if name != river]
    into = min(others, key=mouth.distance)
    if not 0.0 < mouth.distance(into) < _NEAR_MOUTH_M:
        return courses[river]
    return shapely.LineString([*courses[river].coords, into.interpolate(into.project(mouth)).coords[0]])


def write_rivers(path: Path, courses: Mapping[str, Shape]) -> None:
    """File the water courses as lines, each from source to mouth; a mouth is drawn to the course it flows into."""
    names = {river["id"]: river["name"] for river in place("rivers")["rivers"]}
    lines = unprojected([_to_confluence(river, courses).simplify(4.0) for river in names], None)
    frame = gpd.GeoDataFrame({"river_id": list(names), "name": list(names.values())}, geometry=lines, crs=CGCS2000.code)
    path.unlink(missing_ok=True)
    with fixed_timestamp(STAMP):
        pyogrio.write_dataframe(frame, path, driver="GPKG", layer=path.stem, SPATIAL_INDEX="NO")


def _filled(text: Any, code: str) -> Any:  # noqa: ANN401
    return text.replace("{code}", code) if isinstance(text, str) else text


def _worded(item: dict[str, Any], code: str, number: int) -> dict[str, Any]:
    """Return an item of one unit with what its wording decides."""
    item_id, found = f"{code}-{number}", decide_wording(item["text"])
    row = {**item, "item_id": item_id, "unit_id": code, "level": "unit", "restates": ";".join(found.themes)}
    return row if found.when is None else {**row, "when": condition_for_item(found.when, item_id)}


def write_access_list(path: Path) -> None:
    """Write the access list of all units."""
    data = place("access")
    rows = [{**item, "unit_id": "*"} for item in data["every_unit"]]
    for category in CATEGORIES:
        for unit in place("units")[category]:
            rows += [
                {
                    **{key: _filled(value, unit["code"]) for key, value in item.items()},
                    "unit_id": unit["code"],
                    "level": "unit",
                }
                for item in data[category]
            ]
            count = len(data[category])
            rows += [
                _worded(item, unit["code"], count + place_of)
                for place_of, item in enumerate(data["worded"].get(unit["code"], ()), start=1)
            ]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, _ACCESS_COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            when = json.dumps(row["when"], ensure_ascii=False) if "when" in row else ""
            writer.writerow({**row, "when": when, "document": "DEMO-清单〔2021〕1号", "valid_from": "2021-07-01"})


def _dated(key: str, value: Any) -> Any:  # noqa: ANN401
    return date.fromisoformat(value) if key.endswith(("_date", "_from", "_to")) and isinstance(value, str) else value


def content_hashes(path: Path) -> dict[str, str]:
    """Return the SHA-256 of the content of every layer of a catalog."""
    catalog = Catalog.open(path)
    return {entry.id: content_sha256(read_zones(catalog, entry, None)[0]) for entry in catalog.layers}


def write_catalog(path: Path, folder: str, rows: Mapping[str, int], hashes: Mapping[str, str] | None = None) -> None:
    """Write the catalog.

    Parameters
    ----------
    path : pathlib.Path
    folder : str
        Paths of the entries begin with it.
    rows : mapping of layer id to int
        How many zones the generator made: the expected count, unless the layer is counted by a column.
    hashes : mapping of layer id to str, optional
        SHA-256 of the content, as an import records it.
    """
    entries = []
    for layer_id, entry in place("layers").items():
        record = {
            "id": layer_id,
            "series": entry["series"],
            "theme": entry["theme"],
            "title": {"zh": f"{entry['zh']}（合成演示）", "en": f"{entry['en']} (synthetic)"},
            "path": f"{folder}/{entry['file']}",
            "data_date": entry.get("data_date", "2026-06-30"),
            "publisher": "合成演示数据，无发布单位",
            "document": f"DEMO-{layer_id.removeprefix('demo_')}",
            "licence": "Apache-2.0",
            "disclosure": entry.get("disclosure", "restricted"),
            "coverage": _COVERAGE,
            "synthetic": True,
        }
        for key in ("datum", "valid_from", "valid_to", "expected_count", "count_by"):
            if key in entry:
                record[key] = entry[key]
        if "expected_count" not in record:
            record |= {"expected_count": rows[layer_id], "count_by": "source_row"}
        record["row_count"] = rows[layer_id]
        if hashes is not None:
            record["sha256"] = hashes[layer_id]
        if "accuracy_m" in entry:
            record["accuracy_m"] = entry["accuracy_m"]
        if "public_columns" in entry:
            record["disclosure_columns"] = dict.fromkeys(entry["public_columns"], "public")
        if "access_list" in entry:
            record["access_list"] = f"{folder}/{entry['access_list']}"
        if "fields" in entry:
            record["columns"] = {theirs: ours for ours, theirs in entry["fields"].items()}
        entries.append({key: _dated(key, value) for key, value in record.items()})
    document = {
        "region": {
            "name": "连州市（合成演示）",
            "code": "441882",
            "bounds": [111.6, 24.1, 113.3, 25.7],
            "facts": {name: _confirmed(value) for name, value in _REGION_FACTS.items()},
        },
        "elsewhere": [
            {"theme": theme, "office": office, "reason": "演示县没有该图层，须另行征求意见"}
            for theme, office in _ELSEWHERE.items()
        ],
        "rivers": {
            "path": f"{folder}/rivers.gpkg",
            "direction": "digitised",
            "complete": True,
            "accuracy_m": 10,
            "data_date": date(2026, 6, 30),
            "publisher": "合成演示数据，无发布单位",
            "document": "DEMO-rivers",
            "synthetic": True,
        },
        "layers": entries,
    }
    head = "# SYNTHETIC: none of it shows Lianzhou's real zones. Written by python -m tools.county; do not edit.\n"
    body = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=1000)
    path.write_text(head + body, encoding="utf-8")
