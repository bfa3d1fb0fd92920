"""The demo sites and their facts, in the formats that sites come in."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
import yaml

from lianzhou_gis.formats import read_sites, write_parcel_txt
from lianzhou_gis.formats.geopackage_writing import fixed_timestamp
from tools.county.county import County, square
from tools.county.grid import line_of, point_of
from tools.county.places import place
from tools.county.writing import DBF_DAY, STAMP, unprojected

__all__ = ["write_sites"]

Records = dict[str, list[dict[str, Any]]]

# A kindergarten's ground is not square: an L, two thirds of it built on.
_L_SHAPE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.12], [0.05, 0.12], [0.05, 0.5], [-0.5, 0.5]])


def _zone(layers: Records, wanted: dict[str, Any]) -> Any:  # noqa: ANN401 - a shapely geometry
    return next(row["geometry"] for row in layers[wanted["layer"]] if row["zone_id"] == wanted["zone_id"])


def _shape(entry: dict[str, Any], layers: Records) -> Any:  # noqa: ANN401 - a shapely geometry of the plane
    if "line" in entry:
        return line_of(entry["line"])
    if "point" in entry:
        return shapely.Point(point_of(entry["point"]))
    if "zone" in entry:
        return _zone(layers, entry["zone"])
    if "in" in entry:
        # The place deepest inside, so that the whole site lies in the zone.
        zone = max(shapely.get_parts(_zone(layers, entry["in"])), key=lambda part: part.area)
        x, y = shapely.maximum_inscribed_circle(zone, 1.0).coords[0]
        return square(x, y, entry["side"], 20.0)
    if "near" in entry:
        middle = _zone(layers, entry["near"]).centroid
        return square(middle.x + entry["near"]["east"], middle.y, entry["side"], 0.0)
    x, y = point_of(entry["at"])
    if "area_m2" in entry:
        plain = shapely.Polygon(_L_SHAPE)
        return shapely.Polygon(_L_SHAPE * np.sqrt(entry["area_m2"] / plain.area) + np.array([x, y]))
    return square(x, y, entry["side"], 15.0)


def _outfall(entry: dict[str, Any], county: County) -> Any:  # noqa: ANN401 - a point or None
    if "outfall" not in entry:
        return None
    course = county.courses[entry["outfall"]["river"]]
    return course.interpolate(entry["outfall"]["share"], normalized=True)


def write_sites(folder: Path, county: County, layers: Records) -> None:
    """Write ``sites.gpkg`` with outfalls, ``facts.yaml``, the seam plot as TXT in both zones, a GBK Shapefile."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = place("sites")["sites"]
    shapes = unprojected([_shape(entry, layers) for entry in entries], None)
    frame = gpd.GeoDataFrame(
        {
            "site_id": [entry["id"] for entry in entries],
            "name": [entry["name"] for entry in entries],
            "accuracy_m": [0.1] * len(entries),
            "corridor_width_m": [entry.get("corridor_width_m") for entry in entries],
            "declared_area_m2": [entry.get("declared_area_m2") for entry in entries],
        },
        geometry=gpd.GeoSeries(shapes, crs="EPSG:4490"),
        crs="EPSG:4490",
    )
    points = [(entry["id"], _outfall(entry, county)) for entry in entries if "outfall" in entry]
    outfalls = gpd.GeoDataFrame(
        {"site_id": [site_id for site_id, _ in points]},
        geometry=gpd.GeoSeries(unprojected([point for _, point in points], None), crs="EPSG:4490"),
        crs="EPSG:4490",
    )
    path = folder / "sites.gpkg"
    path.unlink(missing_ok=True)
    with fixed_timestamp(STAMP):
        pyogrio.write_dataframe(frame, path, layer="sites", driver="GPKG", geometry_type="Unknown", SPATIAL_INDEX="NO")
        pyogrio.write_dataframe(outfalls, path, layer="outfalls", driver="GPKG", append=True, SPATIAL_INDEX="NO")
    facts = {"all": place("sites")["all"], "sites": {entry["id"]: entry["facts"] for entry in entries}}
    head = "# Facts of the demo sites (synthetic).\n"
    (folder / "facts.yaml").write_text(
        head + yaml.safe_dump(facts, allow_unicode=True, sort_keys=False, width=1000), encoding="utf-8"
    )
    _write_seam(folder)
    _write_zip(folder, frame[frame["site_id"] == "DEMO-14"])


def _write_seam(folder: Path) -> None:
    """Write one plot across 112.5 E as coordinate TXT in zone 37 (GBK) and in zone 38 (UTF-8)."""
    entry = place("sites")["seam"]
    x, y = point_of(entry["at"])
    half_width, half_depth = entry["width"] / 2, entry["depth"] / 2
    shape = shapely.box(x - half_width, y - half_depth, x + half_width, y + half_depth)
    frame = gpd.GeoDataFrame(
        {"site_id": [entry["id"]], "name": [entry["name"]]},
        geometry=gpd.GeoSeries(unprojected([shape], None), crs="EPSG:4490"),
        crs="EPSG:4490",
    )
    sites = read_sites(frame)
    for zone, encoding in ((37, "gb18030"), (38, "utf-8")):
        write_parcel_txt(sites, folder / f"seam_{zone}.txt", zone=zone, producer="合成演示数据", encoding=encoding)


def _write_zip(folder: Path, frame: gpd.GeoDataFrame) -> None:
    """Write one site as a GBK Shapefile in zone 37, zipped, as a surveyor mails it."""
    shapes = frame.geometry.to_crs("EPSG:4525")
    renamed = gpd.GeoDataFrame(
        {"地块编号": ["DEMO-14"], "项目名称": list(frame["name"])}, geometry=shapes.array, crs="EPSG:4525"
    )
    path = folder / "warehouse_gbk.zip"
    work = folder / ".shapefile"
    work.mkdir(exist_ok=True)
    with fixed_timestamp(STAMP):
        pyogrio.write_dataframe(renamed, work / "warehouse.shp", driver="ESRI Shapefile", encoding="GBK", **DBF_DAY)
    (work / "warehouse.cpg").unlink(missing_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(work.iterdir()):
            info = zipfile.ZipInfo(part.name, date_time=(2026, 11, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, part.read_bytes())
            part.unlink()
    work.rmdir()
