"""What the planner's map of a run shows, as plain data: sites with their grounds, zones, gaps, legend."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from lianzhou_gis.geodesy import LIANZHOU_PROJ, Plane
from lianzhou_gis.maps.drawing import encoded, simplified
from lianzhou_gis.maps.nearest import ways
from lianzhou_gis.maps.zone_layers import bounds_of, others, pattern_table, zone_layers
from lianzhou_gis.runs.seal import short_seal
from lianzhou_gis.vocabulary import DISCLAIMER, Effect, Verdict, label, theme, themes, verdict_style

if TYPE_CHECKING:
    from lianzhou_gis.runs import Run

__all__ = ["ALTERED", "INTERNAL", "NOT_ALL", "SYNTHETIC", "WAYS", "as_json", "frame_of", "payload"]

SYNTHETIC = "合成演示数据 不代表真实区划"
NOT_ALL = "图上只有项目周边及最近的管控区；其他区域的空白不表示没有管控区"
ALTERED = "本核查结果在封印后被改动，不得作为依据"
INTERNAL = "内部使用，含未公开图层与坐标，不得对外发布"
# Lines from a site to zones further away than these would only cross the map.
WAYS = 6


def as_json(data: object) -> str:
    r"""Return data as JSON for a script element: nothing in it can end the element or open a template.

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


def frame_of(**given: object) -> dict[str, Any]:
    """Return what every map needs, with empty places for what this one does not show."""
    empty: dict[str, Any] = {
        "subtitle": [],
        "notes": [],
        "about": [],
        "synthetic": None,
        "source_heads": ["图层", "文件", "数据日期"],
        "sources": [],
        "imprint": ["CGCS2000"],
        "verdicts": {
            verdict.value: {
                "text": label("verdict", verdict)["zh"],
                "colour": (look := verdict_style(verdict)).colour,
                "line": look.line,
                "mark": look.mark,
            }
            for verdict in Verdict
        },
        "patterns": pattern_table(),
        "others": others(),
        "layers": [],
        "sites": [],
        "pieces": [],
        "gaps": [],
        "tables": [],
        "pointer_decimals": 6,
        "bounds": None,
        "basemap": None,
    }
    return empty | given


def _finding(item: dict[str, Any]) -> dict[str, Any]:
    effect = Effect(item["effect"])
    # A notice restricts nothing: it is grey, not green.
    colour = "#595959" if effect is Effect.NOTICE else verdict_style(effect.verdict).colour
    return {
        "title": item["title"]["zh"],
        "effect": label("effect", effect)["zh"],
        "colour": colour,
        "notice": effect is Effect.NOTICE,
        "zone": item["zone_name"] or item["zone_id"],
        "theme": theme(item["theme"]).label["zh"] if item["theme"] in themes() else None,
        "relation": label("relation", item["relation"])["zh"] if item["relation"] else None,
        "doubtful": item["doubtful"],
        "unverified": item["unverified"],
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
        "blocks": [label("blocks", name)["zh"] for name in item["blocks"]],
        "override": _override(item["override"]),
    }


def _override(judgement: dict[str, Any] | None) -> list[str] | None:
    """Return a person's judgement as lines; it is shown beside the finding and never replaces it."""
    if not judgement:
        return None
    words = {
        "decision": "人工判断", "office": "判断单位", "by": "判断人", "decided_on": "日期", "reason": "理由",
        "evidence": "依据",
    }  # fmt: skip
    return [f"{words[key]}：{judgement[key]}" for key in words if judgement.get(key)]


def _site(record: dict[str, Any]) -> dict[str, Any]:
    rank = list(Effect)
    findings = sorted(record["findings"], key=lambda item: (rank.index(Effect(item["effect"])), item["rule_id"]))
    return {
        "site_id": record["site_id"],
        "name": record["name"],
        "town": record["town"],
        "verdict": record["verdict"],
        "worst": record["worst_possible"],
        "label": record["label"]["zh"],
        "area_m2": record["area_m2"],
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


def _sites(run: Run) -> list[dict[str, Any]]:
    """Return the sites with their shapes, outfalls and ways to the nearest zones, by what is worst for them."""
    sites, outfalls = run.tables["sites"], run.tables["outfalls"]
    shapes = dict(zip(sites["site_id"], encoded(simplified([sites.geometry.to_numpy()]).shapes[0]), strict=True))
    points = dict(zip(outfalls["site_id"], encoded(outfalls.geometry.to_numpy()), strict=True))
    nearest = {
        (site["site_id"], check["theme"]): check["nearest_m"]
        for site in run.document["sites"]
        for check in site["checks"]
        if check["nearest_m"] is not None
    }
    plane = Plane(run.document["run"]["parameters"].get("plane") or LIANZHOU_PROJ)
    lines = ways(sites, run.tables["zones"], nearest, plane)
    records = []
    for record in run.document["sites"]:
        site = record["site_id"]
        drawn = lines.get(site, [])[:WAYS]
        texts = encoded([line for _, _, line in drawn])
        records.append(
            _site(record)
            | {
                "shape": shapes.get(site),
                "outfall": points.get(site),
                "nearest": [
                    {"theme": theme(name).label["zh"], "distance_m": round(metres, 2), "shape": shape}
                    for (name, metres, _), shape in zip(drawn, texts, strict=True)
                ],
            }
        )
    order = {verdict.value: verdict.rank for verdict in Verdict}
    return sorted(records, key=lambda site: (order[site["worst"]], order[site["verdict"]], site["site_id"]))


def _pieces(findings: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return the overlap pieces behind findings that bind, each once."""
    shown = findings[findings.geometry.notna() & (findings["effect"] != Effect.NOTICE.value)]
    shown = shown.drop_duplicates(["site_id", "layer_id", "zone_id"])
    return [{"shape": shape} for shape in encoded(simplified([shown.geometry.to_numpy()]).shapes[0]) if shape]


def _gaps(gaps: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return the areas that are not assessed, each once with every theme and reason that leaves it so."""
    drawn = gaps[gaps.geometry.notna() & ~gaps.geometry.is_empty]
    same = shapely.to_wkb(drawn.geometry.to_numpy())
    _, first, group = np.unique(np.asarray(same, dtype=object).astype(bytes), return_index=True, return_inverse=True)
    texts = []
    for number in range(len(first)):
        own = drawn[group == number]
        reasons: dict[str, list[str]] = {}
        for reason, name in zip(own["reason"], own["theme"], strict=True):
            words = theme(name).label["zh"] if name in themes() else ""
            reasons.setdefault(label("gap", reason)["zh"], []).append(words)
        texts.append("；".join(f"{reason}（{_listed(names)}）" for reason, names in reasons.items()))
    shapes = encoded(simplified([drawn.geometry.to_numpy()[first]]).shapes[0])
    return [{"text": text, "shape": shape} for text, shape in zip(texts, shapes, strict=True) if shape]


def _listed(names: list[str]) -> str:
    unique = list(dict.fromkeys(name for name in names if name))
    return "、".join(unique[:3]) + (f"等 {len(unique)} 个主题" if len(unique) > 3 else "")


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
        Shapes as :func:`lianzhou_gis.maps.drawing.encoded` writes them, for drawing only.
    """
    circumstances, tables = run.document["run"], run.tables
    titles = {
        layer["id"]: layer["title"]["zh"] if layer["title"] else theme(layer["theme"]).label["zh"]
        for layer in circumstances["layers"]
    }
    layers, moved_m = zone_layers(tables["zones"], titles)
    shown = tables["sites"].geometry.to_numpy()
    # Fixed sentences come from the package, never from a file.
    disclaimer = DISCLAIMER["zh"]
    synthetic = SYNTHETIC if circumstances["synthetic"] else None
    return frame_of(
        title=f"{circumstances['region']}项目选址环境管控核查图",
        subtitle=[f"基准日 {circumstances['as_of']}　{disclaimer}"],
        # What could be mistaken for an all-clear is seen without opening anything.
        notes=[
            *([ALTERED] if run.alterations else []),
            f"密级：{label('secrecy', circumstances['secrecy'] or 'unstated')['zh']}。{INTERNAL}",
            f"核查范围：{_scope(circumstances['scope'])}",
            NOT_ALL,
        ],
        about=[
            f"规则库 {circumstances['rulebook']['version']}；须于 {circumstances['recheck_by']} 前重新核查。",
            f"运行号 {circumstances['id']}，封印 {short_seal(run.document)}。",
            f"图形为显示作过简化（约 {moved_m:g} 米以内），面积与距离以结果表为准。",
        ],
        synthetic=synthetic,
        source_heads=["图层", "文件", "数据日期", "状态"],
        sources=[
            [
                titles[layer["id"]],
                layer["document"],
                layer["data_date"],
                "已载入" if layer["status"] == "loaded" else label("gap", layer["status"])["zh"],
            ]
            for layer in circumstances["layers"]
        ],
        imprint=[text for text in (f"CGCS2000　基准日 {circumstances['as_of']}", disclaimer, synthetic) if text],
        layers=layers,
        sites=_sites(run),
        pieces=_pieces(tables["findings"]),
        gaps=_gaps(tables["gaps"]),
        bounds=bounds_of(shown) or bounds_of(tables["zones"].geometry.to_numpy()),
    )
