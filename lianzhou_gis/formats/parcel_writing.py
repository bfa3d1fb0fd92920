"""The parcel coordinate TXT (界址点坐标文件) written, from the vertices of the source."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.sites import Sites
from lianzhou_gis.geodesy import from_cgcs2000, gauss_kruger, statutory_area

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["write_parcel_txt"]

# The letters that end a field or a line of the format.
_RESERVED = str.maketrans({",": "，", "@": "＠", "\n": " ", "\r": " "})


def _field(value: object) -> str:
    return "" if not isinstance(value, str) else value.translate(_RESERVED)


def _ring(ring: BaseGeometry, number: int, first: int, decimals: int) -> list[str]:
    """Return the lines of a ring; the last repeats the number of the first."""
    points = shapely.get_coordinates(ring)
    labels = [*range(first, first + len(points) - 1), first]
    return [
        f"J{label},{number},{north:.{decimals}f},{east:.{decimals}f}"
        for label, (east, north) in zip(labels, points, strict=True)
    ]


def _plot(shape: BaseGeometry, name: object, site_id: object, area_m2: float, decimals: int) -> list[str]:
    lines: list[str] = []
    number, first = 0, 1
    for part in shapely.get_parts(shape):
        for ring in shapely.get_rings(part):
            number += 1
            lines += _ring(ring, number, first, decimals)
            first += shapely.get_num_coordinates(ring) - 1
    return [f"{len(lines)},{area_m2 / 10_000:.4f},{_field(site_id)},{_field(name) or _field(site_id)},面,,,,@", *lines]


def write_parcel_txt(
    sites: Sites | gpd.GeoDataFrame,
    path: str | Path,
    *,
    zone: int = 37,
    decimals: int = 3,
    producer: str = "",
    day: date | None = None,
    encoding: str = "utf-8",
) -> Path:
    """Write sites as a parcel coordinate file in a 3-degree zone of CGCS2000.

    Parameters
    ----------
    sites : Sites or GeoDataFrame
        EPSG:4490 with ``site_id`` and ``name``; areas only. The vertices are those of the source, none added.
    path : path
    zone : int
        3-degree zone; eastings carry its number.
    decimals : int
        Of the coordinates, metres.
    producer : str
        数据产生单位.
    day : datetime.date, optional
        数据产生日期; left empty without one.
    encoding : str
        ``utf-8`` or ``gb18030``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FormatError
        If a site is no area.
    ReferenceSystemError
        For a zone that does not exist.

    Examples
    --------
    >>> import tempfile
    >>> from lianzhou_gis.formats import read_sites
    >>> sites = read_sites("POLYGON ((112.49 24.82, 112.492 24.82, 112.492 24.822, 112.49 24.82))", crs="EPSG:4490")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = read_sites(write_parcel_txt(sites, Path(folder) / "plots.txt"))
    >>> bool(abs(again.frame["area_m2"][0] - sites.frame["area_m2"][0]) < 0.5)
    True
    """
    frame = sites.table if isinstance(sites, Sites) else sites
    target = Path(path)
    shapes = np.asarray(frame["geometry"] if isinstance(sites, Sites) else sites.geometry.array, dtype=object)
    for site_id, shape in zip(frame["site_id"], shapes, strict=True):
        if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon"):
            raise FormatError.from_code("parcel_site_not_area", file=target.name, site=site_id)
    system = gauss_kruger(zone)
    areas = statutory_area(shapes)
    head = {
        "格式版本号": "1.01版本",
        "数据产生单位": _field(producer),
        "数据产生日期": day.isoformat() if day else "",
        "坐标系": "2000国家大地坐标系",
        "几度分带": "3",
        "投影类型": "高斯克吕格",
        "计量单位": "米",
        "带号": str(zone),
        "精度": f"{10.0**-decimals:.{decimals}f}",
        "转换参数": ",,,,,,",
    }
    lines = ["[属性描述]", *(f"{key}={value}" for key, value in head.items()), "[地块坐标]"]
    for row, shape, area in zip(frame.itertuples(), from_cgcs2000(shapes, system), areas, strict=True):
        lines += _plot(shape, row.name, row.site_id, float(area), decimals)
    target.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return target
