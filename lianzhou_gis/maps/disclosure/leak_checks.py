"""The words of a publication against its source: no value, number or place that was not declared public."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from lianzhou_gis.errors import Issue
from lianzhou_gis.maps.disclosure.cell_zones import REASONS
from lianzhou_gis.maps.disclosure.place_notation import PlaceFinder, quantities
from lianzhou_gis.maps.disclosure.policy import policy
from lianzhou_gis.maps.disclosure.publication import FEW, MANIFEST, OTHER, Manifest, Part
from lianzhou_gis.maps.disclosure.relative_places import relative_places
from lianzhou_gis.maps.disclosure.sources import Source
from lianzhou_gis.maps.disclosure.text_folding import decoded, fold, is_hash
from lianzhou_gis.vocabulary import DISCLAIMER, themes
from lianzhou_gis.vocabulary.hidden_places import hidden_kind, hidden_kinds

__all__ = ["free_texts", "public_text_issues", "text_leaks"]

Floats = npt.NDArray[np.float64]

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,12}:)?//[a-z0-9\u0080-\uffff-]+(?:\.[a-z0-9-]+)+|www\.[a-z0-9-]+\.[a-z]{2,}|javascript:|data:text",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
# Shorter texts stand everywhere.
_SHORT_LATIN, _SHORT_CHINESE = 4, 2
_DIGITS = re.compile(r"[-+\d.,e%]+")
# Units in which an area or length of the source may be told.
_UNITS = (1.0, 1e-4, 1.5e-3, 1e-6, 1e-3)
_TELLING_DIGITS = 5


def free_texts(manifest: Manifest) -> dict[str, str]:
    """Return the texts that people wrote for a publication, by where they stand."""
    found = {"title": manifest.title, "publisher": manifest.publisher, "region": manifest.region}
    found["no_approval_reason"] = manifest.no_approval_reason or ""
    found["approval_number"] = manifest.approval_number or ""
    found["sites"] = manifest.sites_basis or ""
    found |= {f"notes.{number}": note for number, note in enumerate(manifest.notes)}
    for part in manifest.layers:
        place = f"layers.{part.id}"
        found |= {
            f"{place}.title": part.title,
            f"{place}.source": part.source,
            f"{place}.licence": part.licence or "",
            f"{place}.office": part.office or "",
            f"{place}.corrections": part.corrections or "",
            f"{place}.as_published": part.as_published.document if part.as_published else "",
            f"{place}.columns": " ".join(column.id for column in part.columns),
            f"{place}.withhold": " ".join(part.withhold),
        }
    found |= {f"withheld.{number}": f"{item.what} {item.why}" for number, item in enumerate(manifest.withheld)}
    return {place: text for place, text in found.items() if text}


def public_text_issues(manifest: Manifest, parts: list[Part]) -> list[Issue]:
    """Return what is wrong with the words of a publication whatever its source holds.

    Coordinates in any notation and places told by their distance from others, addresses, hashes, and names of places
    that must not be found.
    """
    words = free_texts(manifest)
    return [
        *_places(manifest, parts, words),
        *_addresses_and_hashes(parts, words),
        *_hidden_names(parts),
    ]


def text_leaks(source: Source, manifest: Manifest, parts: list[Part]) -> list[Issue]:
    """Return what the words of a publication tell that was not declared public.

    Parameters
    ----------
    source : Source
    manifest : Manifest
    parts : list of Part

    Returns
    -------
    list of Issue
        No issue repeats a value that is not public.
    """
    words = free_texts(manifest)
    return [
        *public_text_issues(manifest, parts),
        *_restricted_values(source, manifest, parts, words),
        *_restricted_numbers(source, parts, words),
    ]


def _cells(part: Part) -> Iterator[tuple[str, str]]:
    """Yield the texts of each row, joined: coordinates may stand in two columns."""
    for row in part.rows.drop(columns="number", errors="ignore").itertuples(index=False, name=None):
        yield f"data/{part.record.id}", "　".join(str(cell) for cell in row if cell is not None and not pd.isna(cell))


def _places(manifest: Manifest, parts: list[Part], words: dict[str, str]) -> Iterator[Issue]:
    accuracies = [part.record.public_accuracy_m for part in parts if part.record.grid and part.record.public_accuracy_m]
    finest = min(accuracies, default=policy().accuracy_m(policy().cell_m(policy().least_protect_m)))
    finder = PlaceFinder(manifest.region_bounds, finest)
    texts = [*words.items(), (MANIFEST, "　".join(words.values()))]
    texts += [
        (place, text)
        for part in parts
        for place, text in dict.fromkeys(_cells(part))
        if re.search(r"\d|[〇零一二三四五六七八九十幺]", text)
    ]
    for place, text in texts:
        if finder.found_in(text):
            yield Issue.from_code("error", "coordinate_in_text", place)
        elif place != MANIFEST and relative_places(text, finest):
            yield Issue.from_code("error", "relative_place_in_text", place)


def _public_texts(source: Source, manifest: Manifest, parts: list[Part]) -> set[str]:
    """Return the texts that may stand in what people write."""
    words = {
        manifest.approval_number or "",
        FEW,
        OTHER,
        manifest.region,
        source.catalog.region.name,
    }
    words |= {item["zh"] for item in policy().columns.values()} | set(policy().columns) | set(DISCLAIMER.values())
    words |= {str(item["zh"]) for item in policy().approval_grounds.values()}
    words |= {kind.label["zh"] for kind in hidden_kinds()} | {zh for zh, _ in REASONS.values()}
    for part in parts:
        record = part.record
        words |= {
            record.title,
            record.id,
            record.theme,
            record.licence or "",
            record.as_published.document if record.as_published else "",
        }
        words |= {column.id for column in record.columns}
        entry = source.entry(record.id)
        if entry is not None:
            # What the catalog says of a public layer is printed as its source.
            words |= {entry.publisher or "", entry.document or ""}
        for column in record.columns:
            words |= {str(cell) for cell in part.rows[column.id] if cell is not None and not pd.isna(cell)}
            words |= source.public_values(record.id, column.id)
    for name, entry_theme in themes().items():
        words |= {name, *entry_theme.label.values()}
        words |= {word for grade in entry_theme.grades for word in (grade.id, *grade.label.values(), *grade.spellings)}
    return words - {""}


def _restricted_values(source: Source, manifest: Manifest, parts: list[Part], words: dict[str, str]) -> Iterator[Issue]:
    """Find values of the source in free words, in whatever spelling."""
    public = {fold(text, bare=True) for text in _public_texts(source, manifest, parts)} - {""}
    restricted = {
        plain
        for text in source.texts_of(manifest)
        if not _DIGITS.fullmatch(text)
        and len(plain := fold(text, bare=True)) >= (_SHORT_CHINESE if _CHINESE.search(text) else _SHORT_LATIN)
        and not _DIGITS.fullmatch(plain)
    } - public
    for place, text in words.items():
        spellings = {fold(plain, bare=True) for plain in decoded(text)}
        for spelling in spellings:
            if any(word in spelling and _stands_alone(word, spelling, public) for word in restricted):
                yield Issue.from_code("error", "restricted_value", place)
                break


def _stands_alone(word: str, text: str, public: set[str]) -> bool:
    """Tell whether a word stands in a text anywhere but inside a public text."""
    covered = np.zeros(len(text) + 1, dtype=bool)
    for item in (item for item in public if word in item):
        for match in re.finditer(re.escape(item), text):
            covered[match.start() : match.end()] = True
    return any(
        not covered[match.start() : match.start() + len(word)].all()
        for match in re.finditer(f"(?={re.escape(word)})", text)
    )


def _restricted_numbers(source: Source, parts: list[Part], words: dict[str, str]) -> Iterator[Issue]:
    """Find numbers of the source, rounded or in other units, that are long enough to be told apart."""
    public = [
        float(cell)
        for part in parts
        for column in part.rows.columns
        for cell in part.rows[column]
        if isinstance(cell, int | float) and not pd.isna(cell)
    ]
    values = source.numbers()
    for place, text in words.items():
        for plain in decoded(text):
            for item in quantities(plain):
                digits = item.text.replace(".", "").replace(",", "").strip("0")
                if len(digits) < _TELLING_DIGITS or item.value in public or item.degrees:
                    continue
                if any((np.abs(values * unit - item.value) <= item.step * 0.51).any() for unit in _UNITS):
                    yield Issue.from_code("error", "restricted_number", place)
                    break


def _addresses_and_hashes(parts: list[Part], words: dict[str, str]) -> Iterator[Issue]:
    told = [*words.items(), *((place, text) for part in parts for place, text in _cells(part))]
    for place, text in told:
        for plain in decoded(text):
            if _ADDRESS.search(plain):
                yield Issue.from_code("error", "outside_address", place)
            # A hash of a value that is not public confirms whoever guesses it.
            if is_hash(plain):
                yield Issue.from_code("error", "hash_in_text", place)


def _hidden_names(parts: list[Part]) -> Iterator[Issue]:
    """Find names of places that must not be found among the rows that have shapes."""
    for part in parts:
        if part.shapes is None:
            continue
        for place, text in _cells(part):
            kind = hidden_kind(fold(text))
            if kind is not None:
                yield Issue.from_code("error", "hidden_place_named", place, kind=kind.label)
