"""What a batch comes to: counts per town and theme, as a table and on a map."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import Any

import numpy as np

from lianzhou_gis.batch.ledger import Ledger
from lianzhou_gis.batch.work import UNKNOWN_TOWN
from lianzhou_gis.maps import page
from lianzhou_gis.maps.drawing import encoded, simplified
from lianzhou_gis.maps.payload import INTERNAL, SYNTHETIC, frame_of
from lianzhou_gis.maps.zone_layers import bounds_of
from lianzhou_gis.screening import Screener
from lianzhou_gis.vocabulary import DISCLAIMER, Verdict, label, theme, themes

__all__ = ["summarise"]

SUMMARY, TABLE, MAP, RULES = "summary.json", "summary.csv", "map.html", "rules.json"
_WHOLE = ""
# From light to dark: how many sites of a town lie in a theme, in equal parts of the most.
_SHADES = ("#f7fbff", "#deebf7", "#9ecae1", "#4292c6", "#08519c")


def summarise(ledger: Ledger, screener: Screener, chunks: int) -> dict[str, Any]:
    """Write summary, table, map and the texts of the rules of all chunks; return the summary.

    Raises
    ------
    RunError
        If a chunk is missing.
    """
    marks = ledger.marks(chunks)
    towns: dict[str, Any] = {}
    rules: dict[str, Any] = {}
    issues: dict[tuple[str, str], dict[str, Any]] = {}
    for mark in marks:
        for name, counted in mark["counts"].items():
            _add(towns.setdefault(name, {"sites": 0, "verdicts": {}, "worst_possible": {}, "themes": {}}), counted)
        rules.update(mark["rules"])
        for issue in mark["issues"]:
            known = issues.setdefault((issue["severity"], issue["code"]), {**issue, "count": 0})
            known["count"] += issue["count"]
    whole = towns.pop(_WHOLE, {"sites": 0, "verdicts": {}, "worst_possible": {}, "themes": {}})
    summary = {
        "disclaimer": DISCLAIMER,
        "disclosure": "restricted",
        "secrecy": screener.layers.secrecy,
        "as_of": screener.as_of.isoformat(),
        "scope": list(screener.scope),
        "synthetic": any(layer.entry.synthetic for layer in screener.layers.layers),
        "sites": sum(mark["sites"] for mark in marks),
        "failed": sum(mark["failed"] for mark in marks),
        "faults": sum(mark["faults"] for mark in marks),
        "verdicts": _by_verdict(whole["verdicts"]),
        "worst_possible": _by_verdict(whole["worst_possible"]),
        "themes": _by_theme(whole["themes"]),
        # A site in two towns counts in both, and once above.
        "towns": [{"town": name, **_town(towns[name])} for name in sorted(towns)],
        "issues": [issues[key] for key in sorted(issues)],
    }
    ledger.write(RULES, json.dumps(dict(sorted(rules.items())), ensure_ascii=False, indent=1))
    ledger.write(TABLE, _csv(towns))
    ledger.write(MAP, page(_map(towns, whole, screener)))
    ledger.write(SUMMARY, json.dumps(summary, ensure_ascii=False, indent=1))
    return summary


def _add(held: dict[str, Any], more: dict[str, Any]) -> None:
    held["sites"] += more["sites"]
    for name in ("verdicts", "worst_possible"):
        held[name] = dict(Counter(held[name]) + Counter(more[name]))
    for name, (sites, area) in more["themes"].items():
        before = held["themes"].get(name, (0, 0.0))
        held["themes"][name] = (before[0] + sites, before[1] + area)


def _by_verdict(counts: dict[str, int]) -> dict[str, int]:
    return {verdict.value: counts[verdict.value] for verdict in Verdict if verdict.value in counts}


def _by_theme(held: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: {"sites": held[name][0], "net_area_m2": round(held[name][1], 2)} for name in themes() if name in held}


def _town(held: dict[str, Any]) -> dict[str, Any]:
    return {
        "sites": held["sites"],
        "verdicts": _by_verdict(held["verdicts"]),
        "worst_possible": _by_verdict(held["worst_possible"]),
        "themes": _by_theme(held["themes"]),
    }


def _name(town: str) -> str:
    return "（乡镇不明）" if town == UNKNOWN_TOWN else town


def _csv(towns: dict[str, Any]) -> str:
    """Return a row for every town and theme; spreadsheets take it for UTF-8 by its mark, and run nothing in it."""
    stream = io.StringIO()
    stream.write("\ufeff")
    writer = csv.writer(stream)
    writer.writerow(["town", "theme", "theme_zh", "sites_in_town", "sites", "net_area_m2"])
    for town in sorted(towns):
        for name, counted in _by_theme(towns[town]["themes"]).items():
            shown = _name(town)
            shown = f"'{shown}" if shown[:1] in ("=", "+", "-", "@") else shown
            writer.writerow(
                [shown, name, theme(name).label["zh"], towns[town]["sites"], counted["sites"], counted["net_area_m2"]]
            )
    return stream.getvalue()


def _map(towns: dict[str, Any], whole: dict[str, Any], screener: Screener) -> dict[str, Any]:
    """Return what the map shows: for every theme the towns, shaded by how many of their sites lie in its zones."""
    known = screener.layers.towns
    names = [] if known is None else [str(name) for name in known["name"]]
    shapes = np.empty(0, dtype=object) if known is None else known["geometry"]
    drawn = encoded(simplified([shapes]).shapes[0]) if len(shapes) else []
    hit = [name for name in themes() if name in whole["themes"]]
    synthetic = SYNTHETIC if any(layer.entry.synthetic for layer in screener.layers.layers) else None
    return frame_of(
        title=f"{screener.catalog.region.name}批量核查汇总图",
        subtitle=[f"{whole['sites']} 个项目；基准日 {screener.as_of}　{DISCLAIMER['zh']}"],
        notes=[INTERNAL],
        about=["每个图层表示一个主题：颜色越深，该乡镇位于其管控区内的项目越多。跨乡镇的项目在各乡镇分别计数。"],
        synthetic=synthetic,
        imprint=[text for text in (f"CGCS2000　{screener.as_of}", DISCLAIMER["zh"], synthetic) if text],
        layers=[
            _layer(
                name, [towns.get(town, {"themes": {}})["themes"].get(name, (0, 0.0)) for town in names], names, drawn
            )
            for name in hit
            if names
        ],
        tables=[_table(towns, hit), _verdict_table(towns)],
        bounds=bounds_of(shapes),
    )


def _themes_of(towns: dict[str, Any], town: str) -> dict[str, Any]:
    return dict(towns[town]["themes"]) if town in towns else {}


def _layer(name: str, counts: list[Any], towns: list[str], shapes: list[Any]) -> dict[str, Any]:
    most = max([sites for sites, _ in counts], default=0)
    shade = [0 if not sites else 1 + min(3, (sites - 1) * 4 // max(most, 1)) for sites, _ in counts]
    style = {"line": "#444444", "pattern": "solid", "width": 1.0}
    ranges = {
        place: [sites for (sites, _), own in zip(counts, shade, strict=True) if own == place] for place in set(shade)
    }
    return {
        "theme": name,
        "title": theme(name).label["zh"],
        "shown": False,
        "count": sum(sites for sites, _ in counts),
        "styles": {str(place): {**style, "fill": colour} for place, colour in enumerate(_SHADES)},
        "legend": [
            {
                "style": str(place),
                "text": f"{min(held)}–{max(held)} 个项目" if min(held) < max(held) else f"{min(held)} 个项目",
                "count": len(held),
            }
            for place, held in sorted(ranges.items())
        ],
        "names": towns,
        "ids": towns,
        "grades": [str(place) for place in shade],
        "of": ["批量核查汇总"] * len(towns),
        "more": [f"{sites} 个项目，{area / 1e4:.2f} 公顷" for sites, area in counts],
        "shapes": shapes,
    }


def _table(towns: dict[str, Any], hit: list[str]) -> dict[str, Any]:
    heads = ["乡镇", "项目数", *(theme(name).label["zh"] for name in hit)]
    rows = [
        [_name(town), towns[town]["sites"], *(towns[town]["themes"].get(name, (0, 0.0))[0] for name in hit)]
        for town in sorted(towns)
    ]
    return {"title": "各乡镇位于各类管控区内的项目数", "heads": heads, "rows": rows}


def _verdict_table(towns: dict[str, Any]) -> dict[str, Any]:
    heads = ["乡镇", *(label("verdict", verdict)["zh"] for verdict in Verdict)]
    rows = [
        [_name(town), *(towns[town]["verdicts"].get(verdict.value, 0) for verdict in Verdict)] for town in sorted(towns)
    ]
    return {"title": "各乡镇的核查结论", "heads": heads, "rows": rows}
