"""The tables of a batch as GeoParquet: plain columns with fixed types, the same bytes for the same sites."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

import numpy as np
import pyproj
import shapely

from lianzhou_gis.errors import extra
from lianzhou_gis.findings import Finding, Gap
from lianzhou_gis.formats import Sites
from lianzhou_gis.runs.document import decimals, plain
from lianzhou_gis.table import Columns

__all__ = ["TABLES", "TEXTS", "findings_table", "gaps_table", "overlaps_table", "sites_table", "written"]

_TEXT, _LIST = "string", "list"
_SITES = {
    "site_id": _TEXT, "name": _TEXT, "source_file": _TEXT, "source_row": "int64", "survey_crs": _TEXT, "datum": _TEXT,
    "accuracy_m": "double", "town": _TEXT, "towns": _LIST, "geometry_kind": _TEXT, "corridor_width_m": "double",
    "area_m2": "double", "statutory_area_m2": "double", "declared_area_m2": "double", "length_m": "double",
    "verdict": _TEXT, "worst_possible": _TEXT, "complete": "bool", "label_zh": _TEXT, "label_en": _TEXT,
    "geometry": "binary",
}  # fmt: skip
_OVERLAPS = {
    "site_id": _TEXT, "layer_id": _TEXT, "theme": _TEXT, "zone_id": _TEXT, "zone_name": _TEXT, "grade": _TEXT,
    "part": _TEXT, "subject": _TEXT, "relation": _TEXT, "area_m2": "double", "share_of_site": "double",
    "share_of_zone": "double", "length_m": "double", "distance_m": "double", "bearing_deg": "double",
    "doubtful": "bool", "geometry": "binary",
}  # fmt: skip
# What a rule says of itself stands once in rules.json, not in every row.
_FINDINGS = {
    "finding_id": _TEXT, "site_id": _TEXT, "layer_id": _TEXT, "theme": _TEXT, "zone_id": _TEXT, "zone_name": _TEXT,
    "grade": _TEXT, "relation": _TEXT, "subject": _TEXT, "rule_id": _TEXT, "effect": _TEXT, "worst": _TEXT,
    "doubtful": "bool", "unverified": "bool", "general_procedure": "bool", "facts_used": "json", "curable": "json",
    "area_m2": "double", "share_of_site": "double", "length_m": "double", "distance_m": "double", "geometry": "binary",
}  # fmt: skip
_GAPS = {
    "site_id": _TEXT, "reason": _TEXT, "theme": _TEXT, "layer_id": _TEXT, "zone_id": _TEXT, "rule_id": _TEXT,
    "facts": _LIST, "detail_zh": _TEXT, "detail_en": _TEXT, "worst": _TEXT, "area_m2": "double", "geometry": "binary",
}  # fmt: skip
TABLES = {"sites": _SITES, "overlaps": _OVERLAPS, "findings": _FINDINGS, "gaps": _GAPS}
TEXTS = ("title", "paraphrase", "citations", "action", "authority", "blocks", "effect", "worst", "unverified")


def _values(name: str, kind: str, cells: Sequence[Any]) -> Any:  # noqa: ANN401 - a pyarrow array
    arrow = extra("pyarrow", "arrow")
    if kind == "double":
        numbers = np.array(cells, dtype=np.float64)
        digits = decimals(name)
        # Adding 0.0 turns a rounded -0.0 into 0.0.
        numbers = numbers if digits is None else np.round(numbers, digits) + 0.0
        return arrow.array(numbers, mask=np.isnan(numbers))
    if kind == "binary":
        shapes = np.empty(len(cells), dtype=object)
        shapes[:] = cells
        shapes[~shapely.is_geometry(shapes)] = None
        return arrow.array(shapely.to_wkb(shapes, byte_order=1).tolist(), type=arrow.binary())
    if kind == "json":
        return arrow.array(_as_json(cells), type=arrow.string())
    if kind == _LIST:
        return arrow.array([cell or () for cell in cells], type=arrow.list_(arrow.string()))
    if kind == _TEXT:
        try:
            return arrow.array(cells, type=arrow.string())
        except (arrow.ArrowTypeError, arrow.ArrowInvalid):
            texts = [None if (value := plain(cell)) is None else str(value) for cell in cells]
            return arrow.array(texts, type=arrow.string())
    return arrow.array(cells, type=arrow.bool_() if kind == "bool" else arrow.int64())


def _as_json(cells: Sequence[Any]) -> list[str | None]:
    """Return values as JSON; of many sites most hold the very same."""
    told: dict[int, str] = {}
    for cell in cells:
        if cell is not None and id(cell) not in told:
            told[id(cell)] = json.dumps(plain(cell), ensure_ascii=False, sort_keys=True)
    return [None if cell is None else told[id(cell)] for cell in cells]


@cache
def _geo() -> bytes:
    """Return what GeoParquet says of the geometry column; coordinates are longitude, latitude whatever the CRS says."""
    column = {"encoding": "WKB", "geometry_types": [], "crs": pyproj.CRS("EPSG:4490").to_json_dict()}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return json.dumps(geo).encode()


def _table(kind: str, column: Callable[[str], Sequence[Any]]) -> Any:  # noqa: ANN401 - a pyarrow table
    arrow = extra("pyarrow", "arrow")
    arrays = {name: _values(name, held, column(name)) for name, held in TABLES[kind].items()}
    return arrow.table(arrays).replace_schema_metadata({b"geo": _geo()})


def sites_table(sites: Sites, towns: Mapping[str, set[str]], answers: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return the sites with their verdicts."""
    table = sites.columns
    said = [answers[site_id] for site_id in table["site_id"]]
    own: dict[str, list[Any]] = {
        "verdict": [item.verdict for item in said],
        "worst_possible": [item.worst_possible for item in said],
        "complete": [item.complete for item in said],
        "label_zh": [item.label["zh"] for item in said],
        "label_en": [item.label["en"] for item in said],
        "towns": [sorted(towns.get(site_id, ())) for site_id in table["site_id"]],
    }
    return _table("sites", lambda name: own[name] if name in own else table[name].tolist())


def overlaps_table(rows: Columns) -> Any:  # noqa: ANN401 - a pyarrow table
    """Return the overlaps."""
    return _table("overlaps", lambda name: rows[name].tolist())


def findings_table(findings: Sequence[Finding]) -> Any:  # noqa: ANN401 - a pyarrow table
    """Return the findings; what rules say of themselves is left out."""
    return _table("findings", _fields(findings, list(_FINDINGS)).__getitem__)


def gaps_table(gaps: Sequence[Gap]) -> Any:  # noqa: ANN401 - a pyarrow table
    """Return the gaps."""
    held = _fields(gaps, [name for name in _GAPS if not name.startswith("detail_")])
    for lang in ("zh", "en"):
        held[f"detail_{lang}"] = [gap.detail[lang] for gap in gaps]
    return _table("gaps", held.__getitem__)


def _fields(records: Sequence[Any], names: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Return fields of records as columns."""
    columns = zip(*map(attrgetter(*names), records), strict=True) if records else ((),) * len(names)
    return dict(zip(names, columns, strict=True))


def written(table: Any) -> bytes:  # noqa: ANN401 - a pyarrow table
    """Return a table as the bytes of a Parquet file."""
    stream = io.BytesIO()
    extra("pyarrow.parquet", "arrow").write_table(table, stream, compression="zstd")
    return stream.getvalue()
