"""Sites from memory as they were read, stored in ``inputs/`` so that the run can be repeated without their source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from lianzhou_gis.errors import Issue, Message
from lianzhou_gis.formats import SiteGap, Sites
from lianzhou_gis.formats.georeference import ReadingKind, SecondReading
from lianzhou_gis.formats.limits import MAX_SITES
from lianzhou_gis.formats.positions import PositionError, PositionGround
from lianzhou_gis.formats.site_drafts import SiteInput
from lianzhou_gis.formats.sites import SITE_COLUMNS, SecondSites
from lianzhou_gis.formats.well_known import screen_wkb
from lianzhou_gis.runs.document import plain
from lianzhou_gis.table import Columns, cells
from lianzhou_gis.vocabulary import GapReason

__all__ = ["SITES", "read_stored_sites", "stored_sites_bytes"]

SITES = "sites.json"
_SHAPES = ("geometry", "outfall")
_KINDS = ("object", "float64", "int64", "bool")
_MOST_BYTES = 500_000_000


def stored_sites_bytes(sites: Sites) -> bytes:
    """Return sites as the bytes of ``inputs/sites.json``: nothing that the screening saw of them is left out."""
    return (json.dumps(_record(sites), ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _record(sites: Sites) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name in SITE_COLUMNS:
        values = sites.columns[name]
        kind = str(values.dtype)
        if name in _SHAPES:
            listed = [None if shape is None else shapely.to_wkb(shape, hex=True) for shape in values]
        else:
            listed = [plain(value) for value in values.tolist()]
        columns[name] = {"kind": kind if kind in _KINDS else "object", "values": listed}
    record: dict[str, Any] = {
        "columns": columns,
        "facts": {site_id: plain(known) for site_id, known in sites.facts.items()},
        "gaps": [[gap.site_id, gap.reason.value, dict(gap.detail)] for gap in sites.gaps],
        "issues": [[issue.severity, issue.code, issue.where, issue.zh, issue.en] for issue in sites.issues],
        "inputs": [[item.name, item.sha256] for item in sites.inputs],
        "position_errors": {
            site_id: [error.metres, {ground.value: metres for ground, metres in error.grounds.items()}]
            for site_id, error in sites.position_errors.items()
        },
        "reading": dict(sites.reading),
    }
    if sites.second is not None:
        readings = {
            name: [item.kind.value, item.message.zh, item.message.en] for name, item in sites.second.readings.items()
        }
        record["second"] = {"sites": _record(sites.second.sites), "readings": readings}
    return record


def read_stored_sites(path: Path) -> Sites:
    """Read what :func:`stored_sites_bytes` made.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError("too large")
    try:
        return _sites(json.loads(path.read_bytes()))
    except (KeyError, TypeError, IndexError, AttributeError, RecursionError, shapely.errors.ShapelyError) as error:
        raise ValueError(str(error)) from error


def _sites(record: Mapping[str, Any], *, nested: bool = False) -> Sites:
    columns = {name: _column(name, record["columns"][name]) for name in SITE_COLUMNS}
    table = Columns(columns)
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1 or not 0 < len(table) <= MAX_SITES or len(set(columns["site_id"])) != len(table):
        raise ValueError("no table of sites")
    second = None
    if "second" in record and not nested:
        readings = {
            name: SecondReading(ReadingKind(kind), Message(None, str(zh), str(en)), np.empty(0, dtype=object))
            for name, (kind, zh, en) in record["second"]["readings"].items()
        }
        second = SecondSites(_sites(record["second"]["sites"], nested=True), readings)
    return Sites(
        columns=table,
        facts={str(name): dict(known) for name, known in record["facts"].items()},
        gaps=tuple(SiteGap(str(name), GapReason(why), {lang: str(detail[lang]) for lang in ("zh", "en")})
                   for name, why, detail in record["gaps"]),
        issues=tuple(Issue(*map(str, parts)) for parts in record["issues"]),  # type: ignore[arg-type]
        inputs=tuple(SiteInput(str(name), str(digest)) for name, digest in record["inputs"]),
        position_errors={
            str(name): PositionError(float(metres), {PositionGround(ground): float(value) for ground, value in
                                                     grounds.items()})
            for name, (metres, grounds) in record["position_errors"].items()
        },
        second=second,
        reading=dict(record["reading"]),
    )  # fmt: skip


def _column(name: str, stored: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an array
    values, kind = list(stored["values"]), str(stored["kind"])
    if name in _SHAPES:
        blobs = screen_wkb([None if value is None else bytes.fromhex(value) for value in values])
        return np.asarray(shapely.from_wkb(blobs), dtype=object)
    if kind not in _KINDS:
        raise ValueError("unknown kind")
    if kind == "float64":
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return cells(values) if kind == "object" else np.array(values, dtype=kind)
