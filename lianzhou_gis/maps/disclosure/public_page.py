"""The public map as one HTML file: what applies at a place, in plain words, and whom to ask."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import jinja2
import pandas as pd

from lianzhou_gis.maps import assets, leaflet
from lianzhou_gis.maps.disclosure.policy import policy
from lianzhou_gis.maps.disclosure.public_columns import column_label
from lianzhou_gis.maps.disclosure.publication import FEW, Manifest, Part, approval_text, display_name
from lianzhou_gis.maps.page import content_policy
from lianzhou_gis.maps.payload import SYNTHETIC, as_json
from lianzhou_gis.maps.zone_layers import bounds_of, pattern_table, style_record, zone_layers
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.vocabulary import Effect, Style, theme, themes

__all__ = ["page_bytes", "requirements"]

_SCRIPTS = ("elements", "shapes", "patterns", "zones", "public")
_SITES = Style("#8a4b08", "#5e3606", "diagonal", 2.0)
_MOST_RULES, _MOST_NOTICES = 8, 2
# What an effect means to somebody who wants to know what applies at a place.
_WORDS = {
    Effect.PROHIBITED: "禁止",
    Effect.PROCEDURE_REQUIRED: "须先办手续",
    Effect.NEEDS_JUDGEMENT: "须经认定",
    Effect.CONDITIONAL: "须做到",
    Effect.NOTICE: "须知",
}


def page_bytes(manifest: Manifest, parts: list[Part]) -> bytes:
    """Return the public map: nothing stands in it but what the manifest, the layers and the rulebook say."""
    data = _payload(manifest, parts)
    scripts, styles = [leaflet.script(), _script()], [leaflet.style(), assets.asset("public.css")]
    text = _template().render(
        policy=content_policy(scripts, styles),
        title=manifest.title,
        mark=data["synthetic"] or "",
        date=manifest.date.isoformat(),
        data=as_json(data),
        scripts=scripts,
        styles=styles,
    )
    return text.encode("utf-8")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(assets.asset("public.html.jinja"))


def _script() -> str:
    """Return the script of the page: the files in one closure."""
    body = "".join(assets.asset(f"scripts/{name}.js") for name in _SCRIPTS)
    return f'(function () {{\n"use strict";\n{body}}})();\n'


def requirements(theme_id: str, grade: str | None, day: date) -> list[dict[str, str]]:
    """Return what the rulebook asks for in zones of a theme and grade on a day, the strictest first.

    Returns
    -------
    list of dict
        ``effect`` in plain words, ``text``, ``basis``. At most two notices; rules of a plan alone are left out.
    """
    found = []
    for rule in Rulebook.load().in_force(day):
        if rule.theme != theme_id or rule.effect not in _WORDS or rule.relation not in ("overlap", "within"):
            continue
        # What rests on a plan alone ends with it; what is about zones of some names may not be about this one.
        if rule.named is None and rule.applies_to(grade) and rule.citations and "plan" not in rule.citations[0].law:
            found.append((rule.effect.rank, rule.id, rule))
    rules = [rule for _, _, rule in sorted(found, key=lambda item: item[:2])]
    binding = [rule for rule in rules if rule.effect is not Effect.NOTICE][:_MOST_RULES]
    notices = [rule for rule in rules if rule.effect is Effect.NOTICE][:_MOST_NOTICES]
    return [
        {"effect": _WORDS[rule.effect], "text": rule.paraphrase["zh"], "basis": rule.citations[0].text("zh")}
        for rule in (*binding, *notices)
    ]


def _payload(manifest: Manifest, parts: list[Part]) -> dict[str, Any]:
    drawn = [part for part in parts if part.shapes is not None]
    layers = [_layer(manifest, part) for part in _in_order(drawn)]
    return {
        "title": manifest.title,
        "publisher": manifest.publisher,
        "date": manifest.date.isoformat(),
        "as_of": manifest.as_of.isoformat(),
        "approval": approval_text(manifest),
        "credit": approval_text(manifest) if manifest.approval_number else "未标注审图号，理由见说明",
        "synthetic": SYNTHETIC if manifest.synthetic else None,
        "notes": list(manifest.notes),
        "withheld": _withheld(manifest),
        "layers": layers,
        "requirements": {
            f"{layer['theme']}/{grade}": requirements(layer["theme"], grade or None, manifest.as_of)
            for layer in layers
            for grade in sorted(set(layer["grades"]))
            if layer["theme"] in themes()
        },
        "sources": [
            {
                "title": part.record.title,
                "source": part.record.source,
                "date": part.record.data_date.isoformat(),
                "accuracy": _accuracy(part),
                "page": f"data/{part.record.id}.html",
            }
            for part in parts
        ],
        "tables": [
            {
                "title": part.record.title,
                "heads": [column_label(column) for column in part.rows.columns],
                "rows": part.rows.astype(object).where(part.rows.notna(), None).to_numpy().tolist(),
            }
            for part in parts
        ],
        "patterns": pattern_table(),
        "bounds": bounds_of([shape for part in drawn for shape in part.shapes or ()]),
    }


def _in_order(parts: list[Part]) -> list[Part]:
    """Return layers from the ground up: those that cover everything first, lines of towns last."""

    def place(part: Part) -> tuple[bool, bool]:
        known = part.record.theme in themes()
        return part.record.theme == "administrative", not (known and theme(part.record.theme).covering)

    return sorted(parts, key=place)


def _accuracy(part: Part) -> str:
    record = part.record
    if record.show != "shapes":
        return "无图形"
    if record.as_published:
        return f"按“{record.as_published.document}”公布"
    return f"约 {record.public_accuracy_m:g} 米"


def _withheld(manifest: Manifest) -> list[str]:
    """Return what is not there, one sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for item in manifest.withheld:
        reasons.setdefault(item.why, []).append(item.what)
    return [f"{why}：{'、'.join(things)}。" for why, things in reasons.items()]


def _layer(manifest: Manifest, part: Part) -> dict[str, Any]:
    record = part.record
    known = record.theme in themes()
    table = pd.DataFrame(
        {
            "theme": record.theme if known else "administrative",
            "layer_id": record.id,
            "zone_id": [str(number) for number in part.rows["number"]],
            "name": [display_name(row) for _, row in part.rows.iterrows()],
            "grade": _grades(part),
            "geometry": part.shapes,
        }
    )
    more = [column for column in part.rows.columns if column not in ("number", "name", "grade")]
    # Names apart, so that a column of the layer cannot stand in for one of the map's.
    table = table.assign(**{f"more.{column}": part.rows[column].to_numpy() for column in more})
    words = {f"more.{column}": column_label(column) for column in more}
    (layer,), _ = zone_layers(table, {record.id: record.title}, more=words, simplify=False)
    layer["title"], layer["shown"] = record.title, True
    layer["outline"] = record.theme == "administrative"
    layer["label"] = theme(record.theme).label["zh"] if known else record.title
    layer["office"] = record.office or manifest.publisher
    layer["accuracy"] = _accuracy(part)
    layer["omitted"] = bool(record.omitted_parts) or any(
        item.layer == record.id and "未绘出" in item.why for item in manifest.withheld
    )
    if not known:
        layer["styles"][""] = style_record(_SITES)
        layer["legend"] = [{"style": "", "text": record.title, "count": layer["count"]}]
    _hide_small_counts(layer)
    return layer


def _hide_small_counts(layer: dict[str, Any]) -> None:
    """Take small counts out of a legend; one alone could be told from the whole, so the next larger goes with it."""
    fewest = policy().fewest
    small = [entry for entry in layer["legend"] if entry["count"] < fewest]
    rest = sorted((entry for entry in layer["legend"] if entry["count"] >= fewest), key=lambda entry: entry["count"])
    if len(small) == 1 and rest:
        rest[0]["count"] = None
    for entry in (*small, layer):
        entry["count"] = FEW if entry["count"] < fewest else entry["count"]


def _grades(part: Part) -> list[str | None]:
    """Return the grades as codes again: the public reads their labels."""
    if "grade" not in part.rows or part.record.theme not in themes():
        return [None] * len(part.rows)
    codes = {grade.label["zh"]: grade.id for grade in theme(part.record.theme).grades}
    return [codes.get(label) for label in part.rows["grade"]]
