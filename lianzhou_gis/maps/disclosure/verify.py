"""``publish --check``: the bytes of a publication are read again, and compared with its source where one is given."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pydantic import ValidationError

from lianzhou_gis.errors import FormatError, Issue, MissingFileError
from lianzhou_gis.maps import assets, leaflet
from lianzhou_gis.maps.disclosure import extract
from lianzhou_gis.maps.disclosure.leak_checks import compared
from lianzhou_gis.maps.disclosure.profile import FEWEST
from lianzhou_gis.maps.disclosure.publication import FEW, Manifest, Part, guarded, page_bytes
from lianzhou_gis.maps.disclosure.sources import Source
from lianzhou_gis.maps.payload import SYNTHETIC

__all__ = ["check_publication", "leak"]

_MANIFEST, _PAGE = "manifest.json", "index.html"
_LARGEST = 200_000_000
_HASH = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,128}(?![0-9A-Za-z])")


def leak(code: str, where: str, zh: str, en: str) -> Issue:
    """Return something that must not be in a publication."""
    return Issue("error", code, where, f"{where}：{zh}", f"{where}: {en}")


def check_publication(folder: Path, source: Source | None = None) -> list[Issue]:
    """Return everything that is wrong with a publication; nothing where it is sound.

    Parameters
    ----------
    folder : pathlib.Path
    source : Source, optional
        What it was made from: without it no value and no coordinate can be compared.

    Raises
    ------
    MissingFileError, FormatError
        If the folder is no publication at all.
    """
    if not (folder / _MANIFEST).is_file():
        raise MissingFileError(
            f"{folder.name}：不是发布文件夹（缺少 {_MANIFEST}）",
            f"{folder.name}: not a publication ({_MANIFEST} is missing)",
        )
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if not path.is_dir()}
    if sum(path.stat().st_size for path in files.values()) > _LARGEST:
        raise FormatError(f"{folder.name}：文件过大", f"{folder.name}: too large to be a publication")
    contents = {name: b"" if path.is_symlink() else path.read_bytes() for name, path in files.items()}
    try:
        manifest = Manifest.model_validate_json(contents[_MANIFEST])
    except ValidationError as error:
        first: Any = error.errors(include_url=False)[0]
        key = ".".join(str(step) for step in first["loc"]) or "-"
        return [leak("manifest_broken", _MANIFEST, f"{key} 不符合格式", f"{key}: {first['msg']}")]
    found = [*_files(manifest, contents), *_duties(manifest)]
    parts = []
    for record in manifest.layers:
        part, wrong = _part(record, contents)
        found += wrong
        if part is not None:
            parts.append(part)
    found += _texts(contents)
    found += _page(manifest, parts, contents.get(_PAGE, b""))
    if source is not None:
        found += [leak(*item) for item in compared(source, manifest, parts, contents)]
    return found


def _files(manifest: Manifest, contents: dict[str, bytes]) -> Iterator[Issue]:
    """Exactly the files of the manifest, with their hashes."""
    told = {record.name: record.sha256 for record in manifest.files}
    wanted = {_PAGE, *(f"{part.id}.csv" for part in manifest.layers)}
    wanted |= {f"{part.id}.geojson" for part in manifest.layers if part.show == "shapes"}
    for name in sorted(set(contents) - wanted - {_MANIFEST}):
        yield leak("foreign_file", name, "不是本次发布的文件，请删除", "no file of this publication; remove it")
    for name in sorted(wanted - set(contents)):
        yield leak("file_missing", name, "文件缺失", "the file is missing")
    for name in sorted(wanted & set(contents)):
        if told.get(name) != hashlib.sha256(contents[name]).hexdigest():
            yield leak(
                "hash_differs", name, "内容与清单不符（发布后被改动）", "its bytes are not those of the manifest"
            )
    for name in sorted(set(told) - wanted):
        yield leak("foreign_file", _MANIFEST, f"清单列有不属于本次发布的文件 {name}", f"lists {name}, which is no part")


def _duties(manifest: Manifest) -> Iterator[Issue]:
    if not (manifest.approval_number or manifest.no_approval_reason):
        yield leak(
            "approval_missing", _MANIFEST, "既无审图号也无不需要的理由", "neither map approval number nor reason"
        )
    for part in manifest.layers:
        if part.show == "shapes" and not (part.accuracy_m and part.decimals):
            yield leak("accuracy_missing", _MANIFEST, f"图层 {part.id} 未声明精度", f"{part.id} has no accuracy")
        if not part.source.strip():
            yield leak("source_missing", _MANIFEST, f"图层 {part.id} 无来源", f"{part.id} has no source")


def _part(record: Any, contents: dict[str, bytes]) -> tuple[Part | None, list[Issue]]:  # noqa: ANN401 - a PublicPart
    """Read the files of a layer: exactly the declared columns and decimals, nothing beside."""
    found: list[Issue] = []
    columns = [*record.columns, "count"] if record.show == "counts" else ["number", *record.columns]
    name = f"{record.id}.csv"
    try:
        table = extract.rows_of_csv(contents.get(name, b""))
    except UnicodeDecodeError:
        return None, [leak("file_broken", name, "不是 UTF-8 文本", "is no UTF-8")]
    extra = sorted(set(table[0] if table else []) - set(columns))
    if extra:
        found.append(leak("foreign_column", name, f"有未声明的列 {extra[0]}", f"has the undeclared column {extra[0]}"))
    if not table or table[0] != columns or any(len(row) != len(columns) for row in table):
        return None, [*found, leak("file_broken", name, "列与清单不符", "its columns are not those of the manifest")]
    if record.show == "counts":
        for row in table[1:]:
            if row[-1] != FEW and not (row[-1].isdigit() and int(row[-1]) >= FEWEST):
                found.append(leak("small_count", name, f"数量 {row[-1]} 少于 {FEWEST}", f"a count of {row[-1]}"))
        rows: list[list[Any]] = [[*row[:-1], int(row[-1]) if row[-1].isdigit() else row[-1]] for row in table[1:]]
        return Part(record, pd.DataFrame(rows, columns=columns), None), found
    if record.show == "list":
        rows = [[int(row[0]) if row[0].isdigit() else row[0], *(_plain(cell) for cell in row[1:])] for row in table[1:]]
        return Part(record, pd.DataFrame(rows, columns=columns, dtype=object), None), found
    told, shapes, wrong = _geojson(record, columns, contents.get(f"{record.id}.geojson", b""))
    found += wrong
    if told is None:
        return None, found
    rows = told
    if [[guarded(value) for value in row] for row in rows] != table[1:]:
        found.append(leak("tables_differ", name, "与 GeoJSON 的属性不一致", "does not hold what the GeoJSON holds"))
    return Part(record, pd.DataFrame(rows, columns=columns, dtype=object), shapes), found


def _plain(cell: str) -> str | None:
    """Undo the guard against formulas."""
    if cell == "":
        return None
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t", "\r") else cell


def _geojson(
    record: Any,  # noqa: ANN401 - a PublicPart
    columns: list[str],
    content: bytes,
) -> tuple[list[list[Any]] | None, list[Any], list[Issue]]:
    name, found = f"{record.id}.geojson", []
    broken = leak("file_broken", name, "不是本软件写出的 GeoJSON", "is no GeoJSON of this software")
    try:
        document = json.loads(content)
        if set(document) != {"type", "features"}:
            extra = sorted(set(document) - {"type", "features"})
            return None, [], [leak("foreign_column", name, f"有多余内容 {extra}", f"holds more: {extra}")]
        rows, shapes = [], []
        for feature in document["features"]:
            beside = sorted(set(feature) - {"type", "properties", "geometry"})
            beside += sorted(set(feature["geometry"]) - {"type", "coordinates"})
            beside += [key for key in feature["properties"] if key not in columns]
            if beside:
                found.append(leak("foreign_column", name, f"有未声明的列 {beside[0]}", f"holds {beside[0]}"))
                return None, [], found
            if list(feature["properties"]) != columns:
                return None, [], [broken]
            rows.append(list(feature["properties"].values()))
            shapes.append(shapely.from_geojson(json.dumps(feature["geometry"])))
    except (ValueError, KeyError, TypeError, shapely.GEOSException):
        return None, [], [broken]
    if shapes and shapely.has_z(np.array(shapes, dtype=object)).any():
        found.append(leak("too_precise", name, "含高程", "holds heights"))
    if record.decimals is not None:
        longest = max((len(digits) for digits in re.findall(rb"\.(\d+)", content.split(b'"features"')[-1])), default=0)
        xy = shapely.get_coordinates(np.array(shapes, dtype=object))
        if len(xy) and (np.abs(xy - np.round(xy, record.decimals)) > 1e-9).any():
            told = f"坐标小数位（{longest}）多于声明的 {record.decimals} 位"
            found.append(leak("too_precise", name, told, f"coordinates have more than {record.decimals} decimals"))
    return rows, shapes, found


def _texts(contents: dict[str, bytes]) -> Iterator[Issue]:
    """No address and no coordinate in any text outside geometry, however it is written."""
    for name, content in contents.items():
        if name == _PAGE:
            data, _, _ = extract.page_parts(content.decode("utf-8", "replace"))
            words = list(extract.inner_texts(data, skip=("shapes", "bounds", "patterns")))
        elif name.endswith((".geojson", ".json")):
            try:
                words = list(extract.inner_texts(json.loads(content), skip=("geometry", "sha256")))
            except ValueError:
                words = [content.decode("utf-8", "replace")]
        else:
            words = content.decode("utf-8", "replace").splitlines()
        for text in dict.fromkeys(words):
            for address in extract.addresses(text):
                yield leak("outside_address", name, f"含外部地址 {address}", f"holds the outside address {address}")
            # A hash of a value that is not public confirms whoever guesses it.
            if _HASH.search(text):
                yield leak("hash_in_text", name, "文字中含哈希值，可用来验证猜测", "a hash stands in a text")
            for place in extract.coordinates_in(text)[:1]:
                yield leak(
                    "coordinate_in_text", name, f"文字中含坐标 {place}", f"a coordinate stands in a text: {place}"
                )


def _page(manifest: Manifest, parts: list[Part], content: bytes) -> Iterator[Issue]:
    """Compare the page with what the package makes of the data files: no other script, address or text."""
    text = content.decode("utf-8", "replace")
    _, scripts, rest = extract.page_parts(text)
    ours = {leaflet.script(), assets.script()}
    for script in scripts:
        if script not in ours and not re.fullmatch(r"[\s\w.,:;(){}\[\]\"'=+-]{0,2000}", script):
            yield leak(
                "foreign_script", _PAGE, "含不属于本软件的脚本", "holds a script that is no constant of the package"
            )
    markup = re.sub(r"<style>.*?</style>", "", rest, flags=re.DOTALL)
    handler = re.search(r"<[^>]+\s(on\w+|srcdoc|formaction)\s*=", markup, re.IGNORECASE)
    if handler or re.search(r"<script[^>]*\ssrc|<(iframe|object|embed|base|link|form)\b", text, re.IGNORECASE):
        yield leak("foreign_script", _PAGE, "含可运行或可外联的标记", "holds markup that runs or reaches out")
    for address in extract.addresses(re.sub(r"data:[\w/+.-]+;base64,", "", markup)):
        yield leak("outside_address", _PAGE, f"含外部地址 {address}", f"holds the outside address {address}")
    if "default-src 'none'" not in text.replace("&#39;", "'"):
        yield leak("policy_missing", _PAGE, "没有内容安全策略", "has no Content-Security-Policy")
    if manifest.synthetic and SYNTHETIC not in text:
        yield leak("synthetic_unmarked", _PAGE, "合成数据未标明", "synthetic data is not marked")
    if len(parts) == len(manifest.layers) and page_bytes(manifest, parts) != content:
        yield leak(
            "page_differs",
            _PAGE,
            "与数据文件生成的网页不一致（被改动，或由其他版本生成）；请重新发布",
            "is not the page that this version makes of the data files; publish again",
        )
