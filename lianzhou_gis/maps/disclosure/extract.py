"""The bytes of a publication, read again: every text however it is written, every number, every coordinate."""

from __future__ import annotations

import base64
import binascii
import csv
import html
import io
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

__all__ = ["addresses", "coordinates_in", "inner_texts", "numbers_in", "page_parts", "rows_of_csv", "texts_of"]

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
# Chinese letters may stand right beside a number, Latin ones before it make it part of a code.
_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])-?\d+(?:,\d{3})*(?:\.\d+)?(?!\d)")
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,12}:)?//[a-z0-9\u0080-\uffff-]+(?:\.[a-z0-9-]+)+|www\.[a-z0-9-]+\.[a-z]{2,}|javascript:|data:text",
    re.IGNORECASE,
)
_DEGREES = re.compile(r"(?<![\d.])(1[0-3]\d|[7-9]\d)\.\d{3,}(?!\d)")
_LATITUDE = re.compile(r"(?<![\d.])([1-5]\d|[3-9])\.\d{3,}(?!\d)")
_METRES = re.compile(r"(?<![\d.])(?:(?:2[5-9]|3\d|4[0-5])\d{6}|[1-6]\d{6})(?:\.\d+)?(?!\d)")
_SEXAGESIMAL = re.compile(r"\d{1,3}\s*[°度]\s*\d{1,2}\s*[′'’分]\s*\d{1,2}(?:\.\d+)?\s*(?:[″\"”秒]|′′|'')")


def texts_of(content: bytes) -> set[str]:
    r"""Return the text of a file as it is written and as it would be read: entities, escapes and codings undone.

    Examples
    --------
    >>> any("水源" in text for text in texts_of(b'{"a":"\\u6c34\\u6e90"}'))
    True
    >>> any("水源" in text for text in texts_of("5rC05rqQ5rC05rqQ5rC05rqQ".encode()))
    True
    """
    found = {content.decode("utf-8", "replace")}
    for _ in range(2):
        for text in list(found):
            found |= {html.unescape(text), unquote(text), _unescaped(text)}
    found |= {text for plain in list(found) for text in _from_base64(plain)}
    if b"\x00" in content:
        found |= {content.decode("utf-16-le", "replace"), content.decode("utf-16-be", "replace")}
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        found.add(content.decode("gb18030", "replace"))
    return found


def _unescaped(text: str) -> str:
    text = re.sub(r"\\u\{?([0-9a-fA-F]{4,6})\}?", lambda match: chr(min(int(match.group(1), 16), 0x10FFFF)), text)
    return re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match.group(1), 16)), text)


def _from_base64(text: str) -> Iterator[str]:
    for run in _BASE64.findall(text):
        plain = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            content = base64.b64decode(plain + "=" * (-len(plain) % 4))
        except (binascii.Error, ValueError):
            continue
        for coding in ("utf-8", "gb18030"):
            try:
                yield content.decode(coding)
            except UnicodeDecodeError:
                continue


def inner_texts(value: Any, *, skip: tuple[str, ...] = ()) -> Iterator[str]:  # noqa: ANN401 - parsed JSON
    """Yield every key and text of a parsed document; numbers as they are written."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            if key not in skip:
                yield from inner_texts(item, skip=skip)
    elif isinstance(value, list):
        for item in value:
            yield from inner_texts(item, skip=skip)
    elif isinstance(value, bool) or value is None:
        return
    else:
        yield value if isinstance(value, str) else repr(value)


def numbers_in(text: str) -> set[str]:
    """Return the numbers of a text that are long enough to be told apart: five digits that count, no separators.

    Examples
    --------
    >>> sorted(numbers_in("面积 1,234.56 m2，2026 年 12 项"))
    ['1234.56']
    """
    found = {match.replace(",", "") for match in _NUMBER.findall(text)}
    return {number for number in found if len(number.lstrip("-").replace(".", "").lstrip("0")) >= 5}


def coordinates_in(text: str) -> list[str]:
    """Return what in a text reads as a place: degrees with three decimals, degrees and seconds, metres of a zone.

    Examples
    --------
    >>> coordinates_in("取水口 112.37712, 24.78123"), coordinates_in("X=2741852.3 Y=37613284.9")
    (['112.37712', '24.78123'], ['2741852.3', '37613284.9'])
    >>> coordinates_in("112°22′37″"), coordinates_in("共 12.345 公顷")
    (['112°22′37″'], [])
    """
    found = _SEXAGESIMAL.findall(text)
    for pair in ((_DEGREES, _LATITUDE), (_METRES, _METRES)):
        first, second = (list(pattern.finditer(text)) for pattern in pair)
        if pair[0] is pair[1]:
            if len(first) >= 2:
                found += [match.group() for match in first]
        elif first and second:
            found += [match.group() for match in (*first, *second)]
    return found


def addresses(text: str) -> list[str]:
    """Return what in a text leads outside.

    Examples
    --------
    >>> addresses("见 https://a.example.com/x 或 //b.example.org"), addresses("1//2 与 2026")
    (['https://a.example.com', '//b.example.org'], [])
    """
    return _ADDRESS.findall(text)


def rows_of_csv(content: bytes) -> list[list[str]]:
    """Return the rows of a CSV file."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


_DATA = re.compile(r'<script type="application/json"[^>]*>(.*?)</script>', re.DOTALL)
_SCRIPT = re.compile(r"<script([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def page_parts(text: str) -> tuple[list[Any], list[str], str]:
    """Return the data, the scripts and what is left of a page."""
    data = []
    for match in _DATA.findall(text):
        try:
            data.append(json.loads(match))
        except ValueError:
            data.append(match)
    scripts = [body for attributes, body in _SCRIPT.findall(text) if "application/json" not in attributes]
    return data, scripts, _SCRIPT.sub("", text)
