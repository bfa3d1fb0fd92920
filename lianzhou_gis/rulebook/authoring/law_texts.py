"""Reads a folder of law texts: one Markdown file a law, articles by 第…条."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from lianzhou_gis.errors import MissingFileError
from lianzhou_gis.rulebook.model import Law

__all__ = ["LawText", "article_hash", "match_law", "read_law_texts"]

_DIGITS = {"〇": 0, "零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_ARTICLE = re.compile(r"^[#*\s]*第([〇零一二两三四五六七八九十百千\d]{1,9})条(之[一二三四五六七八九十]+)?[*\s]*(.*)$")
_DATE = re.compile(r"((?:19|20)\d{2})[-年](\d{1,2})[-月](\d{1,2})")
_LARGEST = 5_000_000
# An edition is passed at most so long before it enters into force.
_BEFORE_FORCE = timedelta(days=800)


@dataclass(frozen=True)
class LawText:
    """One edition of a law.

    Attributes
    ----------
    edition : datetime.date or None
        From the file's name.
    articles : dict of str to str
        Text by number; an inserted article is ``"12-1"`` (第十二条之一).
    """

    path: Path
    title: str
    edition: date | None
    articles: dict[str, str]


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    total = digit = 0
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        else:
            total += (digit or 1) * _UNITS[sign]
            digit = 0
    return total + digit


def _day(text: str) -> date | None:
    found = _DATE.search(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def read_law_texts(folder: Path) -> list[LawText]:
    """Read all Markdown files of a folder, by name.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of LawText

    Raises
    ------
    MissingFileError
        If there is no such folder or it holds no Markdown file.
    """
    paths = sorted(path for path in folder.glob("*.md") if path.name.lower() != "readme.md")
    if not paths:
        raise MissingFileError.from_code("law_texts_missing", folder=folder)
    return [_read(path) for path in paths if path.stat().st_size <= _LARGEST]


def _read(path: Path) -> LawText:
    title, key = path.stem, None
    articles: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        heading = re.match(r"^#\s+(.+)$", line)
        if heading and not articles and title == path.stem:
            title = heading[1].strip()
            continue
        found = _ARTICLE.match(line.strip().replace("　", " "))
        # A reference such as 第三条规定 is no article: an article begins a line and is followed by a gap.
        if found and (not found[3] or line.strip().replace("　", " ")[found.start(3) - 1] in " *条"):
            key = f"{_number(found[1])}{'-' + str(_number(found[2][1:])) if found[2] else ''}"
            articles[key] = found[3].strip()
        elif key is not None and line.strip() and not line.startswith("#"):
            articles[key] += "\n" + line.strip()
    return LawText(path, title, _day(path.stem), articles)


def article_hash(text: str) -> str:
    r"""Return a hash of an article's words: widths, spaces and breaks of lines do not count.

    Examples
    --------
    >>> article_hash("禁止 新建。") == article_hash("禁止新建。\n")
    True
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def _plain(title: str) -> str:
    title = re.sub(r"[《》\s]", "", unicodedata.normalize("NFKC", title)).removeprefix("中华人民共和国")
    return re.sub(r"[(（].*?[)）]", "", title)


def match_law(law: Law, texts: list[LawText]) -> LawText | None:
    """Return the text of a law: of several editions that which the rules were read against, else the newest.

    Parameters
    ----------
    law : Law
    texts : list of LawText
    """
    named = [text for text in texts if _plain(law.title["zh"]) in (_plain(text.title), _plain(text.path.stem))]
    exact = [text for text in named if text.edition == law.text]
    if exact:
        return exact[0]
    # An edition that entered into force only after the law ended is another law of the register.
    first, last = law.effective_from - _BEFORE_FORCE, law.effective_to or date.max
    current = [text for text in named if text.edition is None or first <= text.edition <= last]
    return max(current, key=lambda text: text.edition or date.min, default=None)
