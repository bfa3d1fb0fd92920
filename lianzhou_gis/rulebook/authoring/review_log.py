"""``rules log``: who reviewed which version of which rule, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lianzhou_gis.errors import RuleError
from lianzhou_gis.located_yaml import read_located_yaml
from lianzhou_gis.rulebook.rulebook import Rulebook

__all__ = ["REVIEWS", "Review", "add_review", "read_reviews"]

REVIEWS = "reviews.yaml"
_KEYS = {"rule", "effective_from", "by", "reviewed_on", "remark"}
_LONGEST = 500


@dataclass(frozen=True)
class Review:
    """One review of one version.

    Attributes
    ----------
    by : str
        Office or name, as the user gave it.
    """

    rule: str
    effective_from: date
    by: str
    reviewed_on: date
    remark: str


def read_reviews(rulebook: Rulebook) -> list[Review]:
    """Read the reviews of a rulebook, oldest first; empty where there are none.

    Raises
    ------
    RuleError
        If the file is not as it should be, or a review is of a version that there is not.
    """
    path = rulebook.folder / REVIEWS
    if not path.is_file():
        return []
    data = read_located_yaml(path, RuleError)
    if not isinstance(data, dict) or set(data) != {"reviews"}:
        raise RuleError.from_code("list_only", file=path.name, key="reviews")
    found = []
    for entry in data["reviews"]:
        where = f"{path.name}:{getattr(entry, 'line', 0)}"
        if not isinstance(entry, dict) or set(entry) != _KEYS or type(entry["reviewed_on"]) is not date:
            raise RuleError.from_code("review_invalid", where=where, keys=sorted(_KEYS))
        _version_exists(rulebook, str(entry["rule"]), entry["effective_from"], where)
        found.append(
            Review(
                str(entry["rule"]),
                entry["effective_from"],
                str(entry["by"]),
                entry["reviewed_on"],
                str(entry["remark"]),
            )
        )
    return sorted(found, key=lambda item: (item.reviewed_on, item.rule, item.effective_from))


def _version_exists(rulebook: Rulebook, rule_id: str, day: date, where: str) -> None:
    if day not in {version.effective_from for version in rulebook.rule(rule_id).versions}:
        raise RuleError.from_code("review_version_unknown", where=where, rule=rule_id, day=day)


def add_review(rulebook: Rulebook, review: Review) -> Path:
    """Add a review to the log of a rulebook's folder and return its file.

    Raises
    ------
    RuleError
        If there is no such version, or a text is empty or too long.
    """
    _version_exists(rulebook, review.rule, review.effective_from, REVIEWS)
    for name, text in (("by", review.by), ("remark", review.remark)):
        if (name == "by" and not text.strip()) or len(text) > _LONGEST or "\n" in text:
            raise RuleError.from_code("review_text", key=name)
    path = rulebook.folder / REVIEWS
    lines = path.read_text(encoding="utf-8") if path.is_file() else "# Reviews of versions of rules.\nreviews:\n"
    lines += (
        f"  - {{rule: {review.rule}, effective_from: {review.effective_from}, by: {_quoted(review.by)}, "
        f"reviewed_on: {review.reviewed_on}, remark: {_quoted(review.remark)}}}\n"
    )
    path.write_text(lines, encoding="utf-8")
    return path


def _quoted(text: str) -> str:
    # A JSON string is a YAML string.
    return json.dumps(text.strip(), ensure_ascii=False)
