"""``publish``: from a profile and a source to a folder that gives nothing away, checked before anyone sees it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

import lianzhou_gis
from lianzhou_gis.errors import DisclosureError, RunError
from lianzhou_gis.maps.disclosure.attack_suite import attack_layer, hidden_errors
from lianzhou_gis.maps.disclosure.catalog_copies import require_no_copies
from lianzhou_gis.maps.disclosure.cell_zones import REASONS, CellZone, Sketch, attack_zones, sketch_zone
from lianzhou_gis.maps.disclosure.exact_zones import without_centres, without_places
from lianzhou_gis.maps.disclosure.lattice import Lattice, lattice_for
from lianzhou_gis.maps.disclosure.layer_requests import (
    Request,
    hidden_objects,
    hidden_places,
    request_for,
    site_request,
)
from lianzhou_gis.maps.disclosure.leak_checks import text_leaks
from lianzhou_gis.maps.disclosure.open_data import published_files, with_files
from lianzhou_gis.maps.disclosure.policy import policy
from lianzhou_gis.maps.disclosure.profile import Profile
from lianzhou_gis.maps.disclosure.public_columns import column_label, column_type, public_values
from lianzhou_gis.maps.disclosure.publication import (
    COUNTS_ONLY,
    FEW,
    HIDDEN_PLACE,
    LIST_ONLY,
    MANIFEST,
    MOST_COARSER,
    NOT_IN_PROFILE,
    NOT_PUBLIC,
    OF_THE_RUN,
    ON_REQUEST,
    OTHER,
    OTHER_COLUMNS,
    OTHER_LAYERS,
    SMALL_PIECES,
    UNNAMED,
    GridRecord,
    Manifest,
    Part,
    PublicColumn,
    PublicPart,
    Withheld,
    display_name,
    grid_reason,
    numbered_rows,
    small_count,
)
from lianzhou_gis.maps.disclosure.sources import Source
from lianzhou_gis.progress import Progress
from lianzhou_gis.vocabulary import CLASSIFIED, label, theme

__all__ = ["make_publication", "publish"]

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

_NO_PLACES: Floats = np.empty((0, 2))


@dataclass
class _Layer:
    """A layer while it is made: its rows and shapes, and what is left out of it."""

    request: Request
    rows: pd.DataFrame
    shapes: list[Any] | None = None
    withheld: list[Withheld] = field(default_factory=list)
    zones: list[CellZone] = field(default_factory=list)
    true: Shapes = field(default_factory=lambda: np.empty(0, dtype=object))
    hidden: Shapes = field(default_factory=lambda: np.empty(0, dtype=object))
    places: Floats = field(default_factory=lambda: np.empty((0, 2)))
    lattice: Lattice | None = None


def publish(
    source: Source,
    profile: Profile,
    folder: Path,
    *,
    exact: Collection[str] = (),
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Write a publication: the public page and open data of exactly what is public, and a manifest.

    It is written beside its place, made again and compared byte by byte, and moved there only if nothing was found.

    Parameters
    ----------
    source : Source
    profile : Profile
    folder : pathlib.Path
    exact : collection of str
        The layers whose exact borders are published: the second confirmation of ``as_published``.
    overwrite : bool
        Replace a publication that stands there.
    progress : callable, optional
        Called with the name of each step.

    Raises
    ------
    DisclosureError
        If something is not declared public, a duty is not met, an attack succeeds, or the check finds anything.
    RunError
        If the folder is in use.
    """
    from lianzhou_gis.maps.disclosure.verify import check_publication

    show = progress or _silent
    _require_free(folder, overwrite)
    files = make_publication(source, profile, exact=exact, progress=show)
    show("writing")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as building:
        built = Path(building) / "public"
        for name, content in files.items():
            path = built / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        show("checking")
        found = check_publication(built)
        if found:
            raise DisclosureError.from_code("self_check_failed", where=found[0].where, first=found[0], count=len(found))
        if folder.exists():
            shutil.rmtree(folder)
        built.rename(folder)
    return Manifest.model_validate_json(files[MANIFEST])


def _silent(step: str) -> None:
    """Show nothing."""


def make_publication(
    source: Source, profile: Profile, *, exact: Collection[str] = (), progress: Progress | None = None
) -> dict[str, bytes]:
    """Return every file of a publication by name; the same bytes for the same source and profile.

    Parameters
    ----------
    exact : collection of str
        The layers whose exact borders are published, confirmed; the manifest records it.

    Raises
    ------
    DisclosureError
        See :func:`publish`.
    """
    show = progress or _silent
    wanted_exact = {layer.id for layer in profile.layers if layer.as_published}
    if set(exact) != wanted_exact:
        raise DisclosureError.from_code("exact_unconfirmed", layers=sorted(wanted_exact ^ set(exact)))
    show("zones")
    _require_unclassified(source)
    _require_ground(source, profile)
    requests = [request_for(source, profile, wanted) for wanted in profile.layers]
    require_no_copies(source, profile)
    places = hidden_places(source) if any(request.wanted.show == "shapes" for request in requests) else _NO_PLACES
    layers = [_made(request, profile, places) for request in requests]
    if profile.sites is not None:
        layers.append(_made(site_request(source, profile), profile, places))
    show("attacks")
    lines = [
        shapely.get_coordinates(ring)
        for layer in layers
        if layer.request.wanted.as_published
        for ring in shapely.get_rings(shapely.get_parts(layer.true))
    ]
    parts = [_part(layer, profile, lines) for layer in layers]
    _require_synthetic_marked(source, parts)
    manifest = _manifest(source, profile, parts, [item for layer in layers for item in layer.withheld])
    show("words")
    leaks = text_leaks(source, manifest, parts)
    if leaks:
        raise DisclosureError.from_code("words_leak", first=leaks[0], where=leaks[0].where, count=len(leaks))
    show("files")
    files = published_files(manifest, parts)
    return files | {MANIFEST: with_files(manifest, files).written()}


def _manifest(source: Source, profile: Profile, parts: list[Part], withheld: list[Withheld]) -> Manifest:
    return Manifest(
        title=profile.title,
        publisher=profile.publisher,
        date=profile.date,
        as_of=source.day,
        region=source.catalog.region.name,
        region_bounds=source.bounds,
        protect_m=profile.protect_m,
        approval_number=profile.approval_number,
        approval_ground=profile.approval_ground,
        no_approval_reason=profile.no_approval_reason,
        notes=list(profile.notes),
        synthetic=source.synthetic,
        reference_system="CGCS2000, EPSG:4490, longitude and latitude in degrees",
        software=f"lianzhou_gis {lianzhou_gis.__version__}",
        sites_basis=profile.sites.basis if profile.sites else None,
        exact_confirmed=sorted(layer.id for layer in profile.layers if layer.as_published),
        layers=[part.record for part in parts],
        withheld=[*withheld, *_not_included(source, profile, parts)],
    )


def _require_ground(source: Source, profile: Profile) -> None:
    """Refuse a profile without approval or ground, and a ground that the content does not bear out."""
    if (profile.approval_number is None) == (profile.approval_ground is None):
        raise DisclosureError.from_code("approval_needed", grounds="、".join(policy().approval_grounds))
    if profile.protect_m < policy().least_protect_m:
        least = policy().least_protect_m
        raise DisclosureError.from_code("protection_too_small", given=profile.protect_m, least=least)
    ground = policy().approval_grounds.get(profile.approval_ground or "", {})
    if ground.get("only_synthetic") and not all(entry.synthetic for entry in source.catalog.layers):
        raise DisclosureError.from_code("ground_needs_synthetic")
    if ground.get("no_boundaries"):
        for layer in profile.layers:
            entry = source.entry(layer.id)
            if entry is not None and entry.theme == "administrative" and layer.show == "shapes":
                raise DisclosureError.from_code("ground_without_boundaries", layer=layer.id)


def _require_unclassified(source: Source) -> None:
    """Refuse to publish anything from a catalog or run that holds a classified layer."""
    for entry in source.catalog.layers:
        if entry.secrecy in CLASSIFIED:
            raise DisclosureError.from_code(
                "publish_classified", layer=entry.id, secrecy=label("secrecy", entry.secrecy)
            )


def _require_synthetic_marked(source: Source, parts: list[Part]) -> None:
    if source.synthetic:
        return
    marks = ("DEMO", "合成", "示例", "synthetic")
    for part in parts:
        for column in part.rows.columns:
            if any(isinstance(cell, str) and any(mark in cell for mark in marks) for cell in part.rows[column]):
                raise DisclosureError.from_code("synthetic_unmarked", layer=part.record.id)


def _made(request: Request, profile: Profile, places: Floats) -> _Layer:
    """Return the rows and shapes of a layer, in an order that follows from what is public."""
    table, wanted = request.table, request.wanted
    hidden = hidden_objects(table, wanted)
    withheld = [
        Withheld(layer=wanted.id, what=f"{request.title}：{kind}（{small_count(count)} 个）", why=HIDDEN_PLACE)
        for kind, count in hidden.kinds.items()
    ]
    table = table[~hidden.mask]
    if wanted.show == "counts":
        assert wanted.by is not None
        counts = _grouped(pd.Series(_cells(table, wanted.by, request, 0.0), dtype=object))
        rows = pd.DataFrame(counts, columns=[wanted.by, "count"])
        withheld.append(Withheld(layer=wanted.id, what=f"{request.title}：单个对象、名称与位置", why=COUNTS_ONLY))
        return _Layer(request, rows, withheld=[*withheld, _other_columns(request)])
    if wanted.show == "list":
        rows = pd.DataFrame({column: _cells(table, column, request, 100.0) for column in wanted.columns})
        withheld.append(Withheld(layer=wanted.id, what=f"{request.title}：位置与边界", why=LIST_ONLY))
        return _Layer(request, numbered_rows(rows, None)[0], withheld=[*withheld, _other_columns(request)])
    layer = _exact(request, table, places) if wanted.as_published else _drawn(request, table, profile, places)
    layer.hidden = np.asarray(request.table.loc[hidden.mask, "geometry"].to_numpy(), dtype=object)
    layer.places = places
    layer.withheld = [*withheld, *layer.withheld, _other_columns(request)]
    return layer


def _other_columns(request: Request) -> Withheld:
    return Withheld(layer=request.wanted.id, what=f"{request.title}：其余属性列", why=OTHER_COLUMNS)


def _cells(table: pd.DataFrame, column: str, request: Request, accuracy_m: float) -> list[Any]:
    kind = column_type(column, request.wanted.types) or "class"
    return list(public_values(table[column], column, kind, request.theme, request.wanted.id, accuracy_m))


def _merged(table: pd.DataFrame, request: Request) -> tuple[pd.DataFrame, Shapes, list[npt.NDArray[np.int64]]]:
    """Return zones with equal values in the columns of ``merge`` as one: their cells, shapes, and who they were."""
    accuracy = request.accuracy_m
    rows = pd.DataFrame(
        {column: _cells(table, column, request, accuracy) for column in request.wanted.columns}, dtype=object
    )
    shapes = np.asarray(table["geometry"].to_numpy(), dtype=object)
    if not request.wanted.merge:
        return rows, shapes, [np.array([number]) for number in range(len(rows))]
    keys = rows[list(request.wanted.merge)].fillna("").astype(str).agg("\x1f".join, axis=1).to_numpy(dtype=str)
    groups = [np.flatnonzero(keys == key) for key in np.unique(keys)]
    merged = [{column: _joined(rows[column].iloc[group].tolist()) for column in rows.columns} for group in groups]
    united = [shapely.union_all(shapes[group]) if len(group) > 1 else shapes[group[0]] for group in groups]
    return (
        pd.DataFrame(merged, columns=rows.columns, dtype=object),
        np.asarray([*united, None], dtype=object)[:-1],
        groups,
    )


def _joined(cells: list[object]) -> object:
    """Return the value of a merged zone: the common one, texts joined, nothing for numbers that differ."""
    values = sorted({cell for cell in cells if cell is not None}, key=str)
    if len(values) <= 1:
        return values[0] if values else None
    texts = [value for value in values if isinstance(value, str)]
    return "、".join(texts) if len(texts) == len(values) <= 4 else None


def _drawn(request: Request, table: pd.DataFrame, profile: Profile, places: Floats) -> _Layer:
    """Return a layer as cells of the fixed grid; every zone is drawn or stands among the withheld."""
    wanted = request.wanted
    rows, shapes, _ = _merged(_in_public_order(table), request)
    lattice = lattice_for(request.cell_m, request.latitude)
    _require_known_names(rows, request)
    requested = lattice
    # Where attacks come too near on the whole, the next larger cells are taken, and the manifest says so.
    zones = _attacked(rows, shapes, places, lattice, request, profile, last=False)
    while zones is None:
        lattice = lattice.coarser()
        last = lattice.rung == requested.rung + MOST_COARSER
        zones = _attacked(rows, shapes, places, lattice, request, profile, last=last)
    drawn = np.array([zone.cells is not None for zone in zones], dtype=bool)
    if not drawn.any():
        raise DisclosureError.from_code("nothing_drawable", layer=wanted.id, cell=lattice.cell_m)
    withheld = _left_out(rows, zones, request)
    kept, order = numbered_rows(
        rows[drawn].reset_index(drop=True), [zone.outline for zone in zones if zone.cells is not None]
    )
    outlines = [zone.outline for zone in zones if zone.cells is not None]
    withheld.append(Withheld(layer=wanted.id, what=f"{request.title}：精确边界", why=grid_reason(lattice, requested)))
    return _Layer(
        request, kept, [outlines[number] for number in order], withheld, zones=zones, true=shapes, lattice=lattice
    )


def _attacked(
    rows: pd.DataFrame,
    shapes: Shapes,
    places: Floats,
    lattice: Lattice,
    request: Request,
    profile: Profile,
    *,
    last: bool,
) -> list[CellZone] | None:
    """Return each zone as cells of a grid, or why it is not drawn; ``None`` where attacks come nearer than the bounds.

    They come too near to borders as a whole, or to anything that is not drawn. On the last grid that is not asked.
    """
    sketches = [_sketch(rows.iloc[number], shape, lattice, request, profile) for number, shape in enumerate(shapes)]

    def is_told(zones: list[CellZone]) -> bool:
        drawn = [zone for zone in zones if zone.cells is not None]
        hidden = [shape for shape, zone in zip(shapes, zones, strict=True) if zone.cells is None]
        return bool(hidden_errors(drawn, hidden, places, lattice).min(initial=np.inf) < profile.protect_m / 2)

    zones = attack_zones(sketches, profile.protect_m, None if last else is_told)
    if zones is None or last:
        return zones
    errors = [zone.error_m for zone in zones if zone.cells is not None]
    too_near = bool(errors) and (np.median(errors) < profile.protect_m or is_told(zones))
    return None if too_near else zones


def _sketch(
    row: pd.Series, shape: BaseGeometry | None, lattice: Lattice, request: Request, profile: Profile
) -> list[Sketch]:
    """Return a zone as parts that may be drawn on a grid, or why it is not."""
    if _is_named(row, request.wanted.withhold):
        return [Sketch(shape, "on_request")]
    if shape is None or shapely.is_empty(shape):
        return [Sketch(shape, "not_areal")]
    return sketch_zone(shape, lattice, profile.protect_m)


def _require_known_names(rows: pd.DataFrame, request: Request) -> None:
    """Refuse a name under ``withhold`` that no zone has: it would be free text in the manifest."""
    for name in request.wanted.withhold:
        if not any(_is_named(rows.iloc[number], (name,)) for number in range(len(rows))):
            raise DisclosureError.from_code("withhold_unknown", layer=request.wanted.id, name=name)


def _left_out(rows: pd.DataFrame, zones: list[CellZone], request: Request) -> list[Withheld]:
    """Return the zones that are not drawn, by reason: by name where names are public, else how many."""
    found: dict[str, list[int]] = {}
    for number, zone in enumerate(zones):
        if zone.reason:
            found.setdefault(zone.reason, []).append(number)
    withheld = []
    for reason, numbers in found.items():
        why = ON_REQUEST if reason == "on_request" else f"{REASONS[reason][0]}，未绘出"
        names = [display_name(rows.iloc[number]) for number in numbers]
        if all(names):
            what = "、".join(sorted(str(name) for name in names))
        else:
            what = f"{small_count(len(numbers))} 个区域"
        withheld.append(Withheld(layer=request.wanted.id, what=f"{request.title}：{what}", why=why))
    omitted = sum(zone.omitted for zone in zones)
    if omitted:
        what = f"{request.title}：已绘区域的零星小块（{small_count(omitted)} 块）"
        withheld.append(Withheld(layer=request.wanted.id, what=what, why=SMALL_PIECES))
    return withheld


def _is_named(row: pd.Series, names: Collection[str]) -> bool:
    return bool(names) and bool(
        {str(cell) for cell in row if cell is not None} & set(names) or display_name(row) in names
    )


def _exact(request: Request, table: pd.DataFrame, places: Floats) -> _Layer:
    """Return a layer with the borders that a document published; what could tell a place is left out."""
    wanted, limits = request.wanted, policy()
    rows = pd.DataFrame(
        {column: _cells(table, column, request, request.accuracy_m) for column in wanted.columns}, dtype=object
    )
    _require_known_names(rows, request)
    shapes = np.asarray(table["geometry"].to_numpy(), dtype=object)
    grid = lattice_for(limits.cell_m(limits.least_protect_m), request.latitude)
    least, width = limits.least_exact_m2(request.accuracy_m), limits.exact_width_m(request.accuracy_m)
    zones, exact = [], []
    for number, shape in enumerate(shapes):
        reason, kept, left = "on_request", None, 0
        if not _is_named(rows.iloc[number], wanted.withhold):
            kept, left = without_places(shape, least, width, grid.scale) if shape is not None else (None, 0)
            kept, around = without_centres(kept, places, limits.least_protect_m / 2, grid.scale)
            left += around
            reason = "too_small" if shape is not None and shapely.get_type_id(shape) in (3, 6) else "not_areal"
        zones.append(CellZone(None, None, reason) if kept is None else CellZone(None, None, None, omitted=left))
        exact.append(kept)
    shown = np.array([shape is not None for shape in exact], dtype=bool)
    if not shown.any():
        raise DisclosureError.from_code("nothing_drawable", layer=wanted.id, cell=0)
    decimals = request.decimals
    drawn = np.asarray([*exact, None], dtype=object)[:-1][shown]
    withheld = _left_out(rows, zones, request)
    outlines = list(shapely.normalize(shapely.transform(drawn, lambda xy: np.round(xy, decimals))))
    kept_rows, order = numbered_rows(rows[shown].reset_index(drop=True), outlines)
    ordered = [outlines[number] for number in order]
    return _Layer(request, kept_rows, ordered, withheld, zones=zones, true=drawn)


def _in_public_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return zones by shape, so that nothing follows from the order in the file."""
    shapes = table["geometry"].to_numpy()
    return table.iloc[np.argsort([shape.wkb if shape is not None else b"" for shape in shapes], kind="stable")]


def _part(layer: _Layer, profile: Profile, exact_lines: list[Any]) -> Part:
    """Return a layer as it is published, with what the attacks made of it."""
    request, wanted = layer.request, layer.request.wanted
    report = None
    accuracy: float | None = None
    if layer.lattice is not None:
        accuracy = policy().accuracy_m(layer.lattice.cell_m)
        report = attack_layer(
            wanted.id,
            layer.true,
            layer.zones,
            layer.hidden,
            layer.lattice,
            protect_m=profile.protect_m,
            accuracy_m=accuracy,
            exact_lines=exact_lines,
            places=layer.places,
        )
    elif layer.shapes is not None:
        accuracy = wanted.accuracy_m
    decimals = layer.lattice.decimals if layer.lattice else request.decimals if layer.shapes is not None else None
    columns = [wanted.by] if wanted.by else list(wanted.columns)
    record = PublicPart(
        id=wanted.id,
        theme=request.theme,
        title=request.title,
        show=wanted.show,
        columns=[
            PublicColumn(id=column, type=column_type(column, wanted.types) or "class", label=column_label(column))
            for column in columns
        ],
        merged_by=list(wanted.merge),
        withhold=list(wanted.withhold),
        accuracy_m=wanted.accuracy_m,
        protect_m=profile.protect_m if layer.lattice else None,
        public_accuracy_m=accuracy,
        grid=GridRecord(rung=layer.lattice.rung, east=layer.lattice.east, north=layer.lattice.north)
        if layer.lattice
        else None,
        decimals=decimals,
        as_published=wanted.as_published,
        source=request.source,
        profile_source=wanted.source,
        data_date=request.data_date,
        profile_date=wanted.data_date,
        valid_from=request.valid_from,
        valid_to=request.valid_to,
        licence=wanted.licence or request.licence,
        profile_licence=wanted.licence,
        office=wanted.office,
        corrections=wanted.corrections,
        omitted_parts=_rough_count(sum(zone.omitted for zone in layer.zones)),
        attacks=report,
    )
    return Part(record, layer.rows, layer.shapes)


def _rough_count(number: int) -> int | str:
    """Return a number as it is published: nothing, a few, or how many."""
    return small_count(number) if number else 0


def _grouped(values: pd.Series) -> list[tuple[str, int | str]]:
    """Return numbers by value; small groups go together, with the next larger ones where they are still too few.

    Examples
    --------
    >>> import pandas as pd
    >>> _grouped(pd.Series(list("aaaaaaabbbbbbcccd")))
    [('a', 7), ('其他（合并）', 10)]
    >>> _grouped(pd.Series(["a", "b"]))
    [('其他（合并）', '少于5')]
    """
    fewest = policy().fewest
    counts = values.fillna(UNNAMED).astype(str).value_counts()
    order = sorted(counts.items(), key=lambda item: (int(item[1]), str(item[0])))
    merged = 0
    # One group alone that was merged could be told from the whole: it takes a second one with it.
    taken = 0
    while order and (int(order[0][1]) < fewest or (taken and (merged < fewest or taken < 2))):
        merged += int(order.pop(0)[1])
        taken += 1
    kept: list[tuple[str, int | str]] = [(str(name), int(number)) for name, number in reversed(order)]
    if taken:
        kept.append((OTHER, merged if merged >= fewest else FEW))
    return kept


def _not_included(source: Source, profile: Profile, parts: list[Part]) -> list[Withheld]:
    """Return the themes that are not in it, by their kind alone: not even the name of a layer that is not public."""
    shown = {part.record.id for part in parts}
    found: list[Withheld] = []
    for name in dict.fromkeys(entry.theme for entry in source.catalog.layers if entry.id not in shown):
        rest = [entry for entry in source.catalog.layers if entry.theme == name and entry.id not in shown]
        why = NOT_IN_PROFILE if any(entry.disclosure == "public" for entry in rest) else NOT_PUBLIC
        found.append(Withheld(layer=None, what=theme(name).label["zh"] + OTHER_LAYERS, why=why))
    if source.sites is not None and profile.sites is None:
        found.append(Withheld(layer=None, what="项目", why=OF_THE_RUN))
    return found


def _require_free(folder: Path, overwrite: bool) -> None:
    """Refuse a folder in use; with ``overwrite`` only one that holds a publication is replaced."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not overwrite:
        raise RunError.from_code("publication_folder_used", folder=folder)
    if not (folder / MANIFEST).is_file():
        raise RunError.from_code("publication_folder_used.foreign", folder=folder)
