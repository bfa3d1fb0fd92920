"""Exceptions, and the record of everything that was repaired, doubted or dropped.

Every exception carries its sentence in Chinese and in English, names the file or the thing that is wrong, the place
in it, and what to do. Each is also a builtin exception, so that ``except ValueError`` works as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

__all__ = [
    "CatalogError",
    "DisclosureError",
    "FactError",
    "FormatError",
    "GeometryError",
    "Issue",
    "LianzhouError",
    "MissingExtraError",
    "MissingFileError",
    "ReferenceSystemError",
    "RuleError",
    "RunError",
    "did_you_mean",
    "extra",
]


class LianzhouError(Exception):
    """Root of all exceptions of this package.

    Parameters
    ----------
    zh, en : str
        One sentence each: what is wrong, where, and what to do.

    Examples
    --------
    >>> str(LianzhouError("文件不存在", "no such file"))
    'no such file'
    >>> str(LianzhouError("没有字段", "no column a" + chr(10) + "b"))
    'no column a b'
    """

    def __init__(self, zh: str, en: str) -> None:
        # Names that stand in files may hold line ends, and an error is one line.
        self.zh, self.en = (" ".join(text.splitlines()) for text in (zh, en))
        super().__init__(self.en)

    def text(self, lang: str) -> str:
        """Return the sentence in ``lang``, ``"zh"`` or ``"en"``."""
        return self.zh if lang == "zh" else self.en


class ReferenceSystemError(LianzhouError, ValueError):
    """A coordinate reference system is missing, unknown or impossible for the place.

    Attributes
    ----------
    candidates : tuple
        What would put the coordinates into the region, likeliest first.
    """

    def __init__(self, zh: str, en: str, candidates: tuple[Any, ...] = ()) -> None:
        super().__init__(zh, en)
        self.candidates = candidates


class FormatError(LianzhouError, ValueError):
    """A file exists but its content cannot be read as what it claims to be."""


class MissingFileError(LianzhouError, FileNotFoundError):
    """A file or folder that was named does not exist."""


class GeometryError(LianzhouError, ValueError):
    """A geometry cannot be used, or not for this purpose."""


class CatalogError(LianzhouError, ValueError):
    """The catalog of layers is broken."""


class DisclosureError(LianzhouError, ValueError):
    """Something must not be published, or not so."""


class RuleError(LianzhouError, ValueError):
    """The rulebook is broken."""


class FactError(LianzhouError, ValueError):
    """A fact of a project is unknown to the vocabulary or has an impossible value."""


class RunError(LianzhouError, ValueError):
    """A run folder cannot be written or read."""


class MissingExtraError(LianzhouError, ImportError):
    """An optional package is needed and not installed."""


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that was repaired, reprojected, guessed, doubted, cut or dropped.

    Attributes
    ----------
    severity : {"info", "warning", "error"}
    code : str
        Lower snake case, stable: what tests and programs look at.
    where : str
        The file, layer or site, and the place in it (``"a.txt:12"``, ``"layer water, zone W3"``).
        Never an absolute path.
    zh, en : str
        The sentence for people.
    """

    severity: Literal["info", "warning", "error"]
    code: str
    where: str
    zh: str
    en: str

    @property
    def message(self) -> dict[str, str]:
        """Both sentences, as they stand in ``result.json``."""
        return {"zh": self.zh, "en": self.en}


def did_you_mean(name: str, known: Iterable[str]) -> tuple[str, str]:
    """Return what to add to an error about an unknown name, in Chinese and in English; empty where nothing is close.

    Examples
    --------
    >>> did_you_mean("livestok", ["livestock", "mining"])
    ('（是否指 livestock？）', ' (did you mean livestock?)')
    >>> did_you_mean("x", ["livestock"])
    ('', '')
    """
    # Loaded where something is wrong already.
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=3, cutoff=0.7)
    if not close:
        return "", ""
    return f"（是否指 {'、'.join(close)}？）", f" (did you mean {' or '.join(close)}?)"


def extra(module: str, name: str) -> Any:  # noqa: ANN401 - a module
    """Return a module that only an extra of this package installs.

    Parameters
    ----------
    module : str
        As it is imported.
    name : str
        Of the extra in ``setup.cfg``.

    Raises
    ------
    MissingExtraError
        If it is not installed; names the line to type.

    Examples
    --------
    >>> extra("json", "tables").__name__
    'json'
    >>> extra("no_such_module", "tables")
    Traceback (most recent call last):
    ...
    lianzhou_gis.errors.MissingExtraError: no_such_module is not installed; run pip install 'lianzhou_gis[tables]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise
        line = f"pip install 'lianzhou_gis[{name}]'"
        raise MissingExtraError(f"未安装 {module}；请运行 {line}", f"{module} is not installed; run {line}") from error
