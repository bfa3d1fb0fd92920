"""The tables of a batch as GeoParquet: plain columns with fixed types, the same bytes for the same sites."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.clearance import certificates_of
from lianzhou_gis.errors import extra
from lianzhou_gis.findings import Finding, Gap, RecordTable
from lianzhou_gis.formats import Sites
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.result import Result
from lianzhou_gis.runs.document import decimals, plain
from lianzhou_gis.table import CodedColumn, cells, columns_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TABLES", "TEXTS", "certificates_table", "overlaps_table", "records_table", "sites_table", "written"]

Cells = CodedColumn | Sequence[Any] | npt.NDArray[Any]

_TEXT, _LIST, _NUMBERS = "string", "list", "numbers"
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
_KINDS = {
    str: _TEXT, bool: "bool", int: "int64", float: "double", tuple: _LIST, BaseGeometry: "binary", Mapping: "json",
}  # fmt: skip


def _columns_of(record: type) -> dict[str, str]:
    """Return the columns of records by name with their kinds; a text in both languages has two."""
    found: dict[str, str] = {}
    for column in columns_of(record, "parquet"):
        names = [f"{column.name}_{lang}" for lang in ("zh", "en")] if column.type is dict else [column.name]
        found |= dict.fromkeys(names, _TEXT if column.type is dict else _KINDS[column.type])
    return found


# A row for every clear; lists of numbers are in the order of ``themes``.
_CERTIFICATES = {
    "site_id": _TEXT, "fingerprint": _TEXT, "position_error_m": "double", "themes": _LIST, "coverage_m": _NUMBERS,
    "distance_m": _NUMBERS, "margin_m": _NUMBERS, "excluded": _LIST,
}  # fmt: skip
TABLES = {
    "sites": _SITES, "overlaps": _OVERLAPS, "findings": _columns_of(Finding), "gaps": _columns_of(Gap),
    "certificates": _CERTIFICATES,
}  # fmt: skip
TEXTS = ("title", "paraphrase", "citations", "action", "authority", "blocks", "effect", "worst", "unverified")


def _values(name: str, kind: str, cells: Sequence[Any] | npt.NDArray[Any]) -> pa.Array:
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
        # Many rows hold the very same object.
        distinct = {id(cell): cell for cell in cells}
        written_as = {key: None if cell is None else _json(cell) for key, cell in distinct.items()}
        cells = [written_as[id(cell)] for cell in cells]
    if kind == _NUMBERS:
        return arrow.array([np.round(cell, 2).tolist() for cell in cells], type=arrow.list_(arrow.float64()))
    if kind == _LIST:
        return arrow.array([cell or () for cell in cells], type=arrow.list_(arrow.string()))
    if kind in (_TEXT, "json"):
        try:
            return arrow.array(cells, type=arrow.string())
        except (arrow.ArrowTypeError, arrow.ArrowInvalid):
            texts = [None if (value := plain(cell)) is None else str(value) for cell in cells]
            return arrow.array(texts, type=arrow.string())
    return arrow.array(cells, type=arrow.bool_() if kind == "bool" else arrow.int64())


def _json(value: object) -> str:
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True)


def _coded(name: str, kind: str, column: CodedColumn, seen: dict[int, Any]) -> pa.Array:
    """Return a coded column; texts as a dictionary in the order in which they occur, as plain texts are written.

    ``seen`` holds what is known of codes that several columns share.
    """
    arrow = extra("pyarrow", "arrow")
    if id(column.codes) not in seen:
        # With the codes themselves, so that no other array gets their id.
        seen[id(column.codes)] = column.codes, np.unique(column.codes, return_index=True, return_inverse=True)
    used, first, which = seen[id(column.codes)][1]
    values = column.values[used].tolist()
    if kind not in (_TEXT, "json"):
        return _values(name, kind, values).take(arrow.array(which))
    texts = [None if value is None else _json(value) if kind == "json" else str(plain(value)) for value in values]
    dictionary: dict[str, int] = {}
    code = np.empty(len(used), dtype=np.int32)
    for position in np.argsort(first).tolist():
        text = texts[position]
        code[position] = -1 if text is None else dictionary.setdefault(text, len(dictionary))
    codes = code[which]
    indices = arrow.array(codes, mask=codes < 0)
    return arrow.DictionaryArray.from_arrays(indices, arrow.array(list(dictionary), type=arrow.string()))


@cache
def _geo() -> bytes:
    """Return the GeoParquet metadata of the geometry column: coordinates are longitude, latitude."""
    column = {"encoding": "WKB", "geometry_types": [], "crs": pyproj.CRS("EPSG:4490").to_json_dict()}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return json.dumps(geo).encode()


def _table(kind: str, column: Callable[[str], Cells]) -> pa.Table:
    arrow = extra("pyarrow", "arrow")
    arrays, seen = {}, dict[int, Any]()
    for name, held in TABLES[kind].items():
        found = column(name)
        if isinstance(found, CodedColumn):
            arrays[name] = _coded(name, held, found, seen)
        else:
            plain_cells = found.tolist() if isinstance(found, np.ndarray) and held != "double" else found
            arrays[name] = _values(name, held, plain_cells)
    return arrow.table(arrays)


def sites_table(sites: Sites, towns: Mapping[str, set[str]], answers: Mapping[str, Any]) -> pa.Table:
    """Return the sites with their verdicts."""
    table = sites.columns
    outcomes = [answers[site_id] for site_id in table["site_id"]]
    own: dict[str, list[Any]] = {
        "verdict": [item.verdict for item in outcomes],
        "worst_possible": [item.worst_possible for item in outcomes],
        "complete": [item.complete for item in outcomes],
        "label_zh": [item.label["zh"] for item in outcomes],
        "label_en": [item.label["en"] for item in outcomes],
        "towns": [sorted(towns.get(site_id, ())) for site_id in table["site_id"]],
    }
    return _table("sites", lambda name: own[name] if name in own else table[name])


def overlaps_table(overlay: Overlay | None) -> pa.Table:
    """Return the overlaps; what zones have in common is coded by the zone. Without an overlay there are none."""
    if overlay is None:
        return _table("overlaps", lambda name: ())
    rows, index = overlay.overlap_columns, overlay.index
    zone, layer = rows["zone"], index.layer_of_zone[rows["zone"]]
    coded = {name: CodedColumn(zone, values) for name, values in index.zone_columns.items()} | {
        "site_id": CodedColumn(rows["site"], overlay.site_ids),
        "layer_id": CodedColumn(layer, index.layer_id),
        "theme": CodedColumn(layer, index.theme_id),
    }
    return _table("overlaps", lambda name: coded[name] if name in coded else rows[name])


def certificates_table(result: Result | None) -> Any:  # noqa: ANN401 - a pyarrow table
    """Return on what the clears of a result rest; without a result there are none.

    ``fingerprint`` is that of layers, rules and parameters: sites and facts stand in the tables beside it.
    """
    if result is None:
        return _table("certificates", lambda name: ())
    found = certificates_of(result)
    count = len(found.site_ids)
    excluded = [(*(rule for rule, _ in ground.everywhere), *ground.excluded) for ground in found.grounds]
    own: dict[str, Sequence[Any]] = {
        "site_id": found.site_ids.tolist(),
        "fingerprint": [result.fingerprint.sha256] * count,
        "position_error_m": found.site_error_m.tolist(),
        "themes": [result.scope] * count,
        "coverage_m": list(found.coverage_m),
        "distance_m": list(found.distance_m),
        "margin_m": list(found.margin_m),
        "excluded": [excluded[number] for number in found.ground.tolist()],
    }
    return _table("certificates", own.__getitem__)


def records_table(kind: str, table: RecordTable[Any]) -> pa.Table:
    """Return findings or gaps; texts of rules are left out."""

    def column(name: str) -> Cells:
        field, _, lang = name.rpartition("_")
        if lang in ("zh", "en") and field in table:
            texts = table.column(field)
            assert isinstance(texts, CodedColumn)
            return CodedColumn(texts.codes, cells([text[lang] for text in texts.values.tolist()]))
        return table.column(name)

    return _table(kind, column)


def written(table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file; readers see plain texts, dictionaries are how they are stored."""
    stream = io.BytesIO()
    parquet = extra("pyarrow.parquet", "arrow")
    with parquet.ParquetWriter(stream, table.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(table)
        # Without the schema of Arrow its metadata is left out, too.
        if "geometry" in table.schema.names:
            writer.add_key_value_metadata({"geo": _geo().decode()})
    return stream.getvalue()
