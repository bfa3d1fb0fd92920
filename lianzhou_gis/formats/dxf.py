"""DXF: outlines of a drawing, closed ones as areas, open ones as lines; no reference system."""

from __future__ import annotations

import hashlib
import io
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.errors import FormatError, Issue, LianzhouError, Message, Phrase, extra
from lianzhou_gis.formats.dxf_outlines import ARC_TOLERANCE_M, Outline, outline_from_entity
from lianzhou_gis.formats.encodings import DbfText, decide_dbf_encoding
from lianzhou_gis.formats.limits import MAX_TEXT_BYTES, read_bounded, refuse_count
from lianzhou_gis.formats.raw_features import Geometries, RawFeatures, unreadable_issue

if TYPE_CHECKING:
    from ezdxf.document import Drawing
    from ezdxf.entities import DXFEntity
    from ezdxf.math import Vec3

__all__ = ["read_dxf"]

_BINARY = b"AutoCAD Binary DXF"
_CODE_PAGE = re.compile(rb"\$DWGCODEPAGE[ \t]*\r?\n[ \t]*3[ \t]*\r?\n[ \t]*([\w.\-]+)")
_VERSION = re.compile(rb"\$ACADVER[ \t]*\r?\n[ \t]*1[ \t]*\r?\n[ \t]*(AC\d{4})")
# From this version on all texts are UTF-8.
_UNICODE = b"AC1021"
# Nested or arrayed blocks can expand to any number of entities.
_MOST_ENTITIES = 300_000
_DEEPEST_BLOCK = 16
_UNITS = {0, 6}
# Bound on the work for a warning: thousands of nested rings make millions of pairs.
_AT_ONCE = 256
_MOST_PAIRS = 5_000_000
_MOST_TRIES = 32
# Survey points are drawn as circles of a metre or so around the corner.
_LARGEST_SIGN_M = 5.0
_SIGN_OFF_M = 0.05


def read_dxf(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read the outlines in the model space of a drawing.

    Parameters
    ----------
    path : Path
    name : str
        For messages.
    layer : str, optional
        A layer of the drawing; needed where several hold outlines.
    encoding : str, optional
        Of its texts; decided from the file where not given.

    Returns
    -------
    RawFeatures
        Columns ``layer``, ``entity``, ``handle`` and ``xdata``; x is east as drawings have it. No reference system.

    Raises
    ------
    FormatError
        If it is damaged or out of bounds, or has no such layer or no outlines.
    """
    content = read_bounded(path, MAX_TEXT_BYTES // 2)
    issues: list[Issue] = []
    try:
        drawing = _drawing(path, content, name, encoding, issues)
        rows, other = _outlines(drawing, name, layer)
        if not rows:
            raise _no_outlines_error(drawing, name, layer)
        if layer is None:
            rows = _of_one_layer(rows, name, issues)
        rows = _without_point_signs(rows, name, issues)
        return _raw(drawing, rows, other, hashlib.sha256(content).hexdigest(), name, issues)
    except LianzhouError:
        raise
    except (Exception, RecursionError) as error:
        # Any exception of the reader on a damaged drawing.
        raise FormatError.from_code("drawing_damaged", file=name) from error


def _layer_of(entity: DXFEntity) -> str:
    return str(entity.dxf.get("layer", "0"))


def _of_one_layer(
    rows: list[tuple[DXFEntity, Outline]], name: str, issues: list[Issue]
) -> list[tuple[DXFEntity, Outline]]:
    """Return the outlines where one layer holds all of them; single points count where there is nothing else.

    Raises
    ------
    FormatError
        If several layers hold outlines; lists what each holds, for a frame or a survey sign is no project.
    """
    drawn = [row for row in rows if row[1].geometry is None or row[1].geometry.geom_type != "Point"]
    layers = sorted({_layer_of(entity) for entity, _ in drawn})
    if len(layers) > 1:
        listed = [Phrase(*_layer_text(title, drawn)) for title in layers]
        raise FormatError.from_code("drawing_layers", name=name, layers=listed)
    if drawn and len(drawn) < len(rows):
        issues.append(Issue.from_code("info", "drawing_points_dropped", name, count=len(rows) - len(drawn)))
    return drawn or rows


def _layer_text(title: str, rows: list[tuple[DXFEntity, Outline]]) -> tuple[str, str]:
    """Return what a layer holds, in Chinese and English."""
    shapes = [outline.geometry for entity, outline in rows if _layer_of(entity) == title]
    areas = [shape for shape in shapes if shape is not None and shapely.get_dimensions(shape) == 2]
    largest = max((shapely.area(area) for area in areas), default=0.0)
    circles = sum(entity.dxftype() == "CIRCLE" for entity, _ in rows if _layer_of(entity) == title)
    message = Message.from_code(
        "drawing_layer", layer=title, areas=len(areas), circles=circles, lines=len(shapes) - len(areas), largest=largest
    )
    return message.zh, message.en


def _without_point_signs(
    rows: list[tuple[DXFEntity, Outline]], name: str, issues: list[Issue]
) -> list[tuple[DXFEntity, Outline]]:
    """Leave out small circles around the corners of other outlines: the signs by which survey points are drawn."""
    small = [entity.dxftype() == "CIRCLE" and abs(float(entity.dxf.radius)) <= _LARGEST_SIGN_M for entity, _ in rows]
    others = [outline.geometry for (_, outline), sign in zip(rows, small, strict=True) if not sign]
    corners = shapely.get_coordinates([shape for shape in others if shape is not None])
    if not any(small) or not len(corners):
        return rows
    tree = shapely.STRtree(np.asarray(shapely.points(corners), dtype=object))
    selected = []
    for row, sign in zip(rows, small, strict=True):
        centre = row[0].dxf.center if sign else None
        if centre is not None and len(tree.query(shapely.Point(*_xy(centre)), "dwithin", distance=_SIGN_OFF_M)):
            continue
        selected.append(row)
    if len(selected) < len(rows):
        issues.append(Issue.from_code("info", "point_signs_dropped", name, count=len(rows) - len(selected)))
    return selected


def _xy(point: Vec3) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _raw(
    drawing: Drawing,
    rows: list[tuple[DXFEntity, Outline]],
    other: Counter[str],
    sha256: str,
    name: str,
    issues: list[Issue],
) -> RawFeatures:
    geometries = np.full(len(rows), None, dtype=object)
    geometries[:] = [outline.geometry for _, outline in rows]
    issues.extend(unreadable_issue(shapely.is_missing(geometries), name))
    columns = {
        "layer": [str(entity.dxf.get("layer", "0")) for entity, _ in rows],
        "entity": [entity.dxftype() for entity, _ in rows],
        "handle": [entity.dxf.get("handle") for entity, _ in rows],
        "xdata": [_xdata(entity) for entity, _ in rows],
    }
    _report(drawing, rows, other, columns["layer"], name, issues)
    _report_rings_inside(geometries, columns["layer"], name, issues)
    return RawFeatures(
        name=name,
        columns={title: np.array(values, dtype=object) for title, values in columns.items() if any(values)},
        geometries=geometries,
        crs=None,
        encoding=None,
        issues=issues,
        sha256=sha256,
    )


def _drawing(path: Path, content: bytes, name: str, encoding: str | None, issues: list[Issue]) -> Drawing:
    ezdxf = extra("ezdxf", "dxf")
    logging.getLogger("ezdxf").addHandler(logging.NullHandler())
    if not content.startswith(_BINARY):
        version, page = _VERSION.search(content[: 2**16]), _CODE_PAGE.search(content[: 2**16])
        claim = b"UTF-8" if version and version[1] >= _UNICODE else page[1] if page else None
        foreign = sorted({line.strip() for line in content.splitlines() if not line.isascii()})
        text = DbfText([], [(line, 0) for line in foreign], 0)
        decided = decide_dbf_encoding(
            text, claim.replace(b"_", b" ") if claim else None, declared=encoding, where=name, label="$DWGCODEPAGE"
        )
        issues.extend(decided.issues)
        if decided.source == "bytes":
            issues.append(Issue.from_code("info", "encoding_detected", name, name=decided.name))
        drawing: Drawing = ezdxf.read(io.StringIO(content.decode(decided.name, errors="replace"), newline=None))
        return drawing
    # No recovery: the library would change damaged numbers.
    drawing = ezdxf.readfile(path)
    return drawing


def _outlines(drawing: Drawing, name: str, layer: str | None) -> tuple[list[tuple[DXFEntity, Outline]], Counter[str]]:
    """Return the entities with an outline, and the number of others by type."""
    rows: list[tuple[DXFEntity, Outline]] = []
    other: Counter[str] = Counter()
    refuse_count(name, _count(drawing, drawing.modelspace(), name, {}), _MOST_ENTITIES, "entities")
    for entity in _entities(drawing.modelspace()):
        if layer is not None and str(entity.dxf.get("layer", "0")).casefold() != layer.casefold():
            continue
        try:
            outline = outline_from_entity(entity)
        except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
            outline = Outline(None)
        if outline is None:
            other[entity.dxftype()] += 1
        else:
            rows.append((entity, outline))
    return rows, other


def _count(
    drawing: Drawing, source: Iterable[DXFEntity], name: str, known: dict[str, int], around: tuple[str, ...] = ()
) -> int:
    """Return the number of entities after expansion of all blocks, without expanding them."""
    if len(around) > _DEEPEST_BLOCK:
        raise FormatError.from_code("drawing_blocks_nested", file=name)
    from ezdxf.entities import Insert

    total = 0
    for entity in source:
        if not isinstance(entity, Insert):
            total += 1
            continue
        title = str(entity.dxf.name)
        if title not in known:
            block = drawing.blocks.get(title)
            known[title] = _count(drawing, block, name, known, (*around, title)) if block is not None else 0
        total += known[title] * max(int(entity.mcount), 1)
        refuse_count(name, total, _MOST_ENTITIES, "entities")
    return total


def _entities(source: Iterable[DXFEntity]) -> Iterator[DXFEntity]:
    """Yield all entities, those of inserted blocks at their position."""
    from ezdxf.entities import Insert

    for entity in source:
        if not isinstance(entity, Insert):
            yield entity
            continue
        for insert in entity.multi_insert() if entity.mcount > 1 else [entity]:
            yield from _entities(insert.virtual_entities())


def _xdata(entity: DXFEntity) -> str | None:
    """Return the texts that programs attach to an entity (CASS: code and number of a parcel under SOUTH)."""
    if entity.xdata is None:
        return None
    found = [
        f"{program}: " + ", ".join(str(value) for code, value in tags if code == 1000)
        for program, tags in entity.xdata.data.items()
        if any(code == 1000 for code, _ in tags)
    ]
    return "; ".join(found) or None


def _no_outlines_error(drawing: Drawing, name: str, layer: str | None) -> FormatError:
    layers = sorted({str(entity.dxf.get("layer", "0")) for entity in drawing.modelspace()})
    listed = ", ".join(layers[:8]) + (" ..." if len(layers) > 8 else "") or "-"
    if layer is not None:
        return FormatError.from_code("drawing_layer_without_outlines", file=name, layer=layer, layers=listed)
    return FormatError.from_code("drawing_without_outlines", file=name, layers=listed)


def _report(
    drawing: Drawing,
    rows: list[tuple[DXFEntity, Outline]],
    other: Counter[str],
    layers: list[str],
    name: str,
    issues: list[Issue],
) -> None:
    """Report linearised arcs, skipped entities, hidden layers and unusual units."""
    curved = sum(outline.curved for _, outline in rows)
    if curved:
        issues.append(
            Issue.from_code("warning", "curves_linearised", name, curved=curved, tolerance=ARC_TOLERANCE_M * 1000)
        )
    if other:
        listed = ", ".join(f"{kind} {count}" for kind, count in sorted(other.items()))
        issues.append(Issue.from_code("info", "entities_not_read", name, listed=listed))
    hidden = sorted(
        title
        for title in set(layers)
        if drawing.layers.has_entry(title)
        and (drawing.layers.get(title).is_off() or drawing.layers.get(title).is_frozen())
    )
    if hidden:
        listed = ", ".join(hidden[:8])
        issues.append(Issue.from_code("warning", "layer_hidden", name, listed=listed))
    units = int(drawing.header.get("$INSUNITS", 0))
    if units not in _UNITS:
        issues.append(Issue.from_code("info", "drawing_units", name, units=units))


def _rings_inside(shapes: Geometries, layers: npt.NDArray[np.intp]) -> tuple[int, bool]:
    """Return how many areas lie inside another of their layer, and whether all pairs were checked."""
    tree, boxes = shapely.STRtree(shapes), shapely.bounds(shapes)
    order = np.argsort(-shapely.area(shapes), kind="stable")
    rank = np.empty(len(shapes), dtype=np.intp)
    rank[order] = np.arange(len(shapes))
    count, pairs, is_complete = 0, 0, True
    for start in range(0, len(shapes), _AT_ONCE):
        if pairs > _MOST_PAIRS:
            return count, False
        inner, outer = tree.query(shapes[start : start + _AT_ONCE])
        pairs += len(inner)
        inner = inner + start
        holds = (boxes[outer, :2] <= boxes[inner, :2]).all(axis=1) & (boxes[outer, 2:] >= boxes[inner, 2:]).all(axis=1)
        selected = holds & (inner != outer) & (layers[inner] == layers[outer])
        inner, outer = inner[selected], outer[selected]
        # Largest first: the outermost ring decides.
        sequence = np.lexsort([rank[outer], inner])
        inner, outer = inner[sequence], outer[sequence]
        for _ in range(_MOST_TRIES):
            if not len(inner):
                break
            first = np.r_[True, inner[1:] != inner[:-1]]
            inside = inner[first][shapely.covered_by(shapes[inner[first]], shapes[outer[first]])]
            count += len(inside)
            left = ~first & ~np.isin(inner, inside)
            inner, outer = inner[left], outer[left]
        is_complete = is_complete and not len(inner)
    return count, is_complete


def _report_rings_inside(geometries: Geometries, layers: list[str], name: str, issues: list[Issue]) -> None:
    """Report closed outlines inside others of their layer: a drawing does not mark holes."""
    areas = np.flatnonzero(np.isin(shapely.get_type_id(geometries), (3, 6)) & shapely.is_valid(geometries))
    if len(areas) < 2:
        return
    count, is_complete = _rings_inside(geometries[areas], np.unique(layers, return_inverse=True)[1][areas])
    if count:
        least = Phrase("", "") if is_complete else Phrase("至少 ", "at least ")
        issues.append(Issue.from_code("warning", "outline_inside", name, count=count, least=least))
