"""Catalog entries become checked, repaired zones of the right edition; what fails is a gap, and the rest goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import cache
from importlib.metadata import version

import numpy as np
import shapely

from lianzhou_gis.cache import Cache
from lianzhou_gis.catalog import Catalog, LayerEntry, Series
from lianzhou_gis.errors import LianzhouError, Message, MissingFileError, ReferenceSystemError
from lianzhou_gis.formats.kinds import is_database
from lianzhou_gis.geodesy import LIANZHOU_PROJ, Plane, Region, StudyArea
from lianzhou_gis.layers.access import read_access_list, units_unknown, units_without_items
from lianzhou_gis.layers.coverage import UNION, coverage_of
from lianzhou_gis.layers.gathering import Loading
from lianzhou_gis.layers.layer import Layer, LayerGap, Layers
from lianzhou_gis.layers.layer_cache import Loaded, kept_or_loaded
from lianzhou_gis.rulebook import AccessItem, FactVocabulary
from lianzhou_gis.vocabulary import GapReason, theme

__all__ = ["load_layers"]

ADMINISTRATIVE = "administrative"


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
    loading = Loading(catalog, day, region, study, plane, facts, [], [], cache or Cache(None))
    wanted = catalog.series(scope, day)
    for name in scope:
        if not any(series.theme == name for series in wanted):
            loading.gaps.append(
                LayerGap(
                    GapReason.LAYER_MISSING,
                    name,
                    None,
                    Message.from_code("theme_without_layer", theme=theme(name).label),
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
    known = [layer.columns for layer in places.values() if layer.status == "loaded"]
    return Layers(
        layers=tuple(loaded),
        gaps=tuple(loading.gaps),
        access_items=tuple(items),
        towns=known[0] if known else None,
        issues=tuple(loading.issues),
    )


def _administrative(loading: Loading, wanted: Sequence[Series]) -> dict[str, Layer]:
    """Load the administrative zones first: coverage and towns rest on them, whatever the scope."""
    in_scope = {series.name for series in wanted}
    places = {}
    for series in loading.catalog.series([ADMINISTRATIVE], loading.day):
        aside = loading if series.name in in_scope else replace(loading, gaps=[])
        places[series.name] = _edition(aside, series)
    return places


def _edition(loading: Loading, series: Series) -> Layer:
    """Load the edition of the day."""
    entry = series.edition
    if entry is not None:
        return _layer(loading, entry)
    last, day = series.editions[-1], loading.day
    if any(other.valid_to is not None and other.valid_to < day for other in series.editions):
        ended = max(other.valid_to for other in series.editions if other.valid_to is not None and other.valid_to < day)
        return loading.failed(
            last, GapReason.LAYER_EXPIRED, Message.from_code("edition_expired", layer=last.id, ended=ended, day=day)
        )
    return loading.failed(
        last,
        GapReason.LAYER_MISSING,
        Message.from_code("edition_not_begun", layer=last.id, begin=series.editions[0].valid_from, day=day),
    )


def _layer(loading: Loading, entry: LayerEntry) -> Layer:
    """Read one layer; a failure becomes its gap."""
    try:
        return _kept(loading, entry)
    except MissingFileError as error:
        return loading.failed(entry, GapReason.LAYER_MISSING, error.message)
    except ReferenceSystemError as error:
        return loading.failed(entry, GapReason.UNKNOWN_CRS, error.message)
    except LianzhouError as error:
        return loading.failed(entry, GapReason.READ_ERROR, error.message)
    except Exception as error:
        # Whatever a reader of files throws: a layer that fails must never take the run with it, nor be forgotten.
        what = type(error).__name__
        return loading.failed(entry, GapReason.READ_ERROR, Message.from_code("reader_failed", problem=what))


@cache
def _versions() -> list[str]:
    """Return the versions of the libraries that make zones of files."""
    return [
        np.__version__,
        version("pandas"),
        shapely.__version__,
        shapely.geos_version_string,
        version("pyogrio"),
    ]


def _kept(loading: Loading, entry: LayerEntry) -> Layer:
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
        "versions": _versions(),
    }
    found = kept_or_loaded(loading.cache, entry, loading.catalog.file(entry.path), loading.day, told, load)
    loading.gaps.extend(found.gaps)
    loading.issues.extend(found.issues)
    return found.layer


def _read(loading: Loading, entry: LayerEntry) -> Layer:
    # What is in the cache is not read, and what reads takes long to load.
    from lianzhou_gis.layers.reader import read_layer

    return read_layer(loading, entry)


def _covered(loading: Loading, layer: Layer, places: dict[str, Layer]) -> Layer:
    """Find where a layer speaks; where that is not declared it can clear no site."""
    entry = layer.entry
    if entry.coverage is not None and entry.coverage in loading.areas:
        return replace(layer, coverage=loading.areas[entry.coverage])
    administrative = [place.columns for place in places.values() if place.status == "loaded"]
    try:
        area = coverage_of(entry, loading.catalog, layer.columns, administrative[0] if administrative else None)
    except LianzhouError as error:
        loading.gap(GapReason.OUTSIDE_COVERAGE, entry, error.message)
        return layer
    if area is None:
        loading.gap(GapReason.OUTSIDE_COVERAGE, entry, Message.from_code("coverage_undeclared"))
    elif entry.coverage is not None and entry.coverage != UNION:
        loading.areas[entry.coverage] = area
    return replace(layer, coverage=area)


def _access(loading: Loading, layer: Layer) -> list[AccessItem]:
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
            loading.gap(GapReason.LAYER_INCOMPLETE, entry, error.message)
    units = layer.columns["zone_id"].tolist()
    for unit_id in units_unknown(units, items):
        loading.gap(GapReason.LAYER_INCOMPLETE, entry, Message.from_code("access_list_unit_unknown", unit=unit_id))
    unlisted = set(units_without_items(units, items))
    for row, unit_id in enumerate(units):
        if unit_id in unlisted:
            loading.gap(
                GapReason.LAYER_INCOMPLETE,
                entry,
                Message.from_code("access_list_unit_missing", unit=unit_id),
                zone_id=unit_id,
                area=layer.columns["geometry"][row],
            )
    return list(items)
