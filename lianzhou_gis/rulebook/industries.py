"""The national classification of industries, GB/T 4754-2017: which codes there are, and what they are called.

The table ``industries.csv`` holds sections, divisions, groups and classes (门类、大类、中类、小类): 1,381 classes from
a public copy of the standard. A code that it does not know is never taken for "another industry".
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

__all__ = ["UNKNOWN_CODE", "code_under", "industry_name", "parse_industry_code"]

# Stands for a code that was given and is in no classification: it may be any industry.
UNKNOWN_CODE = "?"


@cache
def industries() -> dict[str, str]:
    """Return the names of all codes."""
    import csv

    text = Path(__file__).with_name("industries.csv").read_text(encoding="utf-8")
    return {row["code"]: row["name"] for row in csv.DictReader(text.splitlines())}


@cache
def _by_digits() -> dict[str, str]:
    return {code[1:]: code for code in industries() if len(code) > 1}


def industry_name(code: str) -> str:
    """Return what an industry is called, empty for a code that there is not.

    Examples
    --------
    >>> industry_name("A0313")
    '猪的饲养'
    """
    return industries().get(code, "")


def parse_industry_code(code: str) -> str | None:
    """Return a code with the letter of its section, or ``None`` where there is no such code.

    Examples
    --------
    >>> parse_industry_code("2631"), parse_industry_code("c2631"), parse_industry_code("A2631")
    ('C2631', 'C2631', None)
    """
    code = code.strip().upper()
    found = _by_digits().get(code) if code.isdigit() else code
    return found if found in industries() else None


def code_under(code: str, parent: str) -> bool:
    """Return whether an industry code is ``parent`` or below it; the letter of the section may be left out.

    Examples
    --------
    >>> code_under("C2631", "26"), code_under("2631", "C2631"), code_under("C2631", "C27"), code_under("C2631", "C")
    (True, True, False, True)
    """
    code, parent = code.strip().upper(), parent.strip().upper()
    if parent.isalpha():
        return code[:1] == parent
    letter_c, letter_p = code[:1] if code[:1].isalpha() else "", parent[:1] if parent[:1].isalpha() else ""
    if letter_c and letter_p and letter_c != letter_p:
        return False
    return code.lstrip(letter_c).startswith(parent.lstrip(letter_p))


@lru_cache(maxsize=4096)
def codes_match(known: tuple[str, ...], wanted: tuple[str, ...]) -> bool | None:
    """Return whether one of the codes is one of those wanted or below one of them.

    ``None`` where it is undecided: a code coarser than one wanted may be that industry or another, and a code that
    there is not may be any.

    Examples
    --------
    >>> codes_match(("C2631",), ("C26",)), codes_match(("C26",), ("C2631",)), codes_match(("C27",), ("C2631",))
    (True, None, False)
    """
    pairs = [(code, parent) for code in known for parent in wanted]
    if any(code_under(code, parent) for code, parent in pairs if code != UNKNOWN_CODE):
        return True
    return None if any(code == UNKNOWN_CODE or code_under(parent, code) for code, parent in pairs) else False
