"""Writes the golden outputs of this folder: what the public API and the commands answer, decoded, one record a line.

``python tests/golden/record.py`` (or ``make golden``) rewrites them. Texts for people, moments, versions and hashes of
inputs are left out, so that a line changes only where an answer does. Numbers are rounded as the package writes them,
coordinates to 1e-9 degrees.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import hashlib
import io
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click.testing
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet
import pyogrio
import shapely
import yaml

import lianzhou_gis as lg
from lianzhou_gis.cli import main as command
from lianzhou_gis.formats import read_features
from lianzhou_gis.geodesy import Region

GOLDEN = Path(__file__).parent
ROOT = GOLDEN.parents[1]
CATALOG = ROOT / "layers" / "layers.yaml"
SITES = ROOT / "layers" / "demo" / "sites"
FORMATS = ROOT / "tests" / "data" / "formats"

# The last day of an older law or layer and the first of the newer one.
DAYS = ("2022-11-09", "2025-12-31", "2026-03-14", "2026-03-15", "2026-08-14", "2026-08-15")
# To foresee what answers would change takes most of the time.
QUESTIONS = (DAYS[0], DAYS[4], DAYS[5])
TODAY = "2026-11-23"

FACTS: dict[str, dict[str, Any]] = yaml.safe_load((GOLDEN / "facts.yaml").read_text(encoding="utf-8"))

_DECIMALS = {"_m2": 2, "_m": 2, "_deg": 2, "share": 6, "share_of_site": 6, "share_of_zone": 6}
_COORDINATE = 9
# Sentences for people under one name; dicts of languages are left out whatever their name.
_PROSE = ("_zh", "_en", "message", "reader_note")
_PROSE_NAMES = set("title paraphrase action authority detail label says question disclaimer text".split())
_LEFT_OUT = object()

Row = dict[str, Any]


def _rounded(value: float, name: str) -> float | None:
    if not math.isfinite(value):
        return None
    for ending, places in _DECIMALS.items():
        if name.endswith(ending):
            return round(value, places) + 0.0
    return round(value, 9) + 0.0


def outline(shape: Any, *, full: bool = False) -> Any:
    """A geometry as kind, points and bounds; with all coordinates if ``full``."""
    if shape is None or not shapely.is_geometry(shape):
        return None
    if shapely.is_empty(shape):
        return [shape.geom_type, 0]
    points = int(shapely.get_num_coordinates(shape))
    if full and points <= 400:
        normal = shapely.normalize(shapely.force_2d(shape))
        text = shapely.to_wkt(normal, rounding_precision=_COORDINATE, trim=True)
        return text.replace(", ", ",").replace(" (", "(")
    return [shape.geom_type, points, *(round(value, _COORDINATE) + 0.0 for value in shapely.bounds(shape).tolist())]


def plain(value: Any, name: str = "", *, full: bool = False) -> Any:
    """A value as JSON: rounded by the name of its column, without texts for people."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, shapely.Geometry):
        return outline(value, full=full)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, np.generic):
        return plain(value.item(), name, full=full)
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return _rounded(value, name)
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()[:12]
    if isinstance(value, date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        if set(value) == {"zh", "en"}:
            return _LEFT_OUT
        if {"law", "article"} <= set(value):
            return f"{value['law']} {value['article']}"
        return record(value, full=full)
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    items = [plain(item, name, full=full) for item in value]
    return [item for item in items if item is not _LEFT_OUT]


def record(row: Mapping[Any, Any], *, full: bool = False, without: Iterable[str] = ()) -> Row:
    """A row without what is empty in it."""
    found = {}
    for key, cell in row.items():
        name = str(key)
        if name in without or name.endswith(_PROSE) or name in _PROSE_NAMES:
            continue
        value = plain(cell, name, full=full)
        if value is _LEFT_OUT or value is None or value in ([], {}, ""):
            continue
        found[name] = value
    return found


def rows_of(frame: pd.DataFrame, *, full: bool = False, without: Iterable[str] = ()) -> list[Row]:
    """The rows of a table."""
    columns = {str(name): frame[name].tolist() for name in frame.columns}
    return [
        record(dict(zip(columns, cells, strict=True)), full=full, without=without)
        for cells in zip(*columns.values(), strict=True)
    ]


def line(row: Any) -> str:
    """A record as one line of JSON."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def digest(value: Any) -> str:
    """A short hash of what is too long to be written out."""
    return hashlib.sha256(line(value).encode()).hexdigest()[:10]


def run(*arguments: str | Path, exits: tuple[int, ...] = (0,)) -> str:
    """What a command writes to stdout."""
    result = click.testing.CliRunner().invoke(command, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in exits, result.output
    return result.stdout


class _Cells:
    """Rows with the cells of day and facts they stand in, as ``nhif nhif ...`` with ``-`` where they do not."""

    def __init__(self) -> None:
        self._cells: dict[str, set[tuple[int, int]]] = {}
        self._rows: dict[str, Row] = {}

    def add(self, row: Row, day: int, facts: int) -> None:
        key = line(row)
        self._rows[key] = row
        self._cells.setdefault(key, set()).add((day, facts))

    def lines(self, *keys: str) -> list[str]:
        letters = [name[0] for name in FACTS]
        found = []
        for key, row in self._rows.items():
            cells = self._cells[key]
            mask = " ".join(
                "".join(letter if (day, at) in cells else "-" for at, letter in enumerate(letters))
                for day in range(len(DAYS))
            )
            found.append(([str(row.get(name, "")) for name in keys], mask, line({"in": mask, **row})))
        return [text for *_, text in sorted(found, key=lambda item: (item[0], item[1][::-1], item[2]))]


def _values(value: Any) -> list[Any]:
    """The values of a record, without the names of its fields."""
    found = []
    for field in dataclasses.fields(value):
        cell = getattr(value, field.name)
        is_records = isinstance(cell, tuple) and any(dataclasses.is_dataclass(item) for item in cell)
        found.append([_values(item) for item in cell] if is_records else plain(cell, field.name))
    return [cell for cell in found if cell is not _LEFT_OUT]


def _questions(questions: Iterable[Any]) -> dict[str, Row]:
    """By site what is asked, in order: fact, what it settles, its place and best answer; the rest as a hash."""
    found: dict[str, tuple[list[str], list[Any]]] = {}
    for question in questions:
        site, *values = _values(question)
        asked, rest = found.setdefault(site, ([], []))
        asked.append(" ".join(str(value) for value in values if isinstance(value, str | int)))
        rest.append([value for value in values if isinstance(value, list)])
    return {site: {"asked": asked, "rest": digest(rest)} for site, (asked, rest) in found.items()}


_SOURCES = ("sites.gpkg", "seam_37.txt", "seam_38.txt", "warehouse_gbk.zip")


def screenings() -> dict[str, list[str]]:
    """Every demo site on six days with four sets of facts."""
    names = ("sites", "findings", "gaps", "checks", "access", "questions", "derived", "overlaps", "totals", "issues")
    cells = {name: _Cells() for name in (*names, "rules", "layers")}
    sources = {name: lg.read_sites(SITES / name) for name in _SOURCES}
    for day, as_of in enumerate(DAYS):
        screener = lg.Screener.prepare(CATALOG, as_of=as_of)
        for source, sites in sources.items():
            for at, facts in enumerate(FACTS.values()):
                result = screener.screen(sites, facts=facts)

                def add(name: str, row: Row, day: int = day, at: int = at, source: str = source) -> None:
                    by_source = source != _SOURCES[0] and name not in ("rules", "layers")
                    cells[name].add({"from": source, **row} if by_source else row, day, at)

                _add_result(result, add)
    order = {
        "sites": ("from", "site_id"), "findings": ("from", "site_id", "rule_id", "zone_id"),
        "gaps": ("from", "site_id", "reason", "rule_id", "layer_id", "theme"), "checks": ("from", "site_id", "theme"),
        "access": ("from", "site_id", "item_id", "unit_id"), "questions": ("from", "site_id"),
        "derived": ("from", "site_id", "fact"), "overlaps": ("from", "site_id", "theme", "layer_id", "zone_id"),
        "totals": ("from", "site_id", "theme", "grade"), "issues": ("from", "code", "where"), "rules": ("rule_id",),
        "layers": ("id",),
    }  # fmt: skip
    return {f"screenings/{name}.jsonl": cells[name].lines(*order[name]) for name in cells}


def _add_result(result: lg.Result, add: Callable[[str, Row], None]) -> None:
    findings = result.findings
    texts = ("citations", "blocks", "general_procedure")
    for row in rows_of(findings, without=("area_m2", "share_of_site", "length_m", "geometry", *texts, "zone_name")):
        add("findings", row)
    for rule in rows_of(findings[["rule_id", "effect", *texts]]):
        add("rules", rule)
    ids = dict(tuple(findings.groupby("site_id")["finding_id"]))
    for row in rows_of(result.sites, full=True):
        # The order in which findings stand is an answer too.
        add("sites", row | {"order": digest(ids[row["site_id"]].tolist() if row["site_id"] in ids else [])})
    for name in ("gaps", "checks", "totals"):
        for row in rows_of(getattr(result, name)):
            add(name, row)
    for row in rows_of(result.access, without=("document", "unit_name", "unit_grade", "area_m2", "share_of_site")):
        add("access", row)
    for row in rows_of(result.overlaps, full=True, without=("zone_name",)):
        add("overlaps", row)
    if str(result.as_of) in QUESTIONS:
        for site, row in _questions(result.questions).items():
            add("questions", {"site_id": site, **row})
    for site, derived in result.derived.items():
        for item in derived:
            add("derived", {"site_id": site, "fact": item.fact, "value": plain(item.value), "row": item.row.id})
    for issue in result.issues:
        add("issues", {"severity": issue.severity, "code": issue.code, "where": issue.where})
    for layer in result.layers.layers:
        add("layers", {"id": layer.entry.id, "theme": layer.entry.theme, "zones": len(layer.zones)})


def _column(cells: pd.Series) -> Any:
    """What a column of a GeoPackage holds, in short: how many cells, and their sum or a hash of them."""
    filled = cells.dropna()
    if pd.api.types.is_float_dtype(cells):
        return [len(filled), round(float(filled.sum()), 4)]
    return [len(filled), digest([str(cell) for cell in filled])]


def geopackage(path: Path, at: str) -> Iterator[str]:
    """The layers of a GeoPackage: reference system, columns with types, and what is in each."""
    for name, kind in sorted(pyogrio.list_layers(path).tolist()):
        info = pyogrio.read_info(path, layer=name)
        frame = pyogrio.read_dataframe(path, layer=name)
        columns = {}
        for field, dtype in zip(info["fields"].tolist(), info["dtypes"].tolist(), strict=True):
            is_prose = (
                field.endswith(_PROSE) or field in {*_PROSE_NAMES, "what", "kind", "todo"} or name == "layer_styles"
            )
            columns[field] = [dtype] if is_prose else [dtype, *_column(frame[field])]
        head = {"at": at, "layer": name, "geometry": kind, "crs": info["crs"], "rows": len(frame)}
        yield line({**head, "columns": columns})
        if "geometry" in frame:
            shapes = frame.geometry.to_numpy()
            drawn = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
            means = shapely.bounds(drawn).mean(axis=0).tolist() if len(drawn) else []
            points = int(shapely.get_num_coordinates(shapes).sum())
            yield line({"at": at, "layer": name, "points": points, "mean_bounds": plain(means)})


def _document(document: Row) -> Iterator[str]:
    reported = document["run"]
    yield line({"at": "result.json", "keys": sorted(document), "run_keys": sorted(reported)})
    without = ("id", "created", "software", "rulebook", "layers", "inputs", "created_by", "fingerprint")
    yield line({"at": "run", **record(reported, without=without)})
    for layer in reported["layers"]:
        yield line({"at": "run/layers", **record(layer, without=("sha256",))})
    keys: dict[str, list[str]] = {}
    for site in document["sites"]:
        parts = {name: value for name, value in site.items() if isinstance(value, list) and name != "facts_derived"}
        keys.setdefault("sites", list(site))
        yield line({"at": "sites", **record(site, without=parts)})
        for name, rows in parts.items():
            for row in rows:
                if isinstance(row, Mapping):
                    keys.setdefault(name, list(row))
                    row = record(row)
                yield line({"at": f"sites/{name}", "site_id": site["site_id"], **_row(row)})
    for name, columns in keys.items():
        yield line({"at": f"keys/{name}", "keys": columns})
    for issue in document["issues"]:
        yield line({"at": "issues", **record(issue)})


def _row(row: Any) -> Row:
    return row if isinstance(row, dict) else {"value": plain(row)}


def run_folder() -> dict[str, list[str]]:
    """The run folder of the demo sites with their facts."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "run"
        run(
            "screen", SITES / "sites.gpkg", "--layers", CATALOG, "--facts", SITES / "facts.yaml", "--as-of", TODAY,
            "--out", folder, "--json",
        )  # fmt: skip
        lines = [line({"at": "files", "files": _files(folder)})]
        lines += _document(json.loads((folder / "result.json").read_text(encoding="utf-8")))
        for name in ("facts.yaml", "layers.yaml"):
            content = yaml.safe_load((folder / "inputs" / name).read_text(encoding="utf-8"))
            lines.append(line({"at": f"inputs/{name}", "digest": digest(json.loads(json.dumps(content, default=str)))}))
        lines += geopackage(folder / "findings.gpkg", "findings.gpkg")
    return {"run.jsonl": lines}


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


_SENTENCES = ("问题", "说明", "建议处理", "各级数量", "级别关系")
_BOX = shapely.box(112.30, 24.70, 112.50, 24.90)
_BOW_TIE = shapely.Polygon([(112.40, 24.80), (112.41, 24.81), (112.41, 24.80), (112.40, 24.81)])
_FAR_OUT = shapely.box(118.0, 30.0, 118.01, 30.01)
_TWICE = shapely.box(112.42, 24.80, 112.43, 24.81)
_SPECK = shapely.box(112.35, 24.85, 112.350001, 24.850001)
# Layers with something wrong in each: columns, then rows. What is wrong is what the worklist is about.
_FAULTY: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "administrative": (
        "zone_id name geometry",
        [
            ("T1", "甲镇", shapely.box(112.30, 24.70, 112.40, 24.90)),
            ("T2", "乙镇", shapely.box(112.3999, 24.70, 112.50, 24.90)),
        ],
    ),
    "control_unit": (
        "zone_id name grade geometry",
        [
            ("U1", "单元一", "priority", shapely.box(112.30, 24.70, 112.40, 24.90)),
            ("U1", "单元二", "key", shapely.box(112.401, 24.70, 112.45, 24.90)),
            ("U3", "", "一般", shapely.box(112.449, 24.70, 112.50, 24.89)),
        ],
    ),
    "water_source_zone": (
        "zone_id name grade source_name geometry",
        [
            ("W1", "一级", "primary", "甲", shapely.box(112.33, 24.73, 112.35, 24.75)),
            ("W2", "二级", "secondary", "甲", shapely.box(112.32, 24.72, 112.36, 24.76)),
            ("W3", "错", "二级", "乙", _BOW_TIE),
            ("W4", "错", "?", "乙", _TWICE),
            ("W5", "重", "?", None, _TWICE),
            ("W6", "空", "primary", "丙", None),
            ("W7", "远", "primary", "丙", _FAR_OUT),
        ],
    ),
    "ecological_redline": (
        "zone_id name grade official_area_m2 geometry",
        [
            ("R1", "红线", "core", 9.9, shapely.box(112.44, 24.72, 112.46, 24.74)),
            ("R2", "红线", "general", None, shapely.box(112.459, 24.72, 112.48, 24.74)),
            ("R3", "碎", "general", None, _SPECK),
        ],
    ),
    "contaminated_plot": (
        "zone_id name grade geometry",
        [("P1", "地块", "listed", shapely.box(112.33, 24.80, 112.331, 24.801))],
    ),
}


def faulty_catalog(folder: Path) -> Path:
    """Write layers with something wrong in each and their catalog."""
    entries = []
    for theme, (columns, rows) in _FAULTY.items():
        frame = gpd.GeoDataFrame(rows, columns=columns.split(), geometry="geometry", crs="EPSG:4490")
        pyogrio.write_dataframe(frame, folder / f"{theme}.gpkg", driver="GPKG", geometry_type="Unknown")
        entry = {
            "id": f"demo_{theme}", "series": theme, "theme": theme, "path": f"{theme}.gpkg", "synthetic": True,
            "data_date": "2026-01-01", "publisher": "示例", "coverage": _BOX.wkt,
        }  # fmt: skip
        entries.append(entry)
    entries[2] |= {"expected_count": 9, "count_by": "source_name"}
    entries[3] |= {"official_area_m2": 1.0e7, "accuracy_m": 5}
    entries[4] |= {"valid_from": "2021-01-01", "row_count": 3}
    region = {"name": "演示县", "bounds": [111.6, 24.1, 113.3, 25.7]}
    path = folder / "layers.yaml"
    path.write_text(yaml.safe_dump({"region": region, "layers": entries}, allow_unicode=True), encoding="utf-8")
    return path


def worklist() -> dict[str, list[str]]:
    """The check of faulty layers: what it prints, the workbook and the GeoPackage for their owners."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "out"
        catalog = faulty_catalog(Path(temporary))
        printed = run("layers", "check", "--layers", catalog, "--as-of", TODAY, "--out", folder, "--json", exits=(0, 1))
        answer = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
        lines = [line({"at": "keys", "keys": sorted(answer)}), line({"at": "files", "files": _files(folder)})]
        lines += [line({"at": "layers", **record(layer)}) for layer in answer["layers"]]
        lines += [line({"at": "issues", **record(issue)}) for issue in answer["issues"]]
        book = openpyxl.load_workbook(folder / "worklist.xlsx")
        for page in book:
            rows = [list(row) for row in page.iter_rows(values_only=True)]
            first = next(number for number, row in enumerate(rows) if "图层编号" in row)
            lines.append(line({"at": "worklist.xlsx", "sheet": page.title, "columns": rows[first]}))
            for row in rows[first + 1 :]:
                cells = dict(zip(rows[first], row, strict=True))
                lines.append(line({"at": "worklist.xlsx", "sheet": page.title, **record(cells, without=_SENTENCES)}))
        lines += geopackage(folder / "worklist.gpkg", "worklist.gpkg")
    return {"worklist.jsonl": lines}


def publication() -> dict[str, list[str]]:
    """A publication of three demo layers: manifest, tables and shapes."""
    wanted = {"demo_administrative", "demo_water_sources", "demo_plots", "demo_livestock"}
    profile = {
        "title": "公示图（合成演示）",
        "publisher": "合成演示数据，无发布单位",
        "date": "2026-11-24",
        "approval_ground": "synthetic",
        "no_approval_reason": "合成演示数据",
        "layers": [
            {"id": "demo_administrative", "columns": ["name"], "accuracy_m": 500},
            {
                "id": "demo_water_sources",
                "columns": ["source_name", "grade", "town"],
                "merge": ["source_name", "grade"],
            },
            {"id": "demo_plots", "show": "counts", "by": "grade"},
        ],
    }
    document = yaml.safe_load(CATALOG.read_text(encoding="utf-8"))
    document["layers"] = [entry for entry in document["layers"] if entry["id"] in wanted]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "demo").mkdir()
        for entry in document["layers"]:
            for path in (CATALOG.parent / entry["path"]).parent.glob(f"{Path(entry['path']).stem}.*"):
                shutil.copy(path, folder / "demo")
        catalog = folder / "layers.yaml"
        catalog.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        (folder / "profile.yaml").write_text(yaml.safe_dump(profile, allow_unicode=True), encoding="utf-8")
        out = folder / "public"
        run("publish", catalog, "--profile", folder / "profile.yaml", "--to", out, "--as-of", TODAY, "--json")
        lines = [line({"at": "files", "files": _files(out)})]
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        parts = {name: value for name, value in manifest.items() if name in ("layers", "withheld", "files")}
        without = ("software", *parts)
        lines.append(line({"at": "manifest", "keys": sorted(manifest), **record(manifest, without=without)}))
        for layer in parts["layers"]:
            # The errors of the attacks are measured on floats: their bounds have tests of their own.
            lines.append(line({"at": "manifest/layers", **record(layer, without=("attacks",))}))
        lines.append(line({"at": "manifest/withheld", "withheld": [item["what"] for item in parts["withheld"]]}))
        for path in sorted(out.glob("data/*.csv")):
            for number, text in enumerate(path.read_text(encoding="utf-8-sig").splitlines()):
                lines.append(line({"at": path.name, "row": number, "text": text}))
        for path in sorted(out.glob("data/*.geojson")):
            content = json.loads(path.read_text(encoding="utf-8"))
            for feature in content["features"]:
                shape = feature["geometry"] and shapely.from_geojson(json.dumps(feature["geometry"]))
                lines.append(line({"at": path.name, **record(feature["properties"]), "outline": outline(shape)}))
    return {"publication.jsonl": lines}


def batch() -> dict[str, list[str]]:
    """A batch of the demo sites in three chunks: types and rows of its GeoParquet, its summary."""
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "out"
        run(
            "batch", SITES / "sites.gpkg", "--layer", "sites", "--layers", CATALOG, "--as-of", TODAY, "--chunk", "5",
            "--workers", "1", "--set", "target_use=industrial", "--set", "industry_code=C3360", "--out", out, "--quiet",
        )  # fmt: skip
        lines = [line({"at": "files", "files": [name for name in _files(out) if "/" in name or "html" not in name]})]
        summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        towns, issues = summary.pop("towns"), summary.pop("issues")
        lines.append(line({"at": "summary", "keys": sorted(summary), **record(summary)}))
        lines += [line({"at": "summary/towns", **record(town)}) for town in towns]
        lines += [line({"at": "summary/issues", **record(issue)}) for issue in issues]
        for rule, texts in json.loads((out / "rules.json").read_text(encoding="utf-8")).items():
            lines.append(line({"at": "rules", "rule_id": rule, **record(texts)}))
        for name in ("sites", "overlaps", "findings", "gaps"):
            for number, path in enumerate(sorted((out / name).glob("*.parquet"))):
                table = pyarrow.parquet.read_table(path)
                if number == 0:
                    geo = json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]
                    types = {field.name: str(field.type) for field in table.schema}
                    head = {"encoding": geo["encoding"], "crs": geo["crs"]["id"], "types": types}
                    lines.append(line({"at": f"{name}/schema", **head}))
                frame = table.to_pandas()
                frame["geometry"] = shapely.from_wkb(frame["geometry"].to_numpy())
                without = ("zone_name", "disclaimer")
                lines += [line({"at": f"{name}/{number}", **row}) for row in rows_of(frame, without=without)]
    return {"batch.jsonl": lines}


_REGION = Region("连州市", (112.0, 24.4, 112.8, 25.3))
_SYSTEMS = (None, "EPSG:4546", "EPSG:4490", "EPSG:4525")
_LAYERS = {
    "dxf-bulges-and-hatches.dxf": "用地红线",
    "filegdb-two-layers.zip": "乡镇",
    "geopackage-two-layers.gpkg": "red_line",
    "shapefile-two-in-zip.zip": "b",
    "xlsx-two-sheets.xlsx": "新坐标",
}


def readings() -> dict[str, list[str]]:
    """Every file of ``tests/data`` as features and as sites, by each reference system until one is taken."""
    lines = []
    for path in sorted(FORMATS.iterdir()):
        for layer in (None, _LAYERS[path.name]) if path.name in _LAYERS else (None,):
            for crs in _SYSTEMS:
                found = list(_reading(path, layer, crs))
                lines += [line(row) for row in found]
                if "error" not in found[0]:
                    break
    return {"readings.jsonl": lines}


def _reading(path: Path, layer: str | None, crs: str | None) -> Iterator[Row]:
    head = {key: value for key, value in {"file": path.name, "layer": layer, "crs": crs}.items() if value}
    for kind, read in (("features", read_features), ("sites", lg.read_sites)):
        try:
            got = read(path, layer=layer, crs=crs, region=_REGION)
        except lg.LianzhouError as error:
            yield {**head, "as": kind, "error": type(error).__name__}
            continue
        issues = [f"{issue.severity} {issue.code} @ {issue.where}" for issue in got.issues]
        columns = [str(name) for name in got.frame.columns]
        yield {**head, "as": kind, "rows": len(got.frame), "columns": columns, "issues": issues}
        for row in rows_of(got.frame, full=True, without=("source_file",)):
            short = {key: f"{cell[:40]}… {len(cell)}" if _is_long(key, cell) else cell for key, cell in row.items()}
            yield {**head, "as": kind, "row": short}


def _is_long(key: str, cell: Any) -> bool:
    return isinstance(cell, str) and len(cell) > 60 and key not in ("geometry", "outfall")


PARTS: dict[str, Callable[[], dict[str, list[str]]]] = {
    "screenings": screenings,
    "run": run_folder,
    "worklist": worklist,
    "publication": publication,
    "batch": batch,
    "readings": readings,
}


def main(wanted: list[str]) -> None:
    """Rewrite the golden files of the parts named, or of all."""
    for name, make in PARTS.items():
        if wanted and name not in wanted:
            continue
        with contextlib.redirect_stderr(io.StringIO()):
            files = make()
        for file, lines in files.items():
            path = GOLDEN / file
            path.parent.mkdir(exist_ok=True)
            text = "".join(f"{text}\n" for text in lines)
            state = "" if path.exists() and path.read_text(encoding="utf-8") == text else " (changed)"
            path.write_text(text, encoding="utf-8")
            print(f"{file}: {len(lines)} lines, {len(text.encode()) / 1000:.0f} kB{state}")


if __name__ == "__main__":
    main(sys.argv[1:])
