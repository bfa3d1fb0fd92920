"""What a figure shows: the zones, sites and gaps of a run, around all its sites or around one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from lianzhou_gis.errors import FormatError, did_you_mean
from lianzhou_gis.geodesy import LIANZHOU_PROJ, Plane
from lianzhou_gis.maps.nearest import ways
from lianzhou_gis.maps.payload import ALTERED, INTERNAL, NOT_ALL, SYNTHETIC, WAYS
from lianzhou_gis.vocabulary import Effect, Verdict, label, shown_at_first, theme, themes

if TYPE_CHECKING:
    from lianzhou_gis.layers import Layers
    from lianzhou_gis.runs import Run

__all__ = ["Scene", "scene_of_layers", "scene_of_run"]


@dataclass(frozen=True)
class Scene:
    """The content of a figure; all shapes in EPSG:4490.

    Attributes
    ----------
    zones : GeoDataFrame
        With ``theme``, ``grade``, ``name``.
    sites : list of dict
        ``site_id``, ``name``, ``verdict``, ``worst``, ``shape``.
    pieces, gaps : list of shapely geometry
        What lies in zones, and what is not assessed.
    ways : list of (str, float, LineString)
        Theme, distance in metres and line to the nearest zones of the site.
    left_out : list of str
        Themes that are not drawn though there are zones of them.
    focus : shapely geometry, optional
        What the figure looks at; everything where there is none.
    """

    title: str
    heading: list[str]
    notes: list[str]
    sources: list[str]
    synthetic: str | None
    zones: gpd.GeoDataFrame
    sites: list[dict[str, Any]] = field(default_factory=list)
    pieces: list[Any] = field(default_factory=list)
    gaps: list[Any] = field(default_factory=list)
    ways: list[tuple[str, float, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    focus: Any = None


def _chosen(
    zones: gpd.GeoDataFrame, wanted: Sequence[str] | None, also: set[str]
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the zones that are drawn, and the themes that are left out because they would cover everything."""
    zones = zones[zones.geometry.notna() & ~zones.geometry.is_empty]
    if wanted is not None:
        unknown = [name for name in wanted if name not in themes()]
        if unknown:
            raise FormatError.from_code(
                "option_theme_unknown",
                theme=unknown[0],
                hint=did_you_mean(unknown[0], themes()),
                known=list(themes()),
            )
        shown = set(wanted)
    else:
        shown = {name for name in themes() if shown_at_first(name)} | also
    here = set(zones["theme"]) - shown
    return zones[zones["theme"].isin(shown)], [entry.label["zh"] for name, entry in themes().items() if name in here]


def _sources(rows: Sequence[tuple[str, Any]]) -> list[str]:
    """Return layers with their dates, those of one date together."""
    dated: dict[str, list[str]] = {}
    for title, day in rows:
        dated.setdefault(str(day) if day else "日期不明", []).append(title)
    return [f"{day}：{'、'.join(dict.fromkeys(titles))}" for day, titles in sorted(dated.items())]


def scene_of_run(run: Run, site: str | None = None, chosen_themes: Sequence[str] | None = None) -> Scene:
    """Return what a figure of a run shows.

    Parameters
    ----------
    run : Run
    site : str, optional
        The site that the figure is about; default all of them.
    chosen_themes : sequence of str, optional
        Which themes are drawn; default those that a map shows at first, and those that bind the site.

    Raises
    ------
    FormatError
        If the run has no such site or the vocabulary no such theme, or if the site has no shape.
    """
    circumstances, tables = run.document["run"], run.tables
    records = {record["site_id"]: record for record in run.document["sites"]}
    if site is not None and site not in records:
        raise FormatError.from_code("run_site_unknown", site=site, hint=did_you_mean(site, records))
    shapes = dict(zip(tables["sites"]["site_id"], tables["sites"].geometry, strict=True))
    focus = shapes.get(site) if site else None
    if site is not None and (focus is None or focus.is_empty):
        raise FormatError.from_code("run_site_without_shape", site=site)
    binding = set()
    for name in [site] if site else []:
        binding = {item["theme"] for item in records[name]["findings"] if item["effect"] != Effect.NOTICE.value}
    lines = _ways(run, site) if site else []
    zones, left_out = _chosen(tables["zones"], chosen_themes, {name for name in binding if name})
    return Scene(
        title=f"{circumstances['region']}项目选址环境管控核查图",
        heading=_heading(records, site),
        notes=[
            *([ALTERED] if run.alterations else []),
            INTERNAL,
            NOT_ALL,
            *_scope(circumstances["scope"]),
            *([f"最近距离只绘最近的 {WAYS} 项，其余见结果表"] if len(lines) > WAYS else []),
        ],
        sources=_sources([(_title(layer), layer["data_date"]) for layer in circumstances["layers"]]),
        synthetic=SYNTHETIC if circumstances["synthetic"] else None,
        zones=zones,
        sites=[
            {
                "site_id": name,
                "name": record["name"],
                "verdict": record["verdict"],
                "worst": record["worst_possible"],
                "shape": shapes[name],
                "here": name == site,
            }
            for name, record in records.items()
            if name in shapes and shapes[name] is not None and not shapes[name].is_empty
        ],
        pieces=_pieces(tables["findings"], site),
        gaps=_gaps(tables["gaps"], site),
        ways=lines[:WAYS],
        left_out=left_out,
        focus=focus,
    )


def scene_of_layers(layers: Layers, title: str, when: str, chosen_themes: Sequence[str] | None = None) -> Scene:
    """Return what a figure of the layers of a catalog shows."""
    columns = ["theme", "layer_id", "zone_id", "name", "grade", "geometry"]
    table = pd.concat([layer.zones[columns] for layer in layers.layers], ignore_index=True)
    zones, left_out = _chosen(gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4490"), chosen_themes, set())
    gone = [layer.entry.name["zh"] for layer in layers.layers if layer.status != "loaded"]
    missing = dict.fromkeys([*gone, *(theme(gap.theme).label["zh"] for gap in layers.gaps if gap.area is None)])
    return Scene(
        title=title,
        heading=[when],
        notes=[INTERNAL, "图上空白不表示没有管控区", *([f"图层有缺项：{'、'.join(missing)}"] if missing else [])],
        sources=_sources([(layer.entry.name["zh"], layer.entry.data_date) for layer in layers.layers]),
        synthetic=SYNTHETIC if any(layer.entry.synthetic for layer in layers.layers) else None,
        zones=zones,
        gaps=[gap.area for gap in layers.gaps if gap.area is not None],
        left_out=left_out,
    )


def _title(layer: dict[str, Any]) -> str:
    return str(layer["title"]["zh"] if layer["title"] else theme(layer["theme"]).label["zh"])


def _scope(looked_at: Sequence[str]) -> list[str]:
    left_out = [entry.label["zh"] for name, entry in themes().items() if name not in looked_at]
    return [f"未核查的主题：{'、'.join(left_out)}"] if left_out else []


def _heading(records: dict[str, dict[str, Any]], site: str | None) -> list[str]:
    if site is None:
        found = [record["verdict"] for record in records.values()]
        counts = "，".join(f"{label('verdict', name)['zh']} {found.count(name)}" for name in Verdict if name in found)
        return [f"项目 {len(records)} 个，按结论：{counts}" if records else "没有项目"]
    record = records[site]
    facts = [f"用地 {record['area_m2']:,.2f} 平方米" if record["area_m2"] else None, record["town"]]
    return [
        "　".join(text for text in (site, record["name"], *facts) if text),
        f"结论：{record['label']['zh']}",
    ]


def _pieces(findings: gpd.GeoDataFrame, site: str | None) -> list[Any]:
    shown = findings[findings.geometry.notna() & (findings["effect"] != Effect.NOTICE.value)]
    shown = shown if site is None else shown[shown["site_id"] == site]
    return list(shown.drop_duplicates(["site_id", "layer_id", "zone_id"]).geometry)


def _gaps(gaps: gpd.GeoDataFrame, site: str | None) -> list[Any]:
    shown = gaps[gaps.geometry.notna() & ~gaps.geometry.is_empty]
    shown = shown if site is None else shown[shown["site_id"] == site]
    return list({shapely.to_wkb(shape): shape for shape in shown.geometry}.values())


def _ways(run: Run, site: str) -> list[tuple[str, float, Any]]:
    sites = run.tables["sites"]
    record = next(item for item in run.document["sites"] if item["site_id"] == site)
    nearest = {
        (site, check["theme"]): check["nearest_m"] for check in record["checks"] if check["nearest_m"] is not None
    }
    plane = Plane(run.document["run"]["parameters"].get("plane") or LIANZHOU_PROJ)
    return ways(sites[sites["site_id"] == site], run.tables["zones"], nearest, plane).get(site, [])
