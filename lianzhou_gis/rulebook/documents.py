"""Documents behind claims: a number that looks like one, the issuer, the date."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

__all__ = ["ClaimDocument", "parse_claim_document"]

# 文号 (粤府函〔2026〕12号), 项目代码 (2026-441882-44-01-123456) and certificates (用字第441882202600012号).
_NUMBERS = (
    re.compile(r"[A-Z\-]*[\u4e00-\u9fff]{1,20}[\[〔(【](?:19|20)\d{2}[\]〕)】]第?\d{1,5}号"),
    re.compile(r"(?:19|20)\d{2}-\d{6}-\d{2}-\d{2}-\d{6}"),
    re.compile(r"[\u4e00-\u9fff]{1,6}字?第\d{6,20}号"),
)
_DATE = re.compile(r"((?:19|20)\d{2})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})日?")
_SEPARATORS = " ,，;；、/|　"
_ISSUER = re.compile(r"[\u4e00-\u9fffA-Za-z][\u4e00-\u9fffA-Za-z（）()·\- ]{2,60}")


@dataclass(frozen=True)
class ClaimDocument:
    """The document on which a claim rests.

    Attributes
    ----------
    number : str
        A document number (文号), a project code (项目代码) or the number of a certificate.
    issuer : str
    issued_on : datetime.date
    """

    number: str
    issuer: str
    issued_on: date

    def __str__(self) -> str:
        return f"{self.number}，{self.issuer}，{self.issued_on}"


def parse_claim_document(raw: object) -> ClaimDocument | None:
    """Read a document from one text or from a mapping of ``number``, ``issuer`` and ``date``.

    Parameters
    ----------
    raw : str or mapping

    Returns
    -------
    ClaimDocument or None
        ``None`` where number, issuer or date is missing, or the number does not look like one.

    Examples
    --------
    >>> str(parse_claim_document("粤府函〔2026〕12号，广东省人民政府，2026-03-01"))
    '粤府函〔2026〕12号，广东省人民政府，2026-03-01'
    >>> [parse_claim_document(text) for text in ("无", "待办", "123", "粤府函〔2026〕12号")]
    [None, None, None, None]
    """
    if isinstance(raw, Mapping):
        raw = "，".join(str(raw.get(key) or "") for key in ("number", "issuer", "date"))
    # Brackets are not changed: NFKC leaves 〔〕 alone and narrows （）.
    text = unicodedata.normalize("NFKC", str(raw or "")).strip()
    number = next((match for pattern in _NUMBERS if (match := pattern.search(text))), None)
    if number is None:
        return None
    rest = text[: number.start()] + " " + text[number.end() :]
    day = _DATE.search(rest)
    if day is None:
        return None
    try:
        issued_on = date(int(day[1]), int(day[2]), int(day[3]))
    except ValueError:
        return None
    rest = (rest[: day.start()] + " " + rest[day.end() :]).strip(_SEPARATORS)
    issuer = _ISSUER.search(rest)
    return None if issuer is None else ClaimDocument(number[0], issuer[0].strip(_SEPARATORS), issued_on)
