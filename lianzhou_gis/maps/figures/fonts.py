"""A font in which every character of a figure has its glyph; where there is none, an error, never boxes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from lianzhou_gis.errors import FormatError, MissingExtraError, MissingFileError

__all__ = ["clean", "families_for", "width_of"]

# Fonts with the forms of letters used in China, by the names that systems give them.
_KNOWN = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "PingFang SC",
    "Hiragino Sans GB", "SimHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "SimSun",
    "Noto Serif CJK SC", "Source Han Serif SC", "Arial Unicode MS",
)  # fmt: skip
# What the Chinese fonts lack, such as Greek with accents; comes with matplotlib.
_LATIN = "DejaVu Sans"


def clean(text: str) -> str:
    r"""Return a text as one line of visible characters: controls, line ends and turns of direction become spaces.

    Examples
    --------
    >>> clean("a\u202eb\nc\x00")
    'a b c '
    """
    return "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)


def width_of(text: str) -> float:
    """Return about how wide a text is, in heights of its letters.

    Examples
    --------
    >>> width_of("连州"), round(width_of("ab"), 2)
    (2.0, 1.16)
    """
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WFA" else 0.58 for letter in text)


def families_for(texts: Iterable[str], font: str | Path | None = None) -> list[str]:
    """Return the names of the fonts to write texts with, the first that is found with all their characters.

    Parameters
    ----------
    texts : iterable of str
    font : path, optional
        A font file to use instead of those that are installed.

    Raises
    ------
    MissingExtraError
        If no Chinese font is installed; names the packages to install.
    MissingFileError
        If the font that was named does not exist.
    FormatError
        If it is no font, or a character is in none of the fonts.
    """
    letters = {letter for text in texts for letter in clean(text)} - {" "}
    if font is not None:
        names = [_own(Path(font))]
    else:
        names = _installed() or _found_since()
    spare = _letters_of(_LATIN)
    best: set[str] | None = None
    for name in names:
        missing = letters - _letters_of(name) - spare
        if not missing:
            return [name, _LATIN]
        best = missing if best is None or len(missing) < len(best) else best
    if best is None:
        raise MissingExtraError.from_code("font_missing")
    shown = [f"{letter} U+{ord(letter):04X}" for letter in sorted(best)[:5]]
    raise FormatError.from_code("font_lacks_characters", count=len(best), characters=shown)


def _installed() -> list[str]:
    """Return the Chinese fonts that matplotlib's list names, the preferred ones first."""
    from matplotlib import font_manager

    listed = {entry.name for entry in font_manager.fontManager.ttflist}
    others = sorted(name for name in listed - set(_KNOWN) if "CJK SC" in name or "Han Sans" in name)
    return [name for name in _KNOWN if name in listed] + others


def _found_since() -> list[str]:
    """Return the Chinese fonts that were installed after matplotlib cached its list; they join the list."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    for path in sorted(set(font_manager.findSystemFonts()) - {entry.fname for entry in manager.ttflist}):
        # A file that FreeType cannot read is no font for a figure either.
        with suppress(RuntimeError, OSError, ValueError):
            manager.addfont(path)
    return _installed()


def _own(path: Path) -> str:
    from matplotlib import font_manager

    if not path.is_file():
        raise MissingFileError.from_code("font_file_missing", file=path.name)
    try:
        font_manager.fontManager.addfont(str(path))
        return str(font_manager.FontProperties(fname=str(path)).get_name())
    except (RuntimeError, OSError, ValueError) as error:
        raise FormatError.from_code("font_file_unreadable", file=path.name) from error


@cache
def _letters_of(name: str) -> frozenset[str]:
    from matplotlib import font_manager

    found = font_manager.findfont(font_manager.FontProperties(family=name), fallback_to_default=False)
    return frozenset(chr(code) for code in font_manager.get_font(found).get_charmap())
