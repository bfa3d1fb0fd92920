"""Texts as a reader would take them, however they are written: folded before they are compared, codings undone."""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lianzhou_gis.errors import MissingExtraError

if TYPE_CHECKING:
    from opencc import OpenCC

__all__ = ["decoded", "fold", "inner_texts", "is_hash"]

_ESCAPED = re.compile(r"\\u\{?([0-9a-fA-F]{4,6})\}?|\\x([0-9a-fA-F]{2})|\\([0-7]{3})")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[\s:]?){6,}")
_HASH = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,128}(?![0-9A-Za-z])")
_CODES = re.compile(r"(?<!\d)\d{2,3}(?:[\s,;]{1,2}\d{2,3}){5,}(?!\d)")
_QUOTED = re.compile(r"(?:=[0-9a-fA-F]{2}){3,}")
# Tags of Unicode: the signs of ASCII once more, of which nothing is seen.
_TAGS = {0xE0000 + number: number for number in range(0x20, 0x7F)}
_MOST_UNPACKED = 10_000
# Marks that are not seen: format characters, combining marks on Chinese, variation selectors, fillers.
_UNSEEN = {"Cf", "Cc", "Mn", "Me", "Zs", "Zl", "Zp", "Co"}
_FILLERS = "\u115f\u1160\u3164\uffa0\u2800\u00ad\u180e"
# Signs that writers put between characters: none of them makes another word of it.
_BETWEEN = re.compile(r"[\s·・.。,，、;；:：'\"“”‘’`~_\-—–−/\\|*#^+=<>《》〈〉()（）\[\]【】{}〔〕!！?？&%$@]+")
# Letters of other scripts that look like Latin ones.
_ALIKE = str.maketrans(
    "аеорсухіјѕԁԛԝАВЕКМНОРСТУХІЈЅαοερτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeopcyxijsdqwABEKMHOPCTYXIJSaoeptuxABEZHIKMNOPTYX"
)


@cache
def _simplifier() -> OpenCC:
    try:
        from opencc import OpenCC
    except ImportError as error:
        raise MissingExtraError(
            "发布检查需要 opencc-python-reimplemented（繁简对照）：pip install 'lianzhou_gis[publish]'",
            "the check of publications needs opencc-python-reimplemented: pip install 'lianzhou_gis[publish]'",
        ) from error
    return OpenCC("t2s")


def fold(text: str, *, bare: bool = False) -> str:
    r"""Return a text in the one spelling in which texts are compared.

    Entities and escapes are undone, width and compatibility forms unified (NFKC), what is not seen and all spaces
    dropped, look-alike letters made Latin, letters lowered, traditional characters simplified.

    Parameters
    ----------
    bare : bool
        Drop punctuation as well, which may stand between any two characters.

    Examples
    --------
    >>> fold("東 陂&#27827;　Ｑ\u200bＳＫ１"), fold("电-镀.厂", bare=True)
    ('东陂河qsk1', '电镀厂')
    """
    plain = _ESCAPED.sub(_character, html.unescape(html.unescape(text)))
    plain = unicodedata.normalize("NFKC", plain)
    if not plain.isascii():
        # Tone marks and accents: qǔshuǐkǒu.
        plain = unicodedata.normalize("NFKD", plain)
        plain = "".join(
            letter for letter in plain if letter not in _FILLERS and unicodedata.category(letter) not in _UNSEEN
        )
        plain = _simplifier().convert(plain.translate(_ALIKE))
    plain = re.sub(r"\s+", "", plain).casefold()
    return _BETWEEN.sub("", plain) if bare else plain


def _character(match: re.Match[str]) -> str:
    digits, base = next((group, base) for group, base in zip(match.groups(), (16, 16, 8), strict=True) if group)
    return chr(min(int(digits, base), 0x10FFFF))


def decoded(text: str) -> set[str]:
    """Return a text and what it says once its codings are undone.

    Entities, escapes, percent, quoted-printable, base64 and base32 (also of gzip), hexadecimal, codes of characters,
    tags that are not seen, and the text from its end.

    Examples
    --------
    >>> "水源" in "".join(decoded("5rC05rqQ5rC05rqQ")), "水源" in "".join(decoded("%E6%B0%B4%E6%BA%90"))
    (True, True)
    >>> any("水源" in plain for plain in decoded("e6b0b4e6ba90"))
    True
    """
    found = {text}
    for _ in range(2):
        for plain in list(found):
            found |= {html.unescape(plain), unquote(plain), _ESCAPED.sub(_character, plain), plain.translate(_TAGS)}
            found.update(_from_codes(plain))
            if plain[::-1] != plain and len(plain) < 200:
                found.add(plain[::-1])
    return found


def _from_codes(text: str) -> Iterator[str]:
    """Yield what runs of base64, base32, hexadecimal digits and codes of characters say, where that is text."""
    for run in _BASE64.findall(text):
        plain = run.rstrip("=").replace("-", "+").replace("_", "/")
        yield from _texts(_unpacked(_bytes(base64.b64decode, plain, 4)))
        if re.fullmatch(r"[A-Z2-7]+", plain):
            yield from _texts(_unpacked(_bytes(base64.b32decode, plain, 8)))
    for run in _HEX.findall(text):
        digits = re.sub(r"[\s:]", "", run)
        yield from _texts(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    for run in _QUOTED.findall(text):
        yield from _texts(bytes.fromhex(run.replace("=", "")))
    for run in _CODES.findall(text):
        numbers = [int(number) for number in re.findall(r"\d+", run)]
        if max(numbers) < 256:
            yield from _texts(bytes(numbers))


def _bytes(decode: Callable[[str], bytes], run: str, block: int) -> bytes:
    """Return what a run of digits holds; nothing where it is no such run."""
    try:
        return decode(run + "=" * (-len(run) % block))
    except (binascii.Error, ValueError):
        return b""


def _unpacked(content: bytes) -> bytes:
    """Return the beginning of what gzip or zlib packed, or the content as it is."""
    if content[:2] not in (b"\x1f\x8b", b"\x78\x9c", b"\x78\xda", b"\x78\x01"):
        return content
    try:
        return zlib.decompressobj(wbits=47).decompress(content, _MOST_UNPACKED)
    except zlib.error:
        return content


def _texts(content: bytes) -> Iterator[str]:
    for coding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be"):
        try:
            text = content.decode(coding)
        except UnicodeDecodeError:
            continue
        if text and all(letter.isprintable() or letter.isspace() for letter in text):
            yield text


def is_hash(text: str) -> bool:
    """Tell whether a hash stands in a text: of a value that is not public it confirms whoever guesses it."""
    return bool(_HASH.search(text))


def inner_texts(value: object) -> Iterator[str]:
    """Yield every key and value of a parsed document as text."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from inner_texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from inner_texts(item)
    elif value is not None and not isinstance(value, bool):
        yield value if isinstance(value, str) else repr(value)
