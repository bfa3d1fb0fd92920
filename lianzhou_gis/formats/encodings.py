"""Detection of text encodings from bytes.

A DBF declares its encoding up to three times (``.cpg``, language byte, the bytes themselves), often wrongly. A
declaration counts only if the bytes agree; characters cut by a width limit are distinguished from wrong bytes.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

from lianzhou_gis.errors import FormatError, Issue

__all__ = ["DbfText", "Encoding", "codec_name", "decide_dbf_encoding", "decode_cell", "decode_text"]

# The language bytes of dBASE that name one encoding; 0x57 ("the ANSI page of the machine") names none.
_LANGUAGE_BYTES = {
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x13: "cp932",
    0x4D: "gb18030",
    0x4E: "cp949",
    0x4F: "cp950",
    0x58: "cp1252",
    0x59: "cp1252",
    0x78: "cp950",
    0x79: "cp949",
    0x7A: "gb18030",
    0x7B: "cp932",
    0xC9: "cp1251",
}
# Western pages accept almost any byte, so that agreeing with them proves nothing; Chinese programs write them
# as a default.
_ACCEPTS_ALL = {"cp437", "cp850", "cp1252", "iso8859-1"}
# Below this many bytes beyond ASCII, UTF-8 by chance is possible (the GBK bytes of 联通 are valid UTF-8).
_FEW_BYTES = 12


@dataclass(frozen=True)
class Encoding:
    """An encoding and how it was decided.

    Attributes
    ----------
    name : str
        Python's name of the codec.
    source : str
        ``given``, ``cpg``, ``language_byte``, ``bytes`` or ``ascii``.
    issues : tuple of Issue
    """

    name: str
    source: str
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True)
class DbfText:
    """Raw texts of a DBF, for the detection of its encoding.

    Attributes
    ----------
    names : sequence of bytes
        Field names.
    cells : sequence of (bytes, int)
        Distinct values with a byte beyond ASCII, right-stripped, and the width of their field.
    language_byte : int
    """

    names: Sequence[bytes]
    cells: Sequence[tuple[bytes, int]]
    language_byte: int


def codec_name(declared: str) -> str | None:
    """Return Python's codec for what a ``.cpg`` or a user calls an encoding; None if it is unknown.

    GB2312, GBK and code page 936 are read as GB18030, which contains them.

    Examples
    --------
    >>> codec_name("UTF8"), codec_name("936"), codec_name("ANSI 1252"), codec_name("OEM 950"), codec_name("?")
    ('utf-8', 'gb18030', 'cp1252', 'cp950', None)
    """
    text = declared.replace("\x00", "").strip().lower().lstrip("﻿")
    for word in ("ansi", "oem", "cp", "windows-", "windows"):
        digits = text.removeprefix(word).strip(" -_")
        if text.startswith(word) and digits.isdigit():
            text = digits
    if text.startswith("8859"):
        text = f"iso-8859-{text[4:].strip(' -_') or '1'}"
    if text.isdigit():
        text = {"65001": "utf-8", "54936": "gb18030", "936": "gb18030", "88591": "iso-8859-1"}.get(text, f"cp{text}")
    try:
        name = codecs.lookup(text).name
    except (LookupError, ValueError):
        return None
    if name in ("gb2312", "gbk", "gb18030", "cp936"):
        return "gb18030"
    # Codecs that are no character sets (base64, rot13, punycode ...) and those with null bytes cannot be in a DBF.
    if not getattr(codecs.lookup(name), "_is_text_encoding", True) or name.startswith(("utf-16", "utf-32", "utf-7")):
        return None
    return "utf-8" if name == "utf-8-sig" else name


def decode_cell(raw: bytes, encoding: str) -> tuple[str, str]:
    """Decode one value of a field of limited width.

    Returns
    -------
    text : str
        Without the rest of a character that was cut at the end; bytes that cannot be read become U+FFFD.
    state : {"whole", "cut", "bad"}

    Examples
    --------
    >>> decode_cell("连州".encode()[:5], "utf-8")
    ('连', 'cut')
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(raw, final=False)
    except UnicodeDecodeError:
        return raw.decode(encoding, errors="replace"), "bad"
    pending = decoder.getstate()[0]
    return text, "cut" if pending else "whole"


def _disagreeing(text: DbfText, encoding: str) -> int:
    """Return how many texts cannot be read in the encoding, a cut at the end forgiven."""
    return sum(decode_cell(raw, encoding)[1] == "bad" for raw in (*text.names, *(cell for cell, _ in text.cells)))


def _looks_chinese(text: DbfText) -> bool:
    """Return whether all bytes beyond ASCII are common GB 2312 characters, which Western text never is."""
    raws = [raw for raw in (*text.names, *(cell for cell, _ in text.cells)) if not raw.isascii()]
    if not raws or _disagreeing(text, "gb18030"):
        return False
    decoded = "".join(decode_cell(raw, "gb18030")[0] for raw in raws)
    beyond = [character for character in decoded if not character.isascii()]
    common = sum("一" <= character <= "鿿" or "　" <= character <= "～" for character in beyond)
    return bool(beyond) and common >= 0.9 * len(beyond)


def decide_dbf_encoding(
    text: DbfText, cpg: bytes | None, *, declared: str | None = None, where: str = "", label: str = ".cpg"
) -> Encoding:
    """Decide the encoding of a DBF from its raw bytes, before any reader opens it.

    Order: what the caller declares, ``.cpg``, the language byte, strict UTF-8, GB18030. A declaration that the bytes
    contradict is passed over with an :class:`Issue`.

    Parameters
    ----------
    text : DbfText
    cpg : bytes, optional
        Content of the ``.cpg`` file.
    declared : str, optional
        Encoding given by the caller; used unless Python does not know it.
    where : str
        File, for issues.
    label : str
        What ``cpg`` is called in issues; drawings name a code page in their head.

    Raises
    ------
    FormatError
        If ``declared`` is no encoding.

    Examples
    --------
    >>> decide_dbf_encoding(DbfText([b"NAME"], [("黑龙江省".encode("gbk"), 12)], 0), None).name
    'gb18030'
    """
    issues: list[Issue] = []
    if declared is not None:
        name = codec_name(declared)
        if name is None:
            raise FormatError.from_code("encoding_unknown.where", where=where, declared=declared)
        return Encoding(name, "given", tuple(_unreadable(text, name, where)))
    raws = [*text.names, *(cell for cell, _ in text.cells)]
    if all(raw.isascii() for raw in raws):
        return Encoding("utf-8", "ascii")

    beyond = sum(byte > 0x7F for raw in raws for byte in raw)
    claims = []
    if cpg is not None:
        claim = cpg[:200].decode("ascii", errors="replace").strip()
        claims.append(("cpg", label, claim, codec_name(claim)))
    page = _LANGUAGE_BYTES.get(text.language_byte)
    if page is not None:
        claims.append(("language_byte", "LDID", f"0x{text.language_byte:02X}", page))

    for source, label, claim, name in claims:
        if name is None:
            issues.append(_contradiction("unknown", where, label, claim))
        elif wrong := _disagreeing(text, name):
            issues.append(_contradiction("texts", where, label, claim, count=wrong))
        elif name in _ACCEPTS_ALL and (_disagreeing(text, "utf-8") == 0 or _looks_chinese(text)):
            issues.append(_contradiction("chinese", where, label, claim))
        elif name == "gb18030" and beyond >= _FEW_BYTES and _disagreeing(text, "utf-8") == 0:
            # GB 18030 reads nearly anything; a run of Chinese in it that is strict UTF-8 by chance does not occur.
            issues.append(_contradiction("utf8", where, label, claim))
        else:
            return Encoding(name, source, tuple(issues))
    if not _disagreeing(text, "utf-8"):
        if beyond < _FEW_BYTES and _disagreeing(text, "gb18030") == 0:
            issues.append(Issue.from_code("warning", "encoding_uncertain", where))
        return Encoding("utf-8", "bytes", tuple(issues))
    issues.extend(_unreadable(text, "gb18030", where))
    return Encoding("gb18030", "bytes", tuple(issues))


def _contradiction(ground: str, where: str, label: str, claim: str, **parameters: int) -> Issue:
    return Issue.from_code(
        "warning", f"encoding_contradiction.{ground}", where, label=label, claim=claim[:40], **parameters
    )


def _unreadable(text: DbfText, name: str, where: str) -> list[Issue]:
    wrong = _disagreeing(text, name)
    if not wrong:
        return []
    return [Issue.from_code("warning", "text_unreadable", where, count=wrong, encoding=name)]


def decode_text(content: bytes, name: str, *, encoding: str | None = None) -> tuple[str, str, list[Issue]]:
    """Decode a text file: a byte order mark, else strict UTF-8, else GB18030.

    Parameters
    ----------
    content : bytes
    name : str
        File name, for messages.
    encoding : str, optional
        What the caller declares; then nothing else is tried.

    Returns
    -------
    text : str
        Without byte order mark, line ends as in the file.
    encoding : str
        ``utf-8-sig``, ``utf-8``, ``utf-16`` or ``gb18030``, or what was declared.
    issues : list of Issue

    Raises
    ------
    FormatError
        If no encoding reads all of it, or it is no text.

    Examples
    --------
    >>> decode_text("[属性描述]".encode("gbk"), "a.txt")[:2]
    ('[属性描述]', 'gb18030')
    """
    if encoding is not None:
        codec = "utf-16" if encoding.strip().lower() in ("utf-16", "utf16") else codec_name(encoding)
        if codec is None:
            raise FormatError.from_code("encoding_unknown", file=name, encoding=encoding)
        try:
            return content.decode(codec).removeprefix("\ufeff"), codec, []
        except UnicodeDecodeError as error:
            raise _no_text(name, content, error.start, codec) from error
    if content.startswith(codecs.BOM_UTF8):
        try:
            return content.decode("utf-8-sig"), "utf-8-sig", []
        except UnicodeDecodeError as error:
            raise _no_text(name, content, error.start, "UTF-8") from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16"), "utf-16", []
        except UnicodeDecodeError as error:
            raise _no_text(name, content, error.start, "UTF-16") from error
    if b"\x00" in content:
        raise FormatError.from_code("text_with_null_bytes", file=name)
    try:
        return content.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise _no_text(name, content, error.start, "UTF-8 / GB18030") from error
    issue = Issue.from_code("info", "encoding_detected.text", name)
    return text, "gb18030", [issue]


def _no_text(name: str, content: bytes, start: int, tried: str) -> FormatError:
    line = content.count(b"\n", 0, start) + 1
    return FormatError.from_code("text_undecodable", file=name, line=line, tried=tried)
