"""Fonts of filed documents: what Chinese offices use, and what stands in for it on a machine that lacks them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from lianzhou_gis.errors import FormatError, MissingExtraError, extra

if TYPE_CHECKING:
    import typst

__all__ = ["DOCX_FACES", "Faces", "check_glyphs", "shared_fonts", "system_faces"]

# Names as Word and WPS know them; Latin letters and figures are set in Times New Roman.
DOCX_FACES = {"body": "仿宋", "label": "黑体", "title": "方正小标宋简体", "kai": "楷体"}
_SERIF = ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Source Han Serif CN", "SimSun", "Songti SC")
_SANS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei",
         "PingFang SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei")  # fmt: skip
_WANTED = {
    "body": ("FangSong", "FangSong_GB2312", "STFangsong"),
    "label": ("SimHei", "STHeiti", "Heiti SC"),
    "title": ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05"),
    "kai": ("KaiTi", "KaiTi_GB2312", "STKaiti"),
}
_SPARE = {"body": _SERIF + _SANS, "label": _SANS + _SERIF, "title": _SERIF + _SANS, "kai": _SERIF + _SANS}
_NAMES = {"body": "仿宋", "label": "黑体", "title": "小标宋", "kai": "楷体"}
_LATIN = ("Times New Roman", "Liberation Serif", "Libertinus Serif")
_SYMBOLS = ("DejaVu Sans",)


@dataclass(frozen=True, slots=True)
class Faces:
    """The families of each face on this machine, first choice first.

    Attributes
    ----------
    families : dict of face to tuple of str
    substitutes : str
        A sentence that names what stands in for missing fonts; empty where nothing does.
    """

    families: dict[str, tuple[str, ...]]
    substitutes: str


@cache
def shared_fonts() -> typst.Fonts:
    """Return the fonts of this machine; finding them takes half a second, so it is done once a process.

    Raises
    ------
    MissingExtraError
        If Typst is not installed.
    """
    fonts: typst.Fonts = extra("typst", "reports").Fonts()
    return fonts


@cache
def system_faces() -> Faces:
    """Return which families set each face.

    Raises
    ------
    MissingExtraError
        If no Chinese font is installed.
    """
    installed = set(shared_fonts().families())
    families: dict[str, tuple[str, ...]] = {}
    stand_ins: dict[str, list[str]] = {}
    latin = tuple(name for name in _LATIN if name in installed)[:1]
    symbols = tuple(name for name in _SYMBOLS if name in installed)
    for face, wanted in _WANTED.items():
        found = [name for name in (*wanted, *_SPARE[face]) if name in installed]
        if not found:
            raise MissingExtraError.from_code("fonts_chinese_missing")
        if found[0] not in wanted:
            stand_ins.setdefault(found[0], []).append(_NAMES[face])
        # Latin first in running text: Typst takes each letter from the first family that has it.
        first = latin if face in ("body", "kai", "title") else ()
        families[face] = (*first, found[0], *found[1:2], *symbols)
    told = "；".join(f"{'、'.join(names)}以 {family} 代替" for family, names in stand_ins.items())
    return Faces(families, f"本机缺少公文字体：{told}。" if told else "")


@cache
def _letters(path: str, index: int) -> frozenset[int]:
    font = extra("fontTools.ttLib", "reports").TTFont(path, fontNumber=index, lazy=True)
    return frozenset(font.getBestCmap())


@cache
def _covered() -> frozenset[str]:
    """Return the characters that the families in use have between them."""
    used = {family for families in system_faces().families.values() for family in families}
    found: set[int] = set()
    seen: set[str] = set()
    for font in shared_fonts().fonts():
        if font.family in used and font.family not in seen and font.path and font.style == "normal":
            seen.add(font.family)
            found |= _letters(str(font.path), int(font.index))
    return frozenset(map(chr, found))


def check_glyphs(texts: Iterable[str]) -> None:
    """Refuse a document with a character that no font of this machine has.

    Raises
    ------
    FormatError
        Names the first five such characters.
    """
    missing = sorted(letter for letter in set("".join(texts)) - _covered() if letter.isprintable())
    if missing:
        named = [f"{letter} (U+{ord(letter):04X})" for letter in missing[:5]]
        raise FormatError.from_code("fonts_glyphs_missing", letters=named, count=len(missing))
