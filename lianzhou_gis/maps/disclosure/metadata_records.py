"""The ISO 19139 record of a published layer, made from the manifest by pygeometa."""

from __future__ import annotations

import json
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import shapely

from lianzhou_gis.errors import MissingExtraError
from lianzhou_gis.maps.disclosure.publication import Manifest, Part, PublicPart, approval_text
from lianzhou_gis.vocabulary import theme, themes

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["iso_record"]

_NOT_STATED = "未载明"


def iso_record(manifest: Manifest, part: Part, files: dict[str, str]) -> bytes:
    """Return the metadata of a layer as ISO 19139 (the XML of ISO 19115).

    Parameters
    ----------
    files : dict of str to str
        File name and format of what can be taken.

    Raises
    ------
    MissingExtraError
        If pygeometa is not installed.
    """
    try:
        import pygeometa  # noqa: F401
    except ImportError as error:
        raise MissingExtraError.from_code("extra_missing", module="pygeometa", extra="publish") from error
    return _rendered(json.dumps(_fields(manifest, part, files), default=str))


@lru_cache(maxsize=64)
def _rendered(fields: str) -> bytes:
    """Return the record of fields."""
    from pygeometa import core

    text = core.pretty_print(
        _template().render(record=_plain(json.loads(fields)), pygeometa_version=core.VERSION).encode()
    )
    lines = [line for line in text.splitlines() if line.strip()]
    return ("\n".join(lines) + "\n").encode("utf-8")


@cache
def _template() -> Template:
    """Return the ISO 19139 template of pygeometa, compiled once; its ``write`` compiles it for each record."""
    from jinja2 import Environment, FileSystemLoader
    from pygeometa import core
    from pygeometa.schemas.iso19139 import ISO19139OutputSchema

    environment = Environment(loader=FileSystemLoader([ISO19139OutputSchema().template_dir, core.SCHEMAS]))
    helpers = {
        name: getattr(core, name)
        for name in (
            "normalize_datestring",
            "get_distribution_language",
            "get_charstring",
            "prune_distribution_formats",
            "prune_transfer_option",
        )
    }
    environment.filters |= helpers
    environment.globals |= helpers | {"zip": zip}
    return environment.get_template("main.j2")


def _plain(value: object) -> object:
    """Return texts as they may stand in XML."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return escape(value) if isinstance(value, str) else value


def _fields(manifest: Manifest, part: Part, files: dict[str, str]) -> dict[str, Any]:
    record = part.record
    bounds = list(manifest.region_bounds)
    if part.shapes:
        bounds = [round(value, record.decimals or 5) for value in shapely.total_bounds(part.shapes)]
    label = theme(record.theme).label if record.theme in themes() else {"zh": record.title, "en": record.title}
    return {
        "mcf": {"version": "1.0"},
        "metadata": {
            "identifier": record.id,
            "language": "zh",
            "charset": "utf8",
            "hierarchylevel": "dataset",
            "datestamp": manifest.date,
            "dataseturi": f"{record.id}.html",
        },
        "spatial": {"datatype": "vector" if part.shapes else "textTable", "geomtype": "surface"},
        "identification": {
            "language": "zh",
            "charset": "utf8",
            "title": record.title,
            "abstract": abstract(record),
            "dates": {"publication": manifest.date.isoformat(), "creation": record.data_date.isoformat()},
            "keywords": {
                "default": {"keywords": [label["zh"], label["en"], manifest.region], "keywords_type": "theme"}
            },
            "topiccategory": ["environment"],
            "extents": {
                "spatial": [{"bbox": bounds, "crs": 4490}],
                "temporal": [{"begin": _day(record.valid_from or record.data_date), "end": _day(record.valid_to)}],
            },
            "fees": "无",
            "accessconstraints": "otherRestrictions",
            "rights": "；".join([record.licence or _NOT_STATED, approval_text(manifest)]),
            "status": "completed",
            "maintenancefrequency": "asNeeded",
        },
        "contact": {
            "pointOfContact": {"organization": record.office or manifest.publisher, "individualname": _NOT_STATED},
            "distributor": {"organization": record.corrections or manifest.publisher, "individualname": _NOT_STATED},
        },
        "distribution": {
            name: {
                "url": name,
                "type": "WWW:LINK",
                "rel": "item",
                "name": name,
                "description": text,
                "function": "download",
            }
            for name, text in files.items()
        },
        "dataquality": {"scope": {"level": "dataset"}, "lineage": {"statement": lineage(record)}},
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day else ".."


def abstract(record: PublicPart) -> str:
    """Return what a layer shows, in one sentence."""
    if record.show == "counts":
        return f"{record.title}：按{record.columns[0].label}统计的数量，数量较少的合并，不含位置。"
    if record.show == "list":
        return f"{record.title}：名录，不含位置和边界。"
    if record.as_published:
        day = record.as_published.date.isoformat()
        return f"{record.title}：按“{record.as_published.document}”（{day}）公布的边界。"
    return f"{record.title}：公众版示意图形，边界精度约 {record.public_accuracy_m:g} 米，不作为划界、量算和审批依据。"


def lineage(record: PublicPart) -> str:
    """Return how a layer was made."""
    made = f"来源：{record.source}；数据日期 {record.data_date.isoformat()}。"
    if record.grid is None:
        return made
    lattice = record.grid.lattice
    return (
        f"{made}图形由固定格网（约 {lattice.cell_m:g} 米）中中心落在区内的格子组成；"
        "过小、形状规则或可被推算的区域不绘出。"
    )
