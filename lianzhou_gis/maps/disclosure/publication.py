"""What the public sees, as plain data and as bytes: made from a profile and a source, or read again from a folder."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pandas as pd
import shapely
from pydantic import BaseModel, ConfigDict, Field

from lianzhou_gis.maps.disclosure.profile import FEWEST
from lianzhou_gis.maps.page import page
from lianzhou_gis.maps.payload import SYNTHETIC, frame_of
from lianzhou_gis.maps.zone_layers import bounds_of, style_record, zone_layers
from lianzhou_gis.vocabulary import Style, theme, themes

__all__ = [
    "FEW", "LABELS", "OTHER", "FileRecord", "Manifest", "Part", "PublicPart", "Withheld", "csv_bytes", "geojson_bytes",
    "guarded", "page_bytes",
]  # fmt: skip

FEW = "少于5"
OTHER = "其他（合并）"
# What columns are called in public; a layer's own columns keep their names.
LABELS = {
    "name": "名称", "grade": "级别", "part": "部位", "source_name": "水源", "source_type": "水源类型",
    "town": "所在乡镇", "authority": "批准机关", "document": "批准文件", "zone_id": "编号",
    "valid_from": "生效日期", "valid_to": "失效日期", "official_area_m2": "公布面积（平方米）", "verdict": "核查结论",
    "number": "序号", "count": "数量",
}  # fmt: skip
_SITES = Style("#8a4b08", "#5e3606", "diagonal", 2.0)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PublicPart(_Record):
    """One layer of a publication, as the manifest tells it."""

    id: str
    theme: str
    title: str
    show: Literal["shapes", "list", "counts"]
    columns: list[str]
    accuracy_m: float | None
    decimals: int | None
    as_published: str | None
    source: str
    data_date: date


class Withheld(_Record):
    """What is not there, and why."""

    what: str
    why: str


class FileRecord(_Record):
    """A file of the publication: its hash is of public bytes alone."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int


class Manifest(_Record):
    """What a publication is: who, when, from what, how exact, under which approval, and what was left out."""

    schema_version: Literal["1"] = "1"
    title: str
    publisher: str
    date: date
    approval_number: str | None
    no_approval_reason: str | None
    notes: list[str]
    synthetic: bool
    reference_system: Literal["CGCS2000, EPSG:4490, longitude and latitude in degrees"]
    software: str
    layers: list[PublicPart]
    withheld: list[Withheld]
    files: list[FileRecord] = []


@dataclass(frozen=True)
class Part:
    """A layer with its rows: ``number`` first, then the public columns; shapes where there are any.

    ``left_out`` tells what could not be drawn to the declared accuracy; only known where a publication is made.
    """

    record: PublicPart
    rows: pd.DataFrame
    shapes: list[Any] | None
    left_out: tuple[str, ...] = ()


def geojson_bytes(part: Part) -> bytes:
    """Return a layer as GeoJSON, every coordinate with the declared decimals at most."""
    assert part.shapes is not None and part.record.decimals is not None
    decimals = part.record.decimals

    def cut(value: Any) -> Any:  # noqa: ANN401 - nested lists
        return [cut(item) for item in value] if isinstance(value, list | tuple) else round(float(value), decimals)

    features = []
    for row, shape in zip(part.rows.itertuples(index=False, name=None), part.shapes, strict=True):
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


def csv_bytes(part: Part) -> bytes:
    """Return the columns of a layer as CSV that spreadsheets open as UTF-8 and never run as formulas."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(part.rows.columns)
    for row in part.rows.itertuples(index=False, name=None):
        writer.writerow([guarded(value) for value in row])
    return b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8")


def guarded(value: Any) -> str:  # noqa: ANN401 - a cell
    """Return a cell as text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded(None), guarded(7)
    ("'=1+1", '', '7')
    """
    text = "" if value is None else str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def page_bytes(manifest: Manifest, parts: list[Part]) -> bytes:
    """Return the public map: nothing stands in it but what the manifest and the layers say."""
    return page(_payload(manifest, parts)).encode("utf-8")


def _payload(manifest: Manifest, parts: list[Part]) -> dict[str, Any]:
    approval = (
        f"审图号：{manifest.approval_number}"
        if manifest.approval_number
        else f"未标注审图号，理由：{manifest.no_approval_reason}"
    )
    drawn = [part for part in parts if part.shapes is not None]
    shapes = [shape for part in drawn for shape in part.shapes or ()]
    synthetic = SYNTHETIC if manifest.synthetic else None
    accuracy = sorted({part.record.accuracy_m for part in drawn if part.record.accuracy_m is not None})
    precise = f"图形精度：约 {'、'.join(f'{metres:g}' for metres in accuracy)} 米" if accuracy else None
    return frame_of(
        title=manifest.title,
        subtitle=[f"{manifest.publisher}　{manifest.date}", approval],
        notes=list(manifest.notes),
        about=[
            "图形经概化处理，与原边界的偏差不超过所列精度，仅供示意，不作为划界、量算和审批依据；窄小的区域以外扩轮廓示意。",
            "未列出的图层、属性和坐标未公开；图上空白不表示没有管控区。",
            *_withheld(manifest),
        ],
        synthetic=synthetic,
        source_heads=["图层", "来源", "数据日期", "精度"],
        sources=[
            [
                part.record.title,
                part.record.source,
                part.record.data_date.isoformat(),
                f"按“{part.record.as_published}”公布"
                if part.record.as_published
                else f"约 {part.record.accuracy_m:g} 米"
                if part.record.accuracy_m
                else "无图形",
            ]
            for part in parts
        ],
        imprint=[text for text in (approval, f"{manifest.publisher}　{manifest.date}", precise, synthetic) if text],
        layers=_layers(drawn),
        tables=[
            {
                "title": part.record.title,
                "heads": [LABELS.get(column, column) for column in part.rows.columns],
                "rows": part.rows.astype(object).where(part.rows.notna(), None).to_numpy().tolist(),
            }
            for part in parts
            if part.shapes is None
        ],
        pointer_decimals=min(5, max((part.record.decimals or 1 for part in drawn), default=4)),
        bounds=bounds_of(shapes),
    )


def _withheld(manifest: Manifest) -> list[str]:
    """Return what is not there, one sentence per reason."""
    reasons: dict[str, list[str]] = {}
    for item in manifest.withheld:
        reasons.setdefault(item.why, []).append(item.what)
    return [f"{why}：{'、'.join(things)}。" for why, things in reasons.items()]


def _layers(parts: list[Part]) -> list[dict[str, Any]]:
    """Return the drawn layers, one entry of the legend each; numbers under five are not told."""
    found = []
    # The lines of towns stand over everything.
    for part in sorted(parts, key=lambda part: part.record.theme == "administrative"):
        known = part.record.theme in themes()
        table = pd.DataFrame(
            {
                "theme": part.record.theme if known else "administrative",
                "layer_id": part.record.id,
                "zone_id": [str(number) for number in part.rows["number"]],
                "name": part.rows["name"] if "name" in part.rows else None,
                "grade": _grades(part),
                "geometry": part.shapes,
            }
        )
        more = [column for column in part.rows.columns if column not in ("number", "name", "grade")]
        # Names apart, so that a column of the layer cannot stand in for one of the map's.
        table = table.assign(**{f"more.{column}": part.rows[column].to_numpy() for column in more})
        titles = {part.record.id: part.record.title}
        words = {f"more.{column}": LABELS.get(column, column) for column in more}
        (layer,), _ = zone_layers(table, titles, more=words, simplify=False)
        layer["title"], layer["shown"] = part.record.title, True
        if not known:
            layer["styles"][""] = style_record(_SITES)
            layer["legend"] = [{"style": "", "text": part.record.title, "count": layer["count"]}]
        _hide_few(layer)
        found.append(layer)
    return found


def _hide_few(layer: dict[str, Any]) -> None:
    """Take small counts out of a legend; one alone could be told from the whole, so the next larger goes with it."""
    small = [entry for entry in layer["legend"] if entry["count"] < FEWEST]
    rest = sorted((entry for entry in layer["legend"] if entry["count"] >= FEWEST), key=lambda entry: entry["count"])
    if len(small) == 1 and rest:
        rest[0]["count"] = None
    for entry in (*small, layer):
        entry["count"] = FEW if entry["count"] < FEWEST else entry["count"]


def _grades(part: Part) -> list[str | None]:
    """Return the grades as codes again: the public reads their labels."""
    if "grade" not in part.rows or part.record.theme not in themes():
        return [None] * len(part.rows)
    codes = {grade.label["zh"]: grade.id for grade in theme(part.record.theme).grades}
    return [codes.get(label) for label in part.rows["grade"]]
