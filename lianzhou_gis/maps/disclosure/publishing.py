"""``publish``: from a profile and a source to a folder that gives nothing away, checked before anyone sees it."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

import lianzhou_gis
from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import DisclosureError, RunError, did_you_mean
from lianzhou_gis.maps.disclosure.generalising import decimals_for, generalised, rounded_shapes
from lianzhou_gis.maps.disclosure.profile import FEWEST, Profile, PublicLayer
from lianzhou_gis.maps.disclosure.publication import (
    FEW,
    OTHER,
    FileRecord,
    Manifest,
    Part,
    PublicPart,
    Withheld,
    csv_bytes,
    geojson_bytes,
    page_bytes,
)
from lianzhou_gis.maps.disclosure.sources import NEVER, Source
from lianzhou_gis.maps.disclosure.verify import check_publication
from lianzhou_gis.vocabulary import label, theme

__all__ = ["MANIFEST", "publish"]

MANIFEST = "manifest.json"
PAGE = "index.html"
_WATER, _PLOTS = "water_source_zone", "contaminated_plot"
# Columns by which a place could be found whatever is declared.
_PLACES = re.compile(r"取水口|intake|经度|纬度|坐标|longitude|latitude|^(lon|lat|lng|x|y)$", re.IGNORECASE)
_SYNTHETIC = re.compile(r"DEMO|合成|示例|synthetic", re.IGNORECASE)


def publish(source: Source, profile: Profile, folder: Path, *, overwrite: bool = False) -> Manifest:
    """Write a publication: HTML, GeoJSON and CSV of exactly what is public, and a manifest.

    It is made beside its place, read again byte by byte and compared with its source, and moved there only if nothing
    was found.

    Parameters
    ----------
    source : Source
    profile : Profile
    folder : pathlib.Path
    overwrite : bool
        Replace a publication that stands there.

    Raises
    ------
    DisclosureError
        If something is not declared public, a duty is not met, or the check finds anything.
    RunError
        If the folder is in use.
    """
    parts, manifest = _made(source, profile)
    _make_room(folder, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as building:
        built = Path(building) / "public"
        built.mkdir()
        manifest = _write(built, manifest, parts)
        found = check_publication(built, source)
        if found:
            raise DisclosureError(
                f"发布前自检未通过，未写出任何文件：{found[0].zh}（共 {len(found)} 项）",
                f"the check before publishing failed and nothing was written: {found[0].en} ({len(found)} in all)",
            )
        if folder.exists():
            shutil.rmtree(folder)
        built.rename(folder)
    return manifest


def _write(folder: Path, manifest: Manifest, parts: list[Part]) -> Manifest:
    files: dict[str, bytes] = {}
    for part in parts:
        if part.shapes is not None:
            files[f"{part.record.id}.geojson"] = geojson_bytes(part)
        files[f"{part.record.id}.csv"] = csv_bytes(part)
    files[PAGE] = page_bytes(manifest, parts)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    records = [
        FileRecord(name=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        for name, content in sorted(files.items())
    ]
    whole = manifest.model_copy(update={"files": records})
    (folder / MANIFEST).write_text(whole.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return whole


def _made(source: Source, profile: Profile) -> tuple[list[Part], Manifest]:
    everything = source.vertices()
    parts = [_layer(source, profile, wanted, everything) for wanted in profile.layers]
    if profile.sites is not None:
        parts.append(_sites(source, profile, everything))
    synthetic = any(entry.synthetic for entry in source.catalog.layers)
    _synthetic_is_marked(parts, synthetic)
    manifest = Manifest(
        title=profile.title,
        publisher=profile.publisher,
        date=profile.date,
        approval_number=profile.approval_number,
        no_approval_reason=profile.no_approval_reason,
        notes=list(profile.notes),
        synthetic=synthetic,
        reference_system="CGCS2000, EPSG:4490, longitude and latitude in degrees",
        software=f"lianzhou_gis {lianzhou_gis.__version__}",
        layers=[part.record for part in parts],
        withheld=_withheld(source, profile, parts),
    )
    return parts, manifest


def _synthetic_is_marked(parts: list[Part], synthetic: bool) -> None:
    if synthetic:
        return
    for part in parts:
        for column in part.rows.columns:
            if any(isinstance(value, str) and _SYNTHETIC.search(value) for value in part.rows[column]):
                raise DisclosureError(
                    f"图层 {part.record.id} 含“DEMO”“示例”等合成数据字样，但目录未标明；请写 synthetic: true",
                    f"the layer {part.record.id} reads as synthetic, but the catalog does not say so; "
                    "write synthetic: true in the catalog",
                )


def _layer(source: Source, profile: Profile, wanted: PublicLayer, everything: Any) -> Part:  # noqa: ANN401 - array
    entry = _declared(source, wanted)
    said = wanted.source or "；".join(text for text in (entry.publisher, entry.document) if text)
    dated = wanted.data_date or entry.data_date
    if not said:
        raise DisclosureError(
            f"图层 {entry.id}：没有数据来源；请在图层目录写 publisher 或 document，或在发布方案写 source",
            f"the layer {entry.id} has no source; give publisher or document in the catalog, or source in the profile",
        )
    if dated is None:
        raise DisclosureError(
            f"图层 {entry.id}：没有数据日期；请在图层目录或发布方案写 data_date",
            f"the layer {entry.id} has no date; give data_date in the catalog or in the profile",
        )
    zones = source.zones[entry.id]
    if entry.theme == _WATER:
        # An intake may stand in the layer as a point, or as one of a collection.
        zones = zones[_areas(zones["geometry"])]
    columns = [wanted.by] if wanted.by else list(wanted.columns)
    record = PublicPart(
        id=entry.id,
        theme=entry.theme,
        title=entry.name["zh"],
        show=wanted.show,
        columns=[column for column in columns if column],
        accuracy_m=wanted.accuracy_m if wanted.show == "shapes" else None,
        decimals=decimals_for(wanted.accuracy_m) if wanted.show == "shapes" and wanted.accuracy_m else None,
        as_published=wanted.as_published,
        source=said,
        data_date=dated,
    )
    return _part(source, record, zones, everything)


def _areas(shapes: pd.Series) -> Any:  # noqa: ANN401 - mask
    return np.isin(shapely.get_type_id(shapes.to_numpy()), (3, 6))


def _declared(source: Source, wanted: PublicLayer) -> LayerEntry:
    """Return the entry of a layer that is declared public, with every column that is asked for."""
    entry = source.entry(wanted.id)
    if entry is None or wanted.id not in source.zones:
        zh, en = did_you_mean(wanted.id, source.zones)
        raise DisclosureError(
            f"发布方案：没有可用的图层 {wanted.id}{zh}；请核对图层目录与基准日",
            f"profile: no usable layer {wanted.id}{en}; look into the catalog and its dates",
        )
    if entry.disclosure != "public":
        raise DisclosureError(
            f"图层 {entry.id} 未声明公开（{entry.disclosure}）；依法公开的，请先在图层目录写 disclosure: public",
            f"the layer {entry.id} is {entry.disclosure}; if the law makes it public, write disclosure: public first",
        )
    if source.sites is not None and wanted.show == "shapes":
        raise DisclosureError(
            f"图层 {entry.id}：结果文件夹只含项目周边的管控区，公布其图形会泄露项目位置；请改用图层目录发布图形",
            f"the layer {entry.id}: a run holds only zones near its sites, so that their shapes tell where those are; "
            "publish the shapes from the catalog",
        )
    if entry.theme == _PLOTS and wanted.show == "shapes" and not wanted.as_published:
        raise DisclosureError(
            f"图层 {entry.id}：污染地块的图形须写明公布它的文件（as_published）；否则请用 show: list 或 counts",
            f"the layer {entry.id}: shapes of polluted plots are not published unless as_published names the document; "
            "use show: list or counts",
        )
    if wanted.accuracy_m is not None and entry.accuracy_m is not None and wanted.accuracy_m < entry.accuracy_m:
        raise DisclosureError(
            f"图层 {entry.id}：公开精度 {wanted.accuracy_m:g} 米细于源数据的 {entry.accuracy_m:g} 米；请加大",
            f"the layer {entry.id}: {wanted.accuracy_m:g} m is finer than the source's {entry.accuracy_m:g} m; "
            "raise accuracy_m",
        )
    for column in (*wanted.columns, *([wanted.by] if wanted.by else [])):
        _public_column(source.zones[entry.id], entry, column)
    return entry


def _public_column(zones: pd.DataFrame, entry: LayerEntry, column: str) -> None:
    where = f"图层 {entry.id} 的列 {column}", f"the column {column} of the layer {entry.id}"
    if column not in zones.columns:
        zh, en = did_you_mean(column, zones.columns)
        raise DisclosureError(
            f"{where[0]} 不存在{zh}；请更正发布方案", f"{where[1]} is not there{en}; mend the profile"
        )
    if column in NEVER or _PLACES.search(column):
        raise DisclosureError(
            f"{where[0]} 会透露位置或文件情况，不得公布；请从发布方案中删除",
            f"{where[1]} tells a place or of the file and is never public; take it out of the profile",
        )
    if entry.disclosure_columns.get(column) != "public":
        raise DisclosureError(
            f"{where[0]} 未声明公开；确属可公开的，请先在图层目录 disclosure_columns 中写 {column}: public",
            f"{where[1]} is not declared public; if it is, write {column}: public under disclosure_columns first",
        )
    if column == "zone_id" and zones[column].astype(str).str.fullmatch(r"[0-9a-f]{12}(-\d+)?").any():
        raise DisclosureError(
            f"{where[0]} 是由图形算出的哈希编号，可据以推断坐标，不得公布；请从发布方案中删除",
            f"{where[1]} holds hashes of shapes, which would confirm a guess of the coordinates; take it out",
        )


def _part(source: Source, record: PublicPart, table: pd.DataFrame, everything: Any) -> Part:  # noqa: ANN401 - array
    """Return the public rows of a table in an order that tells nothing of the file."""
    if record.show == "shapes":
        given = table["geometry"].to_numpy()
        table = table[~(shapely.is_missing(given) | shapely.is_empty(given))]
        if not len(table):
            raise DisclosureError(
                f"图层 {record.id}：没有可公布的图形；请从发布方案中删除，或改用 show: list 或 counts",
                f"the layer {record.id} has no shape to publish; take it out of the profile, or use list or counts",
            )
    rows = pd.DataFrame({column: _cells(table[column], column, record.theme) for column in record.columns})
    if record.show == "counts":
        counts = _grouped(rows[record.columns[0]])
        return Part(record, pd.DataFrame(counts, columns=[record.columns[0], "count"]), None)
    shapes: Any = None
    left_out: tuple[str, ...] = ()
    if record.show == "shapes":
        assert record.accuracy_m is not None and record.decimals is not None
        found = table["geometry"].to_numpy()
        if record.as_published:
            drawn = rounded_shapes(found, record.decimals)
        else:
            own = source.vertices(record.id) if record.id != "sites" else shapely.get_coordinates(found)
            drawn = generalised(found, own, everything, record.accuracy_m)
        lost = np.array([shape is None for shape in drawn], dtype=bool)
        left_out = _left_out(rows[lost], record)
        if lost.all():
            raise DisclosureError(
                f"图层 {record.id}：没有一个区域能按 {record.accuracy_m:g} 米概化而不失真；请加大 accuracy_m，"
                "或改用 show: list；边界已依法公布的，写明 as_published",
                f"the layer {record.id}: no zone can be generalised to {record.accuracy_m:g} m and stay true; raise "
                "accuracy_m, use show: list, or name as_published where the borders were published",
            )
        rows, drawn = rows[~lost].reset_index(drop=True), drawn[~lost]
        shapes = shapely.normalize(drawn)
    keys = [rows[column].fillna("").astype(str).to_numpy() for column in reversed(record.columns)]
    places = [] if shapes is None else [np.array([shapely.to_wkb(shape, hex=True) for shape in shapes])]
    order = np.lexsort([*places, *keys]) if keys or places else np.arange(len(rows))
    rows = rows.iloc[order].reset_index(drop=True)
    rows.insert(0, "number", range(1, len(rows) + 1))
    return Part(record, rows, None if shapes is None else list(shapes[order]), left_out)


def _left_out(rows: pd.DataFrame, record: PublicPart) -> tuple[str, ...]:
    """Return the zones that cannot be drawn to the accuracy: by name where that is public, else how many."""
    if not len(rows):
        return ()
    if "name" in rows and rows["name"].notna().all():
        return tuple(sorted({str(name) for name in rows["name"]}))
    return (f"{len(rows) if len(rows) >= FEWEST else FEW} 个区域",)


def _cells(values: pd.Series, column: str, theme_id: str) -> list[Any]:
    """Return a column as the public reads it: labels instead of codes, whole numbers and texts, nothing else."""
    if column == "grade":
        labels = {grade.id: grade.label["zh"] for grade in theme(theme_id).grades}
        return [labels.get(value) for value in values]
    if column == "verdict":
        return [label("verdict", value)["zh"] for value in values]
    words = {"water": "水域", "land": "陆域"} if column == "part" else {}
    told: list[Any] = []
    for value in values:
        if value is None or pd.isna(value):
            told.append(None)
        elif isinstance(value, bool | int | np.integer):
            told.append(int(value))
        elif isinstance(value, float | np.floating):
            told.append(float(value))
        else:
            told.append(words.get(str(value), str(value)))
    return told


def _grouped(values: pd.Series) -> list[tuple[str, int | str]]:
    """Return numbers by value; groups under five go together, with the next larger ones where they are still too few.

    Examples
    --------
    >>> import pandas as pd
    >>> _grouped(pd.Series(list("aaaaaaabbbbbbcccd")))
    [('a', 7), ('其他（合并）', 10)]
    >>> _grouped(pd.Series(["a", "b"]))
    [('其他（合并）', '少于5')]
    """
    counts = values.fillna("未注明").astype(str).value_counts()
    order = sorted(counts.items(), key=lambda item: (int(item[1]), str(item[0])))
    merged = 0
    # One group alone that was merged could be told from the whole: it takes a second one with it.
    taken = 0
    while order and (int(order[0][1]) < FEWEST or (taken and (merged < FEWEST or taken < 2))):
        merged += int(order.pop(0)[1])
        taken += 1
    kept: list[tuple[str, int | str]] = [(str(name), int(number)) for name, number in reversed(order)]
    if taken:
        kept.append((OTHER, merged if merged >= FEWEST else FEW))
    return kept


def _sites(source: Source, profile: Profile, everything: Any) -> Part:  # noqa: ANN401 - array
    wanted = profile.sites
    assert wanted is not None
    if source.sites is None:
        raise DisclosureError(
            "发布方案含 sites，但所给的是图层目录；请给出结果文件夹",
            "the profile names sites, but the source is a catalog; give a run folder",
        )
    record = PublicPart(
        id="sites",
        theme="sites",
        title="项目",
        show=wanted.show,
        columns=[wanted.by] if wanted.by else list(wanted.columns),
        accuracy_m=wanted.accuracy_m if wanted.show == "shapes" else None,
        decimals=decimals_for(wanted.accuracy_m) if wanted.show == "shapes" and wanted.accuracy_m else None,
        as_published=None,
        source=wanted.basis,
        data_date=source.day,
    )
    return _part(source, record, source.sites, everything)


def _withheld(source: Source, profile: Profile, parts: list[Part]) -> list[Withheld]:
    """Return what is left out by its kind alone: not even the name of a layer that is not public."""
    shown = {part.record.id for part in parts}
    found: list[Withheld] = []
    for name in dict.fromkeys(entry.theme for entry in source.catalog.layers if entry.id not in shown):
        rest = [entry for entry in source.catalog.layers if entry.theme == name and entry.id not in shown]
        why = "本次发布方案未列入" if any(entry.disclosure == "public" for entry in rest) else "未声明公开"
        found.append(Withheld(what=f"{theme(name).label['zh']}（其余图层或版本）", why=why))
    for part in parts:
        title = part.record.title
        if part.left_out:
            why = f"按 {part.record.accuracy_m:g} 米概化会失真或与邻区相交，图形与属性均未公布"
            found.append(Withheld(what=f"{title}：{'、'.join(part.left_out)}", why=why))
        found.append(Withheld(what=f"{title}：其余属性列", why="列未声明公开或未列入"))
        if part.record.show == "counts":
            found.append(Withheld(what=f"{title}：单个对象、名称与位置", why=f"只公布数量，少于 {FEWEST} 的合并"))
        elif part.record.show == "list":
            found.append(Withheld(what=f"{title}：位置与边界", why="只公布名录"))
        elif part.record.as_published is None:
            found.append(
                Withheld(what=f"{title}：精确边界", why=f"概化至约 {part.record.accuracy_m:g} 米，原始拐点不公布")
            )
        if part.record.theme == _WATER:
            found.append(Withheld(what=f"{title}：取水口", why="取水口位置不公布"))
    if source.sites is not None and profile.sites is None:
        found.append(Withheld(what="项目", why="结果文件夹为内部资料"))
    return found


def _make_room(folder: Path, overwrite: bool) -> None:
    """Refuse a folder in use; with ``overwrite`` only one that holds a publication is replaced."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not overwrite or not (folder / MANIFEST).is_file():
        raise RunError(
            f"{folder.name}：文件夹已存在且非空；请另选文件夹" + ("" if overwrite else "，或加 --overwrite"),
            f"{folder.name}: the folder is not empty; choose another" + ("" if overwrite else " or add --overwrite"),
        )
