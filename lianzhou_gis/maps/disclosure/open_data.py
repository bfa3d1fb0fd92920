"""The published files as bytes, made from manifest and layers alone: the same input gives the same bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import geopandas as gpd
import jinja2
import pandas as pd
import shapely

from lianzhou_gis.formats.geopackage_writing import write_tables
from lianzhou_gis.maps import assets
from lianzhou_gis.maps.disclosure.metadata_records import abstract, iso_record, lineage
from lianzhou_gis.maps.disclosure.public_columns import column_label
from lianzhou_gis.maps.disclosure.public_page import page_bytes
from lianzhou_gis.maps.disclosure.publication import (
    MANIFEST,
    PAGE,
    FileRecord,
    Manifest,
    Part,
    PublicPart,
    approval_text,
)
from lianzhou_gis.maps.page import content_policy
from lianzhou_gis.maps.payload import SYNTHETIC
from lianzhou_gis.vocabulary import theme, themes

__all__ = ["FOLDER", "PICTURE", "geojson_bytes", "guarded", "names_of", "published_files", "with_files"]

FOLDER, PICTURE = "data", "overview.svg"
_FORMATS = {
    "geojson": "GeoJSON（CGCS2000 经纬度）",
    "gpkg": "GeoPackage（CGCS2000 经纬度）",
    "csv": "CSV 表格（UTF-8）",
    "xml": "元数据（ISO 19139）",
}


def names_of(record: PublicPart) -> list[str]:
    """Return the names of the files of a layer."""
    endings = ["csv", "xml", "html"] + (["geojson", "gpkg"] if record.show == "shapes" else [])
    return [f"{FOLDER}/{record.id}.{ending}" for ending in endings]


def published_files(manifest: Manifest, parts: list[Part]) -> dict[str, bytes]:
    """Return every file of a publication but its manifest, by name.

    Parameters
    ----------
    manifest : Manifest
        Its list of files is not read.
    """
    bare = manifest.model_copy(update={"files": []})
    stamp = f"{manifest.date.isoformat()}T00:00:00Z"
    files = {PAGE: page_bytes(bare, parts), f"{FOLDER}/index.html": _index(bare, parts)}
    drawn = [part for part in parts if part.shapes]
    if drawn:
        files[PICTURE] = _picture(bare, drawn)
    for part in parts:
        place = f"{FOLDER}/{part.record.id}"
        files[f"{place}.csv"] = _csv(part)
        if part.shapes is not None:
            files[f"{place}.geojson"] = geojson_bytes(part)
            files[f"{place}.gpkg"] = _geopackage(part, stamp)
        offered = {
            name.removeprefix(f"{FOLDER}/"): _FORMATS[name.rsplit(".", 1)[1]]
            for name in names_of(part.record)
            if not name.endswith((".html", ".xml"))
        }
        files[f"{place}.xml"] = iso_record(bare, part, offered)
        files[f"{place}.html"] = _layer_page(bare, part)
    return files


def with_files(manifest: Manifest, files: dict[str, bytes]) -> Manifest:
    """Return a manifest that lists files with their hashes."""
    records = [
        FileRecord(name=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        for name, content in sorted(files.items())
        if name != MANIFEST
    ]
    return manifest.model_copy(update={"files": records})


def geojson_bytes(part: Part) -> bytes:
    """Return a layer as GeoJSON, every coordinate with the declared decimals."""
    assert part.shapes is not None and part.record.decimals is not None
    decimals = part.record.decimals

    def cut(value: Any) -> Any:  # noqa: ANN401 - positions, nested as the kind of geometry has it
        return [cut(item) for item in value] if isinstance(value, list | tuple) else round(float(value), decimals)

    features = []
    for row, shape in zip(_rows(part), part.shapes, strict=True):
        geometry = json.loads(shapely.to_geojson(shape))
        features.append(
            {
                "type": "Feature",
                "properties": dict(zip(part.rows.columns, row, strict=True)),
                "geometry": {"type": geometry["type"], "coordinates": cut(geometry["coordinates"])},
            }
        )
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"))
    return (text + "\n").encode("utf-8")


def _rows(part: Part) -> list[list[Any]]:
    rows: list[list[Any]] = part.rows.astype(object).where(part.rows.notna(), None).to_numpy().tolist()
    return rows


def _csv(part: Part) -> bytes:
    """Return the columns of a layer as CSV that spreadsheets open as UTF-8 and never run as formulas."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(part.rows.columns)
    writer.writerows([guarded(value) for value in row] for row in _rows(part))
    return b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8")


def guarded(value: object) -> str:
    """Return a cell as text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded(None), guarded(7)
    ("'=1+1", '', '7')
    """
    text = "" if value is None else str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "'") else text


def _geopackage(part: Part, stamp: str) -> bytes:
    """Return a layer as a GeoPackage; column names are those of the manifest."""
    columns = {}
    for column in part.rows.columns:
        cells = part.rows[column]
        numeric = cells.notna().any() and all(isinstance(cell, int) for cell in cells.dropna())
        columns[column] = cells.astype("Int64" if numeric else "string")
    frame = gpd.GeoDataFrame(pd.DataFrame(columns), geometry=part.shapes, crs="EPSG:4490")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{part.record.id}.gpkg"
        write_tables(path, {part.record.id: frame}, stamp)
        return path.read_bytes()


def _number(value: object) -> str:
    return "" if value is None else f"{value:g}"


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True
    )
    environment.filters["number"] = _number
    return environment.from_string(assets.asset(name))


def _page_frame(manifest: Manifest) -> dict[str, Any]:
    style = assets.asset("open_data.css")
    return {
        "policy": content_policy([], [style]),
        "style": style,
        "manifest": manifest,
        "approval": approval_text(manifest),
        "synthetic": SYNTHETIC if manifest.synthetic else None,
    }


def _index(manifest: Manifest, parts: list[Part]) -> bytes:
    """Return the page that lists the layers."""
    rows = [(part.record, abstract(part.record)) for part in parts]
    return _template("open_data_index.html.jinja").render(**_page_frame(manifest), rows=rows).encode("utf-8")


def _layer_page(manifest: Manifest, part: Part) -> bytes:
    """Return the page of a layer: what, since when, whose, how exact, licence, corrections to whom."""
    record = part.record
    files = [name.removeprefix(f"{FOLDER}/") for name in names_of(record) if not name.endswith(".html")]
    return (
        _template("open_data_layer.html.jinja")
        .render(
            **_page_frame(manifest),
            record=record,
            abstract=abstract(record),
            lineage=lineage(record),
            files=[(name, _FORMATS[name.rsplit(".", 1)[1]]) for name in files],
            heads=[column_label(column) for column in part.rows.columns],
            rows=_rows(part)[:500],
            count=len(part.rows),
            withheld=[item for item in manifest.withheld if item.layer == record.id],
        )
        .encode("utf-8")
    )


def _picture(manifest: Manifest, parts: list[Part]) -> bytes:
    """Return an overview of the drawn layers as SVG, in degrees; the same bytes for the same cells."""
    west, south, east, north = shapely.total_bounds([shape for part in parts for shape in part.shapes or ()])
    squeeze, wide = 0.9, 800.0
    scale = wide / ((east - west) * squeeze)
    high = (north - south) * scale
    drawn = []
    for part in sorted(parts, key=lambda part: (part.record.theme == "administrative", part.record.id)):
        style = theme(part.record.theme).style if part.record.theme in themes() else theme("administrative").style
        fill = "none" if style.pattern == "outline" else style.fill
        look = f'fill="{fill}" fill-opacity="0.35" stroke="{style.line}" stroke-width="0.8"'
        for shape in part.shapes or ():
            rings = shapely.get_rings(shapely.get_parts(shape))
            path = "".join(
                "M"
                + " ".join(f"{(x - west) * squeeze * scale:.1f},{(north - y) * scale:.1f}" for x, y in ring[:-1])
                + "Z"
                for ring in (shapely.get_coordinates(ring) for ring in rings)
            )
            drawn.append(f'<path d="{path}" {look} fill-rule="evenodd"/>')
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {wide + 16:.0f} {high + 16:.0f}" role="img">\n'
        f"<title>{escape(manifest.title)}</title>\n{body}\n</svg>\n"
    ).encode()
