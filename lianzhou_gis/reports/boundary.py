"""Boundary files of a site: the shapefile of the national soil platform, parcel TXT, and the red line with overlaps."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import FormatError, extra
from lianzhou_gis.formats.parcel_writing import write_parcel_txt
from lianzhou_gis.geodesy import from_cgcs2000, gauss_kruger
from lianzhou_gis.reports.annex import corners_of
from lianzhou_gis.reports.site_view import SiteView
from lianzhou_gis.vocabulary import theme

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["PLATFORM_FIELDS", "SURVEYS", "overlap_dxf", "overlap_shapefile", "parcel_txt", "platform_shapefile"]

Encoding = Literal["UTF-8", "GBK"]
Survey = Literal["初步调查", "详细调查"]
SURVEYS: tuple[Survey, ...] = ("初步调查", "详细调查")
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
# Fields of the platform in its order, as fiona writes them: width in bytes.
PLATFORM_FIELDS = {
    "DKMC": "str:254", "DKDM": "str:100", "XZQDM": "str:12", "XZQMC": "str:100", "YDMJ": "float:17.2", "DH": "int64:16",
    "SCRQ": "date", "SCDW": "str:254", "BZ": "str:254",
}  # fmt: skip
_DIGITS_OF_PLOT = 13
_OVERLAP_FIELDS = {
    "XMBH": "str:60", "XMMC": "str:254", "LB": "str:100", "GKQMC": "str:254", "JB": "str:60", "MJ": "float:17.2",
    "BZ": "str:254",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    shape: BaseGeometry
    values: Mapping[str, str | float | int | date | None]


def _fitted(name: str, value: str, width: int, encoding: Encoding) -> str:
    """Return a text that fits a field of a shapefile.

    Raises
    ------
    FormatError
        If it does not fit, or the encoding lacks a character: a text is never cut silently.
    """
    try:
        size = len(value.encode("gb18030" if encoding == "GBK" else "utf-8"))
    except UnicodeEncodeError as error:
        raise FormatError.from_code("boundary_text_encoding", field=name, encoding=encoding) from error
    if encoding == "GBK":
        try:
            value.encode("gbk")
        except UnicodeEncodeError as error:
            raise FormatError.from_code("boundary_text_encoding", field=name, encoding=encoding) from error
    if size > width:
        raise FormatError.from_code("boundary_text_long", field=name, bytes=size, width=width, encoding=encoding)
    return value


def _shapefile(
    stem: str, kind: str, fields: Mapping[str, str], rows: Iterable[_Row], zone: int, encoding: Encoding, day: date
) -> dict[str, bytes]:
    """Return the files of a shapefile by name, the same bytes for the same rows."""
    import fiona

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{stem}.shp"
        with fiona.open(
            path, "w", driver="ESRI Shapefile", crs=gauss_kruger(zone).crs.to_wkt("WKT1_ESRI"), encoding=encoding,
            schema={"geometry": kind, "properties": dict(fields)}, DBF_DATE_LAST_UPDATE=day.isoformat(),
        ) as sink:  # fmt: skip
            for row in rows:
                values = {}
                for name, form in fields.items():
                    value = row.values.get(name)
                    if isinstance(value, str) and form.startswith("str:"):
                        value = _fitted(name, value, int(form[4:]), encoding)
                    values[name] = value.isoformat() if isinstance(value, date) else value
                sink.write({"geometry": mapping(row.shape), "properties": values})
        return {part.name: part.read_bytes() for part in sorted(Path(folder).iterdir())}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, _ZIP_DAY)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(info, data)
    return content.getvalue()


def _area_of(site: SiteView) -> BaseGeometry:
    shape: BaseGeometry | None = site.geometry
    if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise FormatError.from_code("boundary_no_area", site=site.site_id)
    return shape


def _plane(shape: BaseGeometry, zone: int) -> BaseGeometry:
    """Return a shape in metres, rings as ESRI orders them: outer clockwise, holes counter-clockwise."""
    flat = from_cgcs2000(np.asarray([shape], dtype=object), gauss_kruger(zone))[0]
    oriented: BaseGeometry = shapely.orient_polygons(flat, exterior_cw=True)
    return oriented


def platform_shapefile(
    site: SiteView,
    *,
    survey: Survey = "初步调查",
    encoding: Encoding = "UTF-8",
    region_code: str = "",
    region: str = "",
) -> tuple[str, bytes]:
    """Return name and content of the ZIP that the national soil platform takes.

    Parameters
    ----------
    site : SiteView
        Its particulars hold 地块代码, the maker and the remarks.
    survey : {"初步调查", "详细调查"}
    encoding : {"UTF-8", "GBK"}
        UTF-8 with a .cpg file is what the platform is known to take.
    region_code, region : str
        XZQDM and XZQMC.

    Raises
    ------
    FormatError
        If the site is no area, has no plot code of 13 digits, or a text does not fit its field.
    """
    shape = _area_of(site)
    code = site.particulars.plot_code or ""
    if not re.fullmatch(rf"\d{{{_DIGITS_OF_PLOT}}}", code):
        raise FormatError.from_code("boundary_plot_code", site=site.site_id, code=code or None)
    zone = corners_of(shape).zone
    flat = _plane(shape, zone)
    day = date.fromisoformat(site.view.record["as_of"])
    row = _Row(flat, {
        "DKMC": site.name, "DKDM": code, "XZQDM": region_code or code[:6],
        "XZQMC": region or site.view.record["region"],
        "YDMJ": round(float(flat.area), 2), "DH": zone, "SCRQ": day, "SCDW": site.particulars.survey_unit,
        "BZ": site.particulars.remarks,
    })  # fmt: skip
    stem = f"{survey}{code}"
    files = _shapefile(stem, "Polygon", PLATFORM_FIELDS, [row], zone, encoding, day)
    return f"{stem}.zip", _zipped({f"{stem}/{name}": data for name, data in files.items()})


def parcel_txt(site: SiteView, path: Path) -> None:
    """Write the corner points of a site as a parcel coordinate TXT in the zone in which most of them lie.

    Raises
    ------
    FormatError
        If the site is no area.
    """
    shape = _area_of(site)
    frame = site.view.run.tables["sites"]
    write_parcel_txt(
        frame[frame["site_id"] == site.site_id], path, zone=corners_of(shape).zone,
        producer=site.particulars.survey_unit or "", day=date.fromisoformat(site.view.record["as_of"]),
    )  # fmt: skip


def _pieces(site: SiteView) -> gpd.GeoDataFrame:
    overlaps = site.view.run.tables["overlaps"]
    own = overlaps[(overlaps["site_id"] == site.site_id) & overlaps.geometry.notna()]
    return own[own["relation"].isin(["overlap", "within"])]


def _overlap_rows(site: SiteView, zone: int) -> list[_Row]:
    shape = _area_of(site)
    flat = _plane(shape, zone)
    rows = [
        _Row(
            flat,
            {"XMBH": site.site_id, "XMMC": site.name, "LB": "红线", "MJ": round(float(flat.area), 2), "BZ": "内部资料"},
        )
    ]
    for item in _pieces(site).itertuples():
        parts = [part for part in shapely.get_parts(item.geometry) if shapely.get_type_id(part) == 3]
        if parts:
            piece = _plane(shapely.multipolygons(parts), zone)
            values = {
                "XMBH": site.site_id, "XMMC": site.name, "LB": theme(str(item.theme)).label["zh"],
                "GKQMC": str(item.zone_name or item.zone_id), "JB": item.grade if isinstance(item.grade, str) else None,
                "MJ": round(float(item.area_m2), 2), "BZ": "内部资料",
            }  # fmt: skip
            rows.append(_Row(piece, values))
    return rows


def overlap_shapefile(site: SiteView, *, encoding: Encoding = "UTF-8") -> tuple[str, bytes]:
    """Return name and content of a ZIP with the site's border and the occupied pieces in one shapefile; internal."""
    zone = corners_of(site.geometry).zone
    stem = "红线与占用"
    day = date.fromisoformat(site.view.record["as_of"])
    files = _shapefile(stem, "Polygon", _OVERLAP_FIELDS, _overlap_rows(site, zone), zone, encoding, day)
    return f"{stem}.zip", _zipped(files)


def overlap_dxf(site: SiteView) -> bytes:
    """Return the site's border and the occupied pieces as DXF, a layer for each theme; internal.

    Raises
    ------
    MissingExtraError
        If ezdxf is not installed.
    FormatError
        If the site is no area.
    """
    ezdxf = extra("ezdxf", "dxf")
    zone = corners_of(site.geometry).zone
    rows = _overlap_rows(site, zone)
    before = ezdxf.options.write_fixed_meta_data_for_testing
    # Clock and random identifiers of the file would differ between equal runs.
    ezdxf.options.write_fixed_meta_data_for_testing = True
    try:
        drawing = ezdxf.new("R2010", units=6)
        names: Sequence[str] = list(dict.fromkeys(str(row.values["LB"]) for row in rows))
        for number, name in enumerate(names):
            drawing.layers.add(name, color=1 if number == 0 else 2 + number % 5)
        space = drawing.modelspace()
        for row in rows:
            for part in shapely.get_parts(row.shape):
                for ring in shapely.get_rings(part):
                    points = shapely.get_coordinates(ring)[:-1]
                    space.add_lwpolyline(points.tolist(), close=True, dxfattribs={"layer": str(row.values["LB"])})
        stream = io.StringIO()
        drawing.write(stream)
    finally:
        ezdxf.options.write_fixed_meta_data_for_testing = before
    return stream.getvalue().encode("utf-8")
