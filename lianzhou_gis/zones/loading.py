"""Catalog entries become checked, repaired zones of the right edition; what fails is a gap, and the rest goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
import shapely

from lianzhou_gis.catalog import Catalog, LayerEntry, Series
from lianzhou_gis.errors import Issue, LianzhouError, MissingFileError, ReferenceSystemError
from lianzhou_gis.formats.kinds import is_database
from lianzhou_gis.geodesy import LIANZHOU_PROJ, Plane, Region, StudyArea, widened
from lianzhou_gis.rulebook import AccessItem, FactVocabulary
from lianzhou_gis.vocabulary import GapReason, theme
from lianzhou_gis.zones.access import read_access_list, units_unknown, units_without_items
from lianzhou_gis.zones.attributes import as_zones, named_columns
from lianzhou_gis.zones.cache import Cache
from lianzhou_gis.zones.completeness import area_issues, completeness_gaps, whole_area_issues
from lianzhou_gis.zones.content import Content
from lianzhou_gis.zones.coverage import coverage_of
from lianzhou_gis.zones.keeping import Loaded, kept_or_loaded
from lianzhou_gis.zones.layer import COLUMNS, Layer, LayerGap, Layers
from lianzhou_gis.zones.shapes import far_issue, near_zones, usable_zones
from lianzhou_gis.zones.source import read_source

__all__ = ["load_layers"]

ADMINISTRATIVE = "administrative"
# A zone known as a point without a stated accuracy may lie anywhere within this.
_POINT_ACCURACY_M = 1000.0


@dataclass
class _Loading:
    """What gathers while layers are loaded."""

    catalog: Catalog
    day: date
    region: Region | None
    study: StudyArea | None
    plane: Plane
    facts: FactVocabulary
    gaps: list[LayerGap]
    issues: list[Issue]
    cache: Cache
    turns: list[date] = field(default_factory=list)

    def gap(self, reason: GapReason, entry: LayerEntry, zh: str, en: str, **more: Any) -> LayerGap:  # noqa: ANN401
        gap = LayerGap(reason, entry.theme, entry.id, zh, en, **more)
        self.gaps.append(gap)
        return gap

    def failed(self, entry: LayerEntry, reason: GapReason, zh: str, en: str) -> Layer:
        """Record why a layer cannot be used, and return it empty."""
        self.gap(reason, entry, zh, en)
        return Layer(entry, _no_zones(), reason.value)


def _no_zones() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in (*COLUMNS, "geometry")})


def load_layers(
    catalog: Catalog,
    scope: Sequence[str],
    day: date,
    *,
    facts: FactVocabulary,
    region: Region | None = None,
    study: StudyArea | None = None,
    cache: Cache | None = None,
) -> Layers:
    """Load the layers of some themes in their edition of a day.

    Parameters
    ----------
    catalog : Catalog
    scope : sequence of str
        Themes.
    day : datetime.date
    facts : FactVocabulary
        For the conditions of access lists.
    region : Region, optional
        Where coordinates must lie.
    study : StudyArea, optional
        What lies beyond it bears on no site: such zones are left out, heavy shapes are clipped to it.
    cache : Cache, optional
        Where layers are kept as they were loaded; default: nowhere.

    Returns
    -------
    Layers
        With a gap for everything that does not speak: a theme without a layer, a file gone or broken, an edition
        expired, rows missing, a broken or missing geometry. Nothing is raised for a layer.
    """
    plane = Plane(catalog.plane or LIANZHOU_PROJ)
    loading = _Loading(catalog, day, region, study, plane, facts, [], [], cache or Cache(None))
    wanted = catalog.series(scope, day)
    for name in scope:
        if not any(series.theme == name for series in wanted):
            loading.gaps.append(
                LayerGap(
                    GapReason.LAYER_MISSING,
                    name,
                    None,
                    f"图层目录中没有“{theme(name).label['zh']}”图层",
                    f"the catalog has no layer of the theme {name}",
                )
            )
    places = _administrative(loading, wanted)
    loaded, items = [], []
    for series in wanted:
        layer = places.get(series.name) or _edition(loading, series)
        if layer.status == "loaded":
            layer = _covered(loading, layer, places)
            items.extend(_access(loading, layer))
        loaded.append(layer)
    frames = [layer.zones for layer in places.values() if layer.status == "loaded"]
    return Layers(
        layers=tuple(loaded),
        gaps=tuple(loading.gaps),
        access_items=tuple(items),
        towns=frames[0] if frames else None,
        issues=tuple(loading.issues),
    )


def _administrative(loading: _Loading, wanted: Sequence[Series]) -> dict[str, Layer]:
    """Load the administrative zones first: coverage and towns rest on them, whatever the scope."""
    in_scope = {series.name for series in wanted}
    places = {}
    for series in loading.catalog.series([ADMINISTRATIVE], loading.day):
        aside = loading if series.name in in_scope else replace(loading, gaps=[])
        places[series.name] = _edition(aside, series)
    return places


def _edition(loading: _Loading, series: Series) -> Layer:
    """Load the edition of the day."""
    entry = series.edition
    if entry is not None:
        return _layer(loading, entry)
    last, day = series.editions[-1], loading.day
    if any(other.valid_to is not None and other.valid_to < day for other in series.editions):
        ended = max(other.valid_to for other in series.editions if other.valid_to is not None and other.valid_to < day)
        return loading.failed(
            last,
            GapReason.LAYER_EXPIRED,
            f"图层 {last.id} 已于 {ended} 过有效期，{day} 无有效版本",
            f"the layer {last.id} expired on {ended}; no edition is in force on {day}",
        )
    return loading.failed(
        last,
        GapReason.LAYER_MISSING,
        f"图层 {last.id} 自 {series.editions[0].valid_from} 起有效，{day} 无有效版本",
        f"the layer {last.id} is in force from {series.editions[0].valid_from}; there is no edition on {day}",
    )


def _layer(loading: _Loading, entry: LayerEntry) -> Layer:
    """Read one layer; a failure becomes its gap."""
    try:
        return _kept(loading, entry)
    except MissingFileError as error:
        return loading.failed(entry, GapReason.LAYER_MISSING, error.zh, error.en)
    except ReferenceSystemError as error:
        return loading.failed(entry, GapReason.UNKNOWN_CRS, error.zh, error.en)
    except LianzhouError as error:
        return loading.failed(entry, GapReason.READ_ERROR, error.zh, error.en)
    except Exception as error:
        # Whatever a reader of files throws: a layer that fails must never take the run with it, nor be forgotten.
        what = type(error).__name__
        return loading.failed(entry, GapReason.READ_ERROR, f"读取失败（{what}）", f"could not be read ({what})")


def _kept(loading: _Loading, entry: LayerEntry) -> Layer:
    """Return a layer from the cache where it was loaded before, with all that was said of it."""
    if is_database(entry.path):
        return _read(loading, entry)

    def load() -> Loaded:
        aside = replace(loading, gaps=[], issues=[], turns=[])
        layer = _read(aside, entry)
        return Loaded(layer, tuple(aside.gaps), tuple(aside.issues), tuple(sorted(set(aside.turns))))

    told = {
        "plane": loading.plane.proj,
        "region": None if loading.region is None else asdict(loading.region),
        "study": None if loading.study is None else asdict(loading.study),
        "versions": [
            np.__version__,
            pd.__version__,
            shapely.__version__,
            shapely.geos_version_string,
            version("pyogrio"),
        ],
    }
    found = kept_or_loaded(loading.cache, entry, loading.catalog.file(entry.path), loading.day, told, load)
    loading.gaps.extend(found.gaps)
    loading.issues.extend(found.issues)
    return found.layer


def _read(loading: _Loading, entry: LayerEntry) -> Layer:
    # Control units are kept wherever they lie: their access list names them.
    study = None if theme(entry.theme).covering else loading.study
    features, known = read_source(loading.catalog, entry, region=loading.region, study=study)
    loading.issues.extend(features.issues)
    survey = None if features.system.crs.is_geographic else features.system.code
    zones = as_zones(named_columns(features, entry), entry, survey, loading.issues)
    counted = [entry.count_by] if entry.count_by else []
    whole = known or Content.of(zones, counted)
    if not whole.rows:
        return loading.failed(entry, GapReason.LAYER_EMPTY, "图层没有任何要素", "the layer has no features at all")
    current = _of_the_day(loading, zones, entry)
    present = known or Content.counted(current, counted)
    gaps, issues = completeness_gaps(whole, present, entry)
    loading.gaps.extend(gaps)
    loading.issues.extend(issues)
    if not present.rows:
        zh, en = f"{loading.day} 没有任何有效的区域", f"no zone of it is in force on {loading.day}"
        return loading.failed(entry, GapReason.LAYER_EMPTY, zh, en)
    if not features.system.reliable:
        name = features.system.name
        loading.gap(
            GapReason.UNRELIABLE_DATUM,
            entry,
            f"图层坐标系 {name} 与 CGCS2000 之间没有转换参数，位置可能偏差数十米至一百多米",
            f"no parameters lead from the layer's {name} to CGCS2000; it may be off by tens of metres or more",
        )
    near = near_zones(current, study)
    usable = usable_zones(near, entry, study)
    if far := present.rows - len(near) + usable.elsewhere:
        loading.issues.append(far_issue(far, entry))
    loading.gaps.extend(usable.gaps)
    loading.issues.extend(usable.issues)
    _without_extent(loading, usable.zones, entry)
    loading.issues.extend(area_issues(usable.zones, entry, usable.uncut))
    loading.issues.extend(whole_area_issues(current, entry))
    beyond = study if far or usable.cut else None
    return Layer(entry, usable.zones, "loaded", None, whole.sha256, beyond, usable.cut)


def _of_the_day(loading: _Loading, zones: pd.DataFrame, entry: LayerEntry) -> pd.DataFrame:
    """Leave out zones that are not in force on the day."""
    day = loading.day
    begun = [begin is None or begin <= day for begin in zones["valid_from"]]
    lasting = [end is None or day <= end for end in zones["valid_to"]]
    kept = np.logical_and(begun, lasting)
    loading.turns.extend(begin for begin in zones["valid_from"] if begin is not None)
    loading.turns.extend(end + timedelta(days=1) for end in zones["valid_to"] if end is not None and end < date.max)
    if not kept.all():
        loading.issues.append(
            Issue(
                "info",
                "zones_of_other_dates",
                f"layer {entry.id}",
                f"{int((~kept).sum())} 个区域在 {day} 尚未生效或已失效，未参与核查",
                f"{int((~kept).sum())} zones are not in force on {day} and were left out",
            )
        )
    return zones[kept]


def _without_extent(loading: _Loading, zones: pd.DataFrame, entry: LayerEntry) -> None:
    """Mark the surroundings of zones known as a point only, and name those of which a line is all that is known."""
    dimension = shapely.get_dimensions(zones.geometry.to_numpy())
    zone: Any
    for zone in zones[dimension == 1].itertuples():
        name = zone.name if isinstance(zone.name, str) else zone.zone_id
        loading.gap(
            GapReason.NO_GEOMETRY,
            entry,
            f"“{name}”只有线，不是面，范围不明；请改为面图形",
            f"{name} is a line and no area, so that its extent is not known; make it a polygon",
            zone_id=zone.zone_id,
        )
    pointed = zones[dimension == 0]
    if not len(pointed):
        return
    accuracy = pointed["accuracy_m"].to_numpy(dtype=np.float64)
    if entry.accuracy_m is not None and len(pointed) < len(zones):
        # What the catalog says of a layer of areas is how good their borders are, not how far a point may reach.
        accuracy = np.where(accuracy == entry.accuracy_m, np.nan, accuracy)
    metres = np.where(np.isnan(accuracy), _POINT_ACCURACY_M, accuracy)
    discs = loading.plane.unproject(widened(loading.plane.project(pointed.geometry.to_numpy()), metres, loading.plane))
    for zone, radius, disc in zip(pointed.itertuples(), metres, discs, strict=True):
        name = zone.name if isinstance(zone.name, str) else zone.zone_id
        loading.gap(
            GapReason.NO_GEOMETRY,
            entry,
            f"“{name}”只有点位（误差约 {radius:.0f} 米），范围不明",
            f"{name} is known as a point only (within about {radius:.0f} m), its extent is not",
            zone_id=zone.zone_id,
            area=disc,
        )


def _covered(loading: _Loading, layer: Layer, places: dict[str, Layer]) -> Layer:
    """Find where a layer speaks; where that is not declared it can clear no site."""
    entry = layer.entry
    administrative = [place.zones for place in places.values() if place.status == "loaded"]
    try:
        area = coverage_of(entry, loading.catalog, layer.zones, administrative[0] if administrative else None)
    except LianzhouError as error:
        loading.gap(GapReason.OUTSIDE_COVERAGE, entry, error.zh, error.en)
        return layer
    if area is None:
        loading.gap(
            GapReason.OUTSIDE_COVERAGE,
            entry,
            "图层未声明覆盖范围（coverage），不能据以排除冲突",
            "the layer declares no coverage, so that it cannot clear any site",
        )
    return replace(layer, coverage=area)


def _access(loading: _Loading, layer: Layer) -> list[AccessItem]:
    """Read the access list of a layer of control units, and name the units that it leaves out."""
    if layer.entry.theme != "control_unit":
        return []
    entry = layer.entry
    items: tuple[AccessItem, ...] = ()
    if entry.access_list is not None:
        try:
            path = loading.catalog.file(entry.access_list)
            items, gaps, issues = read_access_list(path, entry, loading.facts, loading.day)
            loading.gaps.extend(gaps)
            loading.issues.extend(issues)
        except LianzhouError as error:
            loading.gap(GapReason.LAYER_INCOMPLETE, entry, error.zh, error.en)
    units = layer.zones["zone_id"]
    for unit_id in units_unknown(units, items):
        loading.gap(
            GapReason.LAYER_INCOMPLETE,
            entry,
            f"准入清单所指的管控单元 {unit_id} 不在图层中；请更正编号，或删去其他地方的条目",
            f"the access list names the unit {unit_id}, which the layer does not have; correct it or drop its rows",
        )
    for zone in layer.zones[units.isin(units_without_items(units, items))].itertuples():
        loading.gap(
            GapReason.LAYER_INCOMPLETE,
            entry,
            f"管控单元 {zone.zone_id} 没有准入清单条目",
            f"the control unit {zone.zone_id} has no items of an access list",
            zone_id=zone.zone_id,
            area=zone.geometry,
        )
    return list(items)
