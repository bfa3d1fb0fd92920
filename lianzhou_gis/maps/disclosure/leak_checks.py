"""A publication against its source: no value, number or vertex that was not declared public."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from lianzhou_gis.maps.disclosure import extract
from lianzhou_gis.maps.disclosure.generalising import on_grid
from lianzhou_gis.maps.disclosure.publication import FEW, LABELS, OTHER, Manifest, Part
from lianzhou_gis.maps.disclosure.sources import Source
from lianzhou_gis.vocabulary import DISCLAIMER, Verdict, label, themes

__all__ = ["compared"]

Leak = tuple[str, str, str, str]
_GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)
# Shorter texts stand everywhere; they are compared cell by cell.
_SHORT_ASCII, _SHORT = 4, 2
_WORDS = re.compile(r"[\u3400-\u9fff]")
_DIGITS = re.compile(r"[-+\d.,]+")


def compared(source: Source, manifest: Manifest, parts: list[Part], contents: dict[str, bytes]) -> list[Leak]:
    """Return what a publication holds of its source that was not declared public."""
    found = [leak for part in parts for leak in (*_declared(source, part), *_cells(source, part))]
    for part in parts:
        if part.shapes is not None:
            found += [*_vertices(source, manifest, part), *_too_far(source, part)]
    public = _public_texts(source, manifest, parts)
    found += _texts(source, manifest, public, contents)
    found += _numbers(source, parts, contents)
    return found


def _declared(source: Source, part: Part) -> Iterator[Leak]:
    record = part.record
    if record.id == "sites":
        if source.sites is None:
            yield "undeclared_layer", "sites", "所比对的来源没有项目", "the source has no sites"
        return
    entry = source.entry(record.id)
    if entry is None or entry.disclosure != "public":
        yield "undeclared_layer", record.id, "图层未声明公开", "the layer is not declared public"
        return
    for column in record.columns:
        if entry.disclosure_columns.get(column) != "public":
            yield "undeclared_column", record.id, f"列 {column} 未声明公开", f"{column} is not declared public"


def _told(values: pd.Series) -> set[str]:
    return {str(value) for value in values if value is not None and not pd.isna(value)}


def _own_cells(source: Source, part: Part, column: str) -> set[str]:
    """Return what may stand in a column: its values in the source, as texts and as labels."""
    table = source.sites if part.record.id == "sites" else source.zones.get(part.record.id)
    if table is None or column not in table:
        return set()
    values = _told(table[column])
    if column == "grade":
        return {grade.label["zh"] for entry in themes().values() for grade in entry.grades if grade.id in values}
    if column == "verdict":
        return {label("verdict", value)["zh"] for value in values}
    return values | ({"水域", "陆域"} if column == "part" else set())


def _cells(source: Source, part: Part) -> Iterator[Leak]:
    for column in part.record.columns:
        allowed = _own_cells(source, part, column) | {"未注明", OTHER}
        wrong = sorted(_told(part.rows[column]) - allowed)
        if wrong:
            name = f"{part.record.id}.csv"
            told = f"列 {column} 含来源中没有的值（共 {len(wrong)} 个）"
            yield "foreign_value", name, told, f"{column} holds {len(wrong)} values that its source does not have"


def _vertices(source: Source, manifest: Manifest, part: Part) -> Iterator[Leak]:
    """No vertex of any source at the declared precision, and none of its own within half the accuracy."""
    record = part.record
    name = f"{record.id}.geojson"
    drawn = np.unique(shapely.get_coordinates(np.array(part.shapes, dtype=object)), axis=0)
    if not len(drawn) or record.decimals is None or record.accuracy_m is None:
        return
    everything = source.vertices()
    if record.as_published:
        own = on_grid(source.vertices(record.id), record.decimals)
        rest = drawn[~np.isin(on_grid(drawn, record.decimals), own)]
        if len(rest):
            yield "foreign_vertex", name, f"{len(rest)} 个拐点不在公布的边界上", f"{len(rest)} vertices are not its own"
        return
    same = np.isin(on_grid(drawn, record.decimals), on_grid(everything, record.decimals))
    if same.any():
        told = f"{int(same.sum())} 个拐点与源数据拐点在声明精度下相同"
        yield "source_vertex", name, told, f"{int(same.sum())} vertices equal one of a source at the declared precision"
    own = source.vertices(record.id) if record.id != "sites" else _site_vertices(source)
    if not len(own):
        return
    plane = source.plane
    ours, theirs = (np.asarray(shapely.points(places), dtype=object) for places in (drawn, own))
    tree = shapely.STRtree(plane.project_vertices(theirs))
    pairs = tree.query_nearest(plane.project_vertices(ours), all_matches=False)
    _, _, metres = _GEOD.inv(*drawn[pairs[0]].T, *own[pairs[1]].T)
    near = int((np.asarray(metres) < record.accuracy_m / 2).sum())
    if near:
        told = f"{near} 个拐点距源数据拐点不足精度的一半（{record.accuracy_m / 2:g} 米）"
        yield "too_near", name, told, f"{near} vertices lie within half the accuracy of one of the source"


def _too_far(source: Source, part: Part) -> Iterator[Leak]:
    """No border further from one of the source than the accuracy that is told."""
    record = part.record
    table = source.sites if record.id == "sites" else source.zones.get(record.id)
    if table is None or record.accuracy_m is None:
        return
    step = record.accuracy_m / 10
    ours, theirs = (
        shapely.segmentize(_edges(shapes), step / 111_000) for shapes in (part.shapes, table["geometry"].to_numpy())
    )
    drawn = np.unique(shapely.get_coordinates(ours), axis=0)
    lines = shapely.get_coordinates(theirs)
    if not len(drawn) or not len(lines):
        return
    plane = source.plane
    flat = [plane.project_vertices(np.asarray(shapely.points(places), dtype=object)) for places in (drawn, lines)]
    pairs = shapely.STRtree(flat[1]).query_nearest(flat[0], all_matches=False)
    _, _, metres = _GEOD.inv(*drawn[pairs[0]].T, *lines[pairs[1]].T)
    # The nearest place on a line is at most half a step beside the one that was looked at.
    far = int((np.asarray(metres) > record.accuracy_m + step / 2).sum())
    if far:
        told = f"{far} 处边界偏离源数据超过声明的精度（{record.accuracy_m:g} 米）"
        yield (
            "too_far",
            f"{record.id}.geojson",
            told,
            f"a border is further from the source than declared at {far} places",
        )


def _edges(shapes: Any) -> Any:  # noqa: ANN401 - arrays of geometries
    found = np.asarray([shape for shape in shapes if shape is not None], dtype=object)
    return np.where(np.isin(shapely.get_type_id(found), (3, 6)), shapely.boundary(found), found)


def _site_vertices(source: Source) -> Any:  # noqa: ANN401 - array
    assert source.sites is not None
    return shapely.get_coordinates(source.sites["geometry"].to_numpy())


def _public_texts(source: Source, manifest: Manifest, parts: list[Part]) -> set[str]:
    """Return the texts that may stand in a publication."""
    # The title, the notes and the reason are free words, which may tell what is not public: they are looked through.
    words = {manifest.publisher, manifest.approval_number or "", manifest.software, FEW, OTHER}
    words |= {source.catalog.region.name, *LABELS, *LABELS.values()}
    words |= set(DISCLAIMER.values())
    for record in manifest.layers:
        words |= {record.title, record.source, record.id, record.as_published or "", record.theme}
    for name, entry in themes().items():
        words |= {name, *entry.label.values()}
        words |= {word for grade in entry.grades for word in (grade.id, *grade.label.values())}
    words |= {word for verdict in Verdict for word in (verdict.value, *label("verdict", verdict).values())}
    for part in parts:
        for column in part.record.columns:
            words |= _told(part.rows[column]) & _own_cells(source, part, column)
        words |= _names_left_out(source, part)
    return words - {""}


def _names_left_out(source: Source, part: Part) -> set[str]:
    """Return the public names of areas, of which some may be left out and named; intakes are no areas."""
    table = source.zones.get(part.record.id)
    if table is None or part.shapes is None or "name" not in part.record.columns:
        return set()
    return _told(table.loc[np.isin(shapely.get_type_id(table["geometry"].to_numpy()), (3, 6)), "name"])


def _restricted(source: Source, manifest: Manifest, public: set[str]) -> set[str]:
    """Return every text of the source that was not declared public."""
    shown = {record.id for record in manifest.layers}
    texts = set(source.texts)
    for _, table in source.tables:
        for column in table.columns:
            if column == "geometry":
                continue
            texts |= {value.strip() for value in table[column] if isinstance(value, str)}
    for entry in source.catalog.layers:
        if entry.id not in shown and entry.disclosure != "public":
            texts |= {text for text in (entry.id, entry.document, *(entry.title or {}).values(), entry.path) if text}
    # What is a number is looked for among numbers: as a text it would be found inside longer ones.
    texts = {text for text in texts - public if not _DIGITS.fullmatch(text)}
    return {text for text in texts if len(text) >= (_SHORT if _WORDS.search(text) else _SHORT_ASCII)}


def _texts(source: Source, manifest: Manifest, public: set[str], contents: dict[str, bytes]) -> Iterator[Leak]:
    restricted = _restricted(source, manifest, public)
    # What a public text holds anyway, such as the name of a town in that of its water source, is public there.
    for name, content in contents.items():
        texts = extract.texts_of(_without_constants(name, content))
        seen = {word for word in restricted for text in texts if word in text and _stands_alone(word, text, public)}
        for coding in ("gb18030", "utf-16-le"):
            seen |= {word for word in restricted if _WORDS.search(word) and word.encode(coding) in content}
        if seen:
            told = f"含未公开的属性值（共 {len(seen)} 个）"
            yield "restricted_value", name, told, f"holds {len(seen)} values that were not declared public"


def _without_constants(name: str, content: bytes) -> bytes:
    """Leave out the scripts and styles of the package: what else stands in a page is looked at."""
    if not name.endswith(".html"):
        return content
    from lianzhou_gis.maps import assets, leaflet

    for constant in (leaflet.script(), leaflet.style(), assets.script(), assets.style()):
        content = content.replace(constant.encode("utf-8"), b"")
    return content


def _stands_alone(word: str, text: str, public: set[str]) -> bool:
    """Tell whether a word stands in a text anywhere but inside a public text."""
    around = sorted((item for item in public if word in item), key=len, reverse=True)
    covered = np.zeros(len(text) + 1, dtype=bool) if around else None
    for item in around:
        assert covered is not None
        for match in re.finditer(re.escape(item), text):
            covered[match.start() : match.end()] = True
    start = text.find(word)
    while start >= 0:
        if covered is None or not covered[start : start + len(word)].all():
            return True
        start = text.find(word, start + 1)
    return False


def _numbers(source: Source, parts: list[Part], contents: dict[str, bytes]) -> Iterator[Leak]:
    """No number of the source that was not declared public, however many decimals it is cut to."""
    public = {number for part in parts for column in part.record.columns for number in _written(part.rows[column])}
    restricted: set[str] = set()
    for _, table in source.tables:
        for column in table.columns:
            if column not in ("geometry", "source_row"):
                restricted |= _written(table[column])
    restricted -= public
    for name, content in contents.items():
        text = _without_geometry(name, content)
        told = {number for number in extract.numbers_in(text) if number in restricted}
        if told:
            yield (
                "restricted_number",
                name,
                f"含未公开的数值（{len(told)} 个）",
                f"holds {len(told)} restricted numbers",
            )


def _written(values: pd.Series) -> set[str]:
    """Return numbers as they may be written, with at least five digits that count."""
    if pd.api.types.is_bool_dtype(values):
        return set()
    numbers = values
    if not pd.api.types.is_numeric_dtype(values):
        # Files hold numbers as texts as well.
        numbers = pd.to_numeric(values.astype(object), errors="coerce").dropna()
    found = set()
    for value in np.unique(numbers.to_numpy(dtype=np.float64)):
        if np.isfinite(value):
            found |= {f"{value:.{places}f}" for places in range(7)} | {repr(float(value))}
    return {text for text in found if len(text.lstrip("-").replace(".", "").strip("0")) >= 5}


def _without_geometry(name: str, content: bytes) -> str:
    text = _without_constants(name, content).decode("utf-8", "replace")
    text = re.sub(r'"(?:coordinates|bounds)":\s*\[[\d\s.,\[\]eE+-]*\]', "", text)
    return re.sub(r'"(?:sha256|shapes)":\s*(?:"[^"]*"|\[[^{}]*\])', "", text)
