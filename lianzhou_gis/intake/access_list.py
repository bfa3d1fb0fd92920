"""Reads an access list of planners and converts it to the list stored beside a layer of control units."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import FormatError, Issue, Phrase
from lianzhou_gis.formats.column_aliases import find_columns, plain_name
from lianzhou_gis.formats.plain_table import PlainTable, read_plain_table
from lianzhou_gis.resources import read_resource
from lianzhou_gis.rulebook import AccessItem, FactVocabulary, parse_access_items

__all__ = ["AccessList", "read_access_table"]

COLUMNS = (
    "item_id", "unit_id", "level", "dimension", "kind", "industries", "when", "effect", "text", "document",
    "valid_from", "valid_to", "restates",
)  # fmt: skip
# "1-1.", "3、", "（2）", "④" at the beginning of a text or of a sentence; "1.5" is a number.
_NUMBER = re.compile(
    r"(?:^|(?<=[\n。；;]))\s*(?:\d{1,3}(?:-\d{1,3})+[.．、]?|\d{1,3}[.．、](?!\d)|[（(]\d{1,3}[)）]|[①-⑳])\s*"
)
_CLASS = re.compile(r"^\s*[【\[]([^】\]]{1,40})[】\]]")


@cache
def _words() -> dict[str, Any]:
    data: dict[str, Any] = read_resource(Path(__file__).with_name("access_words.yaml"))
    return data


@dataclass(frozen=True)
class AccessList:
    """An access list as read.

    Attributes
    ----------
    text : str
        CSV with the columns that the software reads.
    items : tuple of AccessItem
    """

    name: str
    sha256: str
    text: str
    items: tuple[AccessItem, ...]
    issues: tuple[Issue, ...]


def _meaning(kind: str, text: str | None) -> str | None:
    """Return the code of a word; the whole word must match."""
    wanted = plain_name(text or "")
    return next(
        (code for code, words in _words()[kind].items() if wanted in {plain_name(word) for word in words}), None
    )


def _strictest_kind(text: str) -> str:
    """Return the strictest kind that a requirement names; one read too strictly goes to a person."""
    for kind, words in _words()["speaking_of"].items():
        if any(word in text for word in words):
            return str(kind)
    return "required"


def _split(text: str) -> list[str]:
    """Return the requirements of a text by their numbers.

    Examples
    --------
    >>> _split("1-1.【产业/禁止类】禁止新建小电镀。1-2.鼓励入园，容积率不低于1.5。")
    ['【产业/禁止类】禁止新建小电镀。', '鼓励入园，容积率不低于1.5。']
    >>> _split("严格控制用水总量。")
    ['严格控制用水总量。']
    """
    parts = [part.strip() for part in _NUMBER.split(text)]
    return [part for part in parts if part]


def _kind(text: str) -> tuple[str, str]:
    """Return the kind of a requirement, and whether a heading or the wording gave it."""
    headed = _CLASS.match(text)
    if headed:
        for word in re.split(r"[/、,，\s]+", headed[1]):
            kind = _meaning("kinds", word)
            if kind is not None:
                named = _strictest_kind(text[headed.end() :])
                # A prohibition under a milder heading is still one.
                return (
                    ("prohibited", "wording") if named == "prohibited" and kind != "prohibited" else (kind, "heading")
                )
    return _strictest_kind(text), "wording"


def _of_units(
    table: PlainTable, columns: dict[str, str], texts: dict[str, str], found: Counter[str]
) -> list[dict[str, str]]:
    """Return the items of a list with a row per unit."""
    rows: list[dict[str, str]] = []
    shared: list[str] = [name for name in ("document", "valid_from", "valid_to") if name in columns]
    for line, row in table.rows():
        unit = row[columns["unit_id"]]
        if unit is None:
            raise FormatError.from_code("access_list_unit_blank", file=table.name, line=line)
        for dimension, column in texts.items():
            for number, text in enumerate(_split(row[column] or ""), start=1):
                kind, how = _kind(text)
                found[f"{kind}/{how}"] += 1
                item = {name: row[columns[name]] or "" for name in shared}
                item |= {"item_id": re.sub(r"[^\w.\-]", "_", f"{unit}-{dimension}-{number}"), "unit_id": _unit(unit)}
                rows.append({**item, "level": "unit", "dimension": dimension, "kind": kind, "text": text})
    return rows


def _unit(text: str) -> str:
    return "*" if plain_name(text) in {plain_name(word) for word in _words()["every_unit"]} or text == "*" else text


def _of_items(table: PlainTable, columns: dict[str, str], found: Counter[str]) -> list[dict[str, str]]:
    """Return the items of a list with a row per requirement."""
    rows = []
    for line, row in table.rows():
        cells = {name: row[theirs] or "" for name, theirs in columns.items()}
        unit = _unit(cells["unit_id"] or "*")
        kind, how = _meaning("kinds", cells.get("kind")), "column"
        if kind is None:
            kind, how = _kind(cells["text"])
        found[f"{kind}/{how}"] += 1
        level = _meaning("levels", cells.get("level")) or ("unit" if unit != "*" else "city")
        dimension = _meaning("texts", cells.get("dimension")) or cells.get("dimension", "")
        number = re.sub(r"[^\w.\-]", "_", cells.get("item_id") or f"row-{line}")
        item = (
            number
            if columns.get("item_id") in ("item_id", "条目编号", "条目编码")
            else f"{unit}-{number}".replace("*", "all")
        )
        rows.append({**cells, "item_id": item, "unit_id": unit, "level": level, "dimension": dimension, "kind": kind})
    return rows


def read_access_table(path: Path, vocabulary: FactVocabulary, *, sheet: str | None = None) -> AccessList:
    """Read an access list from CSV or XLSX: a row per requirement, or a row per unit with the four texts.

    Requirements are split by their numbers. The kind of each is that of its column, else of its heading
    (``【产业/禁止类】``), else the strictest that its words speak of: what is read too strictly is asked of a person.

    Parameters
    ----------
    path : pathlib.Path
    vocabulary : FactVocabulary
        For conditions.
    sheet : str, optional
        Of a workbook with several that would do.

    Raises
    ------
    MissingFileError, FormatError
        If it cannot be read, lacks a column, or holds an item that is none.
    """
    words = _words()
    known = [name for group in ("columns", "texts") for names in words[group].values() for name in names]
    table = read_plain_table(path, known=known, sheet=sheet)
    names = list(table.frame.columns)
    columns = find_columns(names, words["columns"])
    texts = find_columns([name for name in names if name not in columns.values()], words["texts"])
    if "unit_id" not in columns or ("text" not in columns and not texts):
        shown = names[:12]
        raise FormatError.from_code("access_list_columns_missing", file=table.name, columns=shown)
    found: Counter[str] = Counter()
    rows = _of_items(table, columns, found) if "text" in columns else _of_units(table, columns, texts, found)
    items, issues = parse_access_items(rows, vocabulary, table.name)
    if issues:
        raise FormatError(issues[0].zh, issues[0].en, issues[0].code)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n", extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return AccessList(table.name, table.sha256, stream.getvalue(), items, (*table.issues, *_read_as(table.name, found)))


def _read_as(name: str, found: Counter[str]) -> list[Issue]:
    """Return an issue with the requirements by kind, and how many were classed by their wording alone."""
    kinds = Counter[str]()
    worded = 0
    for key, count in found.items():
        kind, how = key.split("/")
        kinds[kind] += count
        worded += count if how == "wording" else 0
    labels = {kind: words[1] for kind, words in _words()["kinds"].items()}
    listed = [Phrase(f"{labels[kind]} {count}", f"{kind} {count}") for kind, count in sorted(kinds.items())]
    return [
        Issue.from_code(
            "warning" if worded else "info",
            "access_list_read",
            name,
            count=sum(kinds.values()),
            kinds=listed,
            worded=worded,
        )
    ]
