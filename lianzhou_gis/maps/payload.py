"""What a map shows, as plain data: sites with their grounds, zones, gaps, legend; geometry simplified for display."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lianzhou_gis.vocabulary import Effect, Style, Verdict, label, theme, themes

if TYPE_CHECKING:
    from lianzhou_gis.runs import Run

__all__ = ["as_json", "payload"]

# Degrees: about 4 m, under the accuracy of the layers, and 0.1 m.
_TOLERANCE = 4e-5
_GRID = 1e-6

_VERDICT_STYLES = {
    Verdict.PROHIBITED: ("#a50026", "solid"),
    Verdict.PROCEDURE_REQUIRED: ("#e6740c", "solid"),
    Verdict.NEEDS_JUDGEMENT: ("#7b3294", "solid"),
    Verdict.CONDITIONAL: ("#c9a800", "solid"),
    Verdict.NEEDS_INFORMATION: ("#1f78b4", "dashed"),
    Verdict.NOT_ASSESSED: ("#666666", "dashed"),
    Verdict.NO_CONFLICT_FOUND: ("#1a7a3a", "solid"),
}


def as_json(data: Any) -> str:  # noqa: ANN401 - any plain data
    r"""Return data as JSON that can stand inside a script element: none of it ends the element or opens a template.

    Examples
    --------
    >>> print(as_json({"name": "</script><b>"}))
    {"name":"\u003c/script\u003e\u003cb\u003e"}
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    # folium renders what an element gives it once more as a template: no text may open an expression of it.
    return re.sub(r"\{(?=[{%#])", r"\\u007b", text)


def _display(geometries: Any, *, covering: bool = False) -> list[Any]:  # noqa: ANN401 - array of geometries
    """Return geometries as GeoJSON for drawing; a shape that would vanish is kept as it is."""
    shapes = np.asarray(geometries, dtype=object)
    if covering and len(shapes) > 1 and (shapely.get_type_id(shapes) % 3 == 0).all():
        simple = shapely.coverage_simplify(shapes, _TOLERANCE)
    else:
        simple = shapely.simplify(shapes, _TOLERANCE, preserve_topology=True)
    small = shapely.get_num_coordinates(shapes) <= 200
    simple = np.where(small | shapely.is_empty(simple), shapes, simple)
    # Rounding for display only: a grid, point by point, so that no shape collapses.
    simple = shapely.transform(simple, lambda xy: np.round(xy / _GRID) * _GRID)
    return [
        None if text is None else _rounded(json.loads(text))
        for text in (None if shape is None or shape.is_empty else shapely.to_geojson(shape) for shape in simple)
    ]


def _rounded(value: Any) -> Any:  # noqa: ANN401 - nested lists of numbers
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


def _style(style: Style) -> dict[str, Any]:
    return {"fill": style.fill, "line": style.line, "pattern": style.pattern, "width": style.width}


def _text(value: Any) -> str | None:  # noqa: ANN401 - a cell
    return None if pd.isna(value) else str(value)


def _layer(theme_id: str, zones: gpd.GeoDataFrame) -> dict[str, Any]:
    entry = theme(theme_id)
    labels = {grade.id: grade for grade in entry.grades}
    features = [
        {
            "name": _text(name),
            "zone_id": _text(zone_id),
            "layer": _text(layer_id),
            "grade": labels[grade].label["zh"] if grade in labels else None,
            "style": grade if grade in labels else "",
            "geometry": geometry,
        }
        for name, zone_id, layer_id, grade, geometry in zip(
            zones["name"],
            zones["zone_id"],
            zones["layer_id"],
            zones["grade"],
            _display(zones.geometry, covering=entry.covering),
            strict=True,
        )
        if geometry is not None
    ]
    present = [grade for grade in entry.grades if (zones["grade"] == grade.id).any()]
    return {
        "theme": theme_id,
        "title": entry.label["zh"],
        "shown": theme_id not in ("administrative", "permanent_basic_farmland", "water_function"),
        "styles": {"": _style(entry.style), **{grade.id: _style(grade.style) for grade in present}},
        "legend": [{"style": grade.id, "text": grade.label["zh"]} for grade in present]
        or [{"style": "", "text": entry.label["zh"]}],
        "features": features,
    }


def _site(record: dict[str, Any], geometry: Any, outfall: Any) -> dict[str, Any]:  # noqa: ANN401 - GeoJSON
    rank = list(Effect)
    findings = sorted(record["findings"], key=lambda item: (rank.index(Effect(item["effect"])), item["rule_id"]))
    return {
        "site_id": record["site_id"],
        "name": record["name"],
        "verdict": record["verdict"],
        "worst": record["worst_possible"],
        "label": record["label"]["zh"],
        "area_m2": record["area_m2"],
        "geometry": geometry,
        "outfall": outfall,
        "findings": [_finding(item) for item in findings],
        "gaps": [
            {
                "reason": label("gap", gap["reason"])["zh"],
                "theme": theme(gap["theme"]).label["zh"] if gap["theme"] in themes() else None,
                "detail": gap["detail"]["zh"],
            }
            for gap in record["gaps"]
        ],
        "questions": [question["question"]["zh"] for question in record["questions"]],
        "checks": [
            {
                "theme": theme(check["theme"]).label["zh"],
                "status": label("check", check["status"])["zh"],
                "net_area_m2": check["net_area_m2"],
                "nearest_m": check["nearest_m"],
            }
            for check in record["checks"]
            if check["status"] != "not_in_scope"
        ],
    }


def _finding(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": item["title"]["zh"],
        "effect": label("effect", item["effect"])["zh"],
        "notice": item["effect"] == Effect.NOTICE.value,
        "zone": item["zone_name"] or item["zone_id"],
        "theme": theme(item["theme"]).label["zh"] if item["theme"] in themes() else None,
        "relation": label("relation", item["relation"])["zh"] if item["relation"] else None,
        "doubtful": item["doubtful"],
        "area_m2": item["area_m2"],
        "share": item["share_of_site"],
        "length_m": item["length_m"],
        "distance_m": item["distance_m"],
        "text": item["paraphrase"]["zh"],
        "citations": [
            f"《{citation['title']['zh']}》第{citation['article']}条（{citation['issuer']['zh']}）"
            for citation in item["citations"]
        ],
        "action": item["action"]["zh"],
        "authority": item["authority"]["zh"],
        "override": item["override"],
    }


def _scope(looked_at: list[str]) -> str:
    """Return which themes were looked at; those left out are named."""
    left_out = [entry.label["zh"] for name, entry in themes().items() if name not in looked_at]
    if not left_out:
        return f"全部 {len(looked_at)} 个主题"
    return "仅" + "、".join(theme(name).label["zh"] for name in looked_at) + "（未核查：" + "、".join(left_out) + "）"


def payload(run: Run) -> dict[str, Any]:
    """Return all that the map shows, plain data only.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        Coordinates are EPSG:4490, lon/lat; simplified to about 4 m and rounded to 0.1 m for drawing only.
    """
    document, tables = run.document, run.tables
    circumstances = document["run"]
    sites = tables["sites"].set_index("site_id")
    outfalls = tables["outfalls"].set_index("site_id") if len(tables["outfalls"]) else None
    shapes = dict(zip(sites.index, _display(sites.geometry), strict=True))
    points = {} if outfalls is None else dict(zip(outfalls.index, _display(outfalls.geometry), strict=True))
    gaps = tables["gaps"]
    drawn = gaps[gaps.geometry.notna() & ~gaps.geometry.is_empty]
    zones = tables["zones"]
    pieces = tables["findings"]
    pieces = pieces[pieces.geometry.notna() & (pieces["effect"] != Effect.NOTICE.value)].drop_duplicates(
        ["site_id", "layer_id", "zone_id"]
    )
    records = [_site(site, shapes.get(site["site_id"]), points.get(site["site_id"])) for site in document["sites"]]
    order = {verdict.value: verdict.rank for verdict in Verdict}
    return {
        "title": f"{circumstances['region']}项目选址环境管控核查图",
        "notice": "内部使用，含未公开图层与坐标，不得对外发布",
        "disclaimer": circumstances["disclaimer"]["zh"],
        "synthetic": "合成演示数据 不代表真实区划" if circumstances["synthetic"] else None,
        "as_of": circumstances["as_of"],
        "rulebook": circumstances["rulebook"]["version"],
        "scope": _scope(circumstances["scope"]),
        "sources": [
            {
                "title": layer["title"]["zh"] if layer["title"] else theme(layer["theme"]).label["zh"],
                "document": layer["document"],
                "data_date": layer["data_date"],
                "status": layer["status"],
            }
            for layer in circumstances["layers"]
        ],
        "verdicts": {
            verdict.value: {"text": label("verdict", verdict)["zh"], "colour": colour, "line": line}
            for verdict, (colour, line) in _VERDICT_STYLES.items()
        },
        "layers": [_layer(name, zones[zones["theme"] == name]) for name in themes() if (zones["theme"] == name).any()],
        "pieces": [
            {"site_id": site_id, "geometry": geometry}
            for site_id, geometry in zip(pieces["site_id"], _display(pieces.geometry), strict=True)
            if geometry is not None
        ],
        "gaps": [
            {"site_id": site_id, "reason": label("gap", reason)["zh"], "geometry": geometry}
            for site_id, reason, geometry in zip(
                drawn["site_id"], drawn["reason"], _display(drawn.geometry), strict=True
            )
        ],
        "sites": sorted(records, key=lambda site: (order[site["worst"]], order[site["verdict"]], site["site_id"])),
    }
