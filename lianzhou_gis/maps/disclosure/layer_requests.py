"""What a profile asks for of a source: the zones and columns, each declared public, or the reason of the refusal."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import DisclosureError, did_you_mean
from lianzhou_gis.maps.disclosure.lattice import lattice_for
from lianzhou_gis.maps.disclosure.policy import policy
from lianzhou_gis.maps.disclosure.profile import AsPublished, Profile, PublicLayer
from lianzhou_gis.maps.disclosure.public_columns import require_public
from lianzhou_gis.maps.disclosure.sources import Source
from lianzhou_gis.maps.disclosure.text_folding import fold
from lianzhou_gis.vocabulary.hidden_places import HiddenKind, hidden_kind, hidden_kinds

__all__ = ["Hidden", "Request", "exact_decimals", "hidden_objects", "hidden_places", "request_for", "site_request"]

_PLOTS = "contaminated_plot"
_DEGREE_M = 111_320.0
# Year and number of a document, folded.
_NUMBER = re.compile(r"〔(?:19|20)\d{2}〕\d+号|(?:19|20)\d{2}年第\d+号")
# Other texts of an object say what it is where they are as short as this; longer ones speak of its surroundings.
_KIND_LENGTH = 12
_KIND_COLUMNS = ("name", "grade", "名称", "类型", "类别")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Request:
    """A layer as a profile asks for it, allowed.

    Attributes
    ----------
    cell_m : float
        Least size of cells, metres.
    accuracy_m : float
        To which areas in columns are rounded, metres.
    decimals : int
        Of exact coordinates, degrees.
    latitude : float
        Of the middle of the region.
    """

    wanted: PublicLayer
    theme: str
    title: str
    table: pd.DataFrame
    source: str
    data_date: date
    valid_from: date | None
    valid_to: date | None
    licence: str | None
    cell_m: float
    accuracy_m: float
    decimals: int
    latitude: float


@dataclass(frozen=True)
class Hidden:
    """Objects of a layer that must not be found: a mask of its rows, and how many of each kind."""

    mask: npt.NDArray[np.bool_]
    kinds: dict[str, int]


def request_for(source: Source, profile: Profile, wanted: PublicLayer) -> Request:
    """Return a layer that is declared public, with every column that is asked for.

    Raises
    ------
    DisclosureError
        Names the layer and what to do.
    """
    entry = _declared(source, wanted)
    zones = source.zones[entry.id]
    for column in dict.fromkeys((*wanted.columns, *([wanted.by] if wanted.by else []))):
        require_public(zones, entry, column, wanted.types)
    said = wanted.source or "；".join(text for text in (entry.publisher, entry.document) if text)
    dated = wanted.data_date or entry.data_date
    if not said:
        raise DisclosureError.from_code("layer_without_source", layer=entry.id)
    if dated is None:
        raise DisclosureError.from_code("layer_without_date", layer=entry.id)
    if dated > profile.date:
        raise DisclosureError.from_code("layer_dated_later", layer=entry.id, day=dated)
    return _request(
        source,
        profile,
        wanted,
        theme=entry.theme,
        title=entry.name["zh"],
        table=zones,
        said=said,
        dated=dated,
        valid=(entry.valid_from, entry.valid_to),
        licence=entry.licence,
    )


def site_request(source: Source, profile: Profile) -> Request:
    """Return the sites of a run as the profile asks for them."""
    sites = profile.sites
    assert sites is not None
    if source.sites is None:
        raise DisclosureError.from_code("sites_need_run")
    wanted = PublicLayer(id="sites", show=sites.show, columns=sites.columns, by=sites.by, accuracy_m=sites.accuracy_m)
    return _request(
        source,
        profile,
        wanted,
        theme="sites",
        title="项目",
        table=source.sites,
        said=sites.basis,
        dated=source.day,
        valid=(None, None),
        licence=None,
    )


def _request(
    source: Source,
    profile: Profile,
    wanted: PublicLayer,
    *,
    theme: str,
    title: str,
    table: pd.DataFrame,
    said: str,
    dated: date,
    valid: tuple[date | None, date | None],
    licence: str | None,
) -> Request:
    limits = policy()
    cell_m = limits.requested_cell_m(profile.protect_m, None if wanted.as_published else wanted.accuracy_m)
    exact = wanted.as_published is not None and wanted.accuracy_m is not None
    grid = lattice_for(cell_m, (source.bounds[1] + source.bounds[3]) / 2)
    accuracy = wanted.accuracy_m if exact and wanted.accuracy_m else limits.accuracy_m(grid.cell_m)
    return Request(
        wanted=wanted,
        theme=theme,
        title=title,
        table=table,
        source=said,
        data_date=dated,
        valid_from=valid[0],
        valid_to=valid[1],
        licence=licence,
        cell_m=cell_m,
        accuracy_m=accuracy,
        decimals=exact_decimals(accuracy),
        latitude=(source.bounds[1] + source.bounds[3]) / 2,
    )


def exact_decimals(accuracy_m: float) -> int:
    """Return how many decimals of a degree write coordinates to a quarter of an accuracy in metres.

    Examples
    --------
    >>> exact_decimals(1), exact_decimals(50)
    (6, 4)
    """
    return max(1, min(6, math.ceil(-math.log10(accuracy_m / 4 / _DEGREE_M))))


def _declared(source: Source, wanted: PublicLayer) -> LayerEntry:
    entry = source.entry(wanted.id)
    if entry is not None and entry.disclosure != "public":
        raise DisclosureError.from_code("layer_not_public", layer=entry.id, declared=entry.disclosure)
    if entry is None or wanted.id not in source.zones:
        raise DisclosureError.from_code("layer_unusable", layer=wanted.id, hint=did_you_mean(wanted.id, source.zones))
    if source.sites is not None and wanted.show == "shapes":
        raise DisclosureError.from_code("shapes_from_run", layer=entry.id)
    if wanted.show == "shapes":
        kind = _kind_of_layer(entry)
        if kind is not None:
            raise DisclosureError.from_code("layer_of_hidden_places", layer=entry.id, kind=kind.label)
    if wanted.as_published is not None:
        _require_same_document(entry, wanted.as_published)
    if entry.theme == _PLOTS and wanted.show == "shapes" and not wanted.as_published:
        raise DisclosureError.from_code("plots_need_document", layer=entry.id)
    if wanted.accuracy_m is not None and entry.accuracy_m is not None and wanted.accuracy_m < entry.accuracy_m:
        raise DisclosureError.from_code(
            "finer_than_source", layer=entry.id, accuracy=wanted.accuracy_m, source=entry.accuracy_m
        )
    return entry


def _require_same_document(entry: LayerEntry, given: AsPublished) -> None:
    """Refuse a document that is not the one from which the catalog says the layer was made."""
    known = _NUMBER.search(fold(entry.document or ""))
    if known is not None and known.group() not in fold(given.document):
        raise DisclosureError.from_code("document_not_of_layer", layer=entry.id, document=given.document)


def _kind_of_layer(entry: LayerEntry) -> HiddenKind | None:
    """Return the kind of hidden places that a whole layer holds, by its theme, id or title."""
    for kind in hidden_kinds():
        if entry.theme in kind.themes:
            return kind
    for text in (entry.id, *(entry.title or {}).values()):
        kind_named = hidden_kind(fold(text))
        if kind_named is not None:
            return kind_named
    return None


def hidden_objects(table: pd.DataFrame, wanted: PublicLayer) -> Hidden:
    """Return the objects that must not be found: by name and grade, by short texts, and every point or line.

    Parameters
    ----------
    table : DataFrame
        Zones with ``geometry``.
    wanted : PublicLayer
        Counts hide nothing; a document that publishes borders shows none of these either.
    """
    mask = np.zeros(len(table), dtype=bool)
    kinds: Counter[str] = Counter()
    if wanted.show == "counts":
        return Hidden(mask, {})
    known = cache(hidden_kind)
    shapes = table["geometry"].to_numpy() if "geometry" in table else np.full(len(table), None)
    for number, (shape, texts) in enumerate(zip(shapes, _texts_of(table), strict=True)):
        found = [kind for text in texts if (kind := known(text)) is not None]
        if found:
            mask[number] = True
            kinds[found[0].label["zh"]] += 1
        elif shape is not None and _holds_point(shape):
            mask[number] = True
            kinds["点状或线状对象"] += 1
    return Hidden(mask, dict(sorted(kinds.items())))


def hidden_places(source: Source) -> Floats:
    """Return the middles of all objects of the catalog that must not be found, degrees, shape (n, 2).

    Objects of every layer, public or not: by theme, name, grade or kind.
    """
    found = [np.empty((0, 2))]
    for layer_id, table in source.tables:
        entry = source.entry(layer_id)
        shapes = np.asarray(table["geometry"].to_numpy(), dtype=object)
        mask = np.zeros(len(table), dtype=bool)
        if entry is not None and any(entry.theme in kind.themes for kind in hidden_kinds()):
            mask[:] = True
        for column in table.columns.intersection(list(_KIND_COLUMNS)):
            values = table[column]
            named = {text for text in values.unique() if isinstance(text, str) and hidden_kind(fold(text)) is not None}
            mask |= values.isin(named).to_numpy()
        mask &= ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        found.append(shapely.get_coordinates(shapely.centroid(shapes[mask])))
    return np.vstack(found)


def _holds_point(shape: shapely.Geometry) -> bool:
    return bool(shapely.get_type_id(shape) not in (3, 6))


def _texts_of(table: pd.DataFrame) -> list[Sequence[str]]:
    """Return the folded texts of each row that say what it is."""
    columns = []
    for column in table.columns:
        if column == "geometry" or not any(isinstance(value, str) for value in table[column].head(50)):
            continue
        whole = column in _KIND_COLUMNS
        folded = {value: fold(value) for value in table[column].unique() if isinstance(value, str)}
        columns.append(
            [
                folded[value] if value in folded and (whole or len(folded[value]) <= _KIND_LENGTH) else ""
                for value in table[column]
            ]
        )
    if not columns:
        return [() for _ in range(len(table))]
    return [tuple(text for text in row if text) for row in zip(*columns, strict=True)]
