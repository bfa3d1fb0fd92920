"""The map of a comparison of editions: ground that came under control, was released, or changed its grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy import statutory_area
from lianzhou_gis.intake.edition_tables import STATUS_LABELS, grade_label
from lianzhou_gis.maps.drawing import encoded, simplified
from lianzhou_gis.maps.payload import INTERNAL, SYNTHETIC, frame_of
from lianzhou_gis.maps.zone_layers import bounds_of, style_record
from lianzhou_gis.vocabulary import DISCLAIMER, other_style, theme

if TYPE_CHECKING:
    from lianzhou_gis.intake.edition_diff import EditionDiff, GroundChange

__all__ = ["editions_map"]

_KINDS = ("gained", "released", "regraded")


def _kind(item: GroundChange) -> str:
    return "gained" if item.old_grade is None else "released" if item.new_grade is None else "regraded"


def _grade(theme_id: str, grade: str | None) -> str:
    return grade_label(theme_id, grade)["zh"]


def _hectares(square_metres: float) -> str:
    return f"{square_metres / 1e4:,.4f}"


def _ground_layer(
    diff: EditionDiff, changes: Sequence[GroundChange], shapes: npt.NDArray[np.object_]
) -> dict[str, Any]:
    """Return the ground that changed, in connected parts."""
    kinds = [_kind(item) for item in changes]
    words = {name: other_style(name)[0]["zh"] for name in _KINDS}
    areas = statutory_area(np.array([item.shape for item in changes], dtype=object))
    return {
        "theme": f"{diff.series}/ground",
        "title": f"{theme(diff.theme).label['zh']}：变化",
        "shown": True,
        "count": len(changes),
        "styles": {name: style_record(other_style(name)[1]) for name in _KINDS},
        "legend": [
            {"style": name, "text": words[name], "count": kinds.count(name)} for name in _KINDS if name in kinds
        ],
        "names": [
            f"{words[kind]}：{_grade(diff.theme, item.old_grade)} → {_grade(diff.theme, item.new_grade)}"
            for kind, item in zip(kinds, changes, strict=True)
        ],
        "ids": [None] * len(changes),
        "grades": kinds,
        "of": [diff.entry.name["zh"]] * len(changes),
        "more": [f"此处 {_hectares(area)} 公顷" for area in areas],
        "shapes": encoded(shapes),
    }


def _edition_layer(diff: EditionDiff, side: str, shapes: npt.NDArray[np.object_]) -> dict[str, Any]:
    edition = getattr(diff, side)
    zones = edition.zones[edition.zones["geometry"].notna()]
    words, style = other_style(f"{side}_edition")
    labels = [_grade(diff.theme, grade if isinstance(grade, str) else "unknown") for grade in zones["grade"]]
    return {
        "theme": f"{diff.series}/{side}",
        "title": f"{words['zh']}：{edition.entry.name['zh']}",
        "shown": False,
        "count": len(zones),
        "styles": {"": style_record(style)},
        "legend": [{"style": "", "text": words["zh"], "count": len(zones)}],
        "names": [name if isinstance(name, str) else None for name in zones["name"]],
        "ids": list(zones["zone_id"]),
        "grades": [""] * len(zones),
        "of": [edition.entry.name["zh"]] * len(zones),
        "more": [f"级别：{text}" if theme(diff.theme).grades else None for text in labels],
        "shapes": encoded(shapes),
    }


def _balances(diffs: Sequence[EditionDiff]) -> dict[str, Any]:
    rows = []
    for diff in diffs:
        for grade in diff.grades:
            old, new, gained, lost = diff.balance(grade)
            values = [_hectares(value) for value in (old, new, gained, lost, new - old)]
            rows.append([diff.entry.name["zh"], _grade(diff.theme, grade), *values])
    heads = ["图层", "级别", "旧版公顷", "新版公顷", "增加", "减少", "净变化"]
    return {"title": "按级别的面积变化（公顷，净计）", "heads": heads, "rows": rows}


def _zone_table(diffs: Sequence[EditionDiff]) -> dict[str, Any]:
    rows = [
        [
            STATUS_LABELS[zone.status]["zh"],
            zone.old_id,
            zone.new_id,
            zone.name,
            _hectares(zone.gained_m2),
            _hectares(zone.lost_m2),
        ]
        for diff in diffs
        for zone in diff.zones
        if zone.status != "unchanged"
    ]
    return {
        "title": "有变化的区域",
        "heads": ["变化", "旧编号", "新编号", "名称", "增加公顷", "减少公顷"],
        "rows": rows,
    }


def editions_map(diffs: Sequence[EditionDiff], *, region: str, day: str) -> dict[str, Any]:
    """Return what the map of a comparison shows, for :func:`lianzhou_gis.maps.page`.

    Parameters
    ----------
    diffs : sequence of EditionDiff
    region : str
        Name of the area.
    day : str
        The day of the comparison.
    """
    drawn: list[tuple[Any, ...]] = []
    for diff in diffs:
        changes = [
            replace(item, shape=part)
            for item in diff.ground
            if item.shape is not None
            for part in shapely.get_parts(item.shape)
        ]
        for side in ("old", "new"):
            edition = getattr(diff, side)
            if edition is not None:
                shapes = edition.zones["geometry"][edition.zones["geometry"].notna()].to_numpy(dtype=object)
                drawn.append((_edition_layer, diff, side, shapes))
        held = np.empty(len(changes), dtype=object)
        held[:] = [item.shape for item in changes]
        drawn.append((_ground_layer, diff, changes, held))
    simple = simplified([shapes for *_, shapes in drawn])
    layers = [make(diff, what, shapes) for (make, diff, what, _), shapes in zip(drawn, simple.shapes, strict=True)]
    editions = [edition for diff in diffs for edition in (diff.old, diff.new) if edition is not None]
    synthetic = SYNTHETIC if any(edition.entry.synthetic for edition in editions) else None
    everything = np.concatenate([np.array([], dtype=object), *(shapes for *_, shapes in drawn)])
    return frame_of(
        title=f"{region}管控图层版本比较",
        subtitle=[f"{day}　{DISCLAIMER['zh']}"],
        notes=[INTERNAL],
        about=[
            "点按地图查看变化；旧版与新版图形可在图例中打开。",
            f"图形为显示作过简化（约 {simple.tolerance_m:g} 米以内），面积以结果表为准。",
        ],
        synthetic=synthetic,
        sources=[
            [
                edition.entry.name["zh"],
                edition.entry.document,
                edition.entry.data_date.isoformat() if edition.entry.data_date else None,
            ]
            for edition in editions
        ],
        imprint=[text for text in (f"CGCS2000　{day}", DISCLAIMER["zh"], synthetic) if text],
        layers=layers,
        tables=[_balances(diffs), _zone_table(diffs)],
        bounds=bounds_of(everything) if len(everything) else None,
    )
