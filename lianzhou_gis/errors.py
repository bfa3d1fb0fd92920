"""Exceptions, issues, and the messages that both carry.

A message is a sentence in Chinese and in English that names the file or thing, the place in it, and the remedy. The
sentences are in ``messages.yaml`` under a code; code raises or records them by that code with parameters. Each
exception is also a builtin one, so that ``except ValueError`` works as well.

Examples
--------
>>> raise MissingExtraError.from_code("extra_missing", module="ezdxf", extra="dxf")
Traceback (most recent call last):
...
lianzhou_gis.errors.MissingExtraError: ezdxf is not installed; run pip install 'lianzhou_gis[dxf]'
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module
from numbers import Real
from pathlib import Path, PurePath
from types import ModuleType
from typing import Literal, NamedTuple, Protocol, Self, runtime_checkable

__all__ = [
    "AlteredRunError",
    "CatalogError",
    "DisclosureError",
    "FactError",
    "FormatError",
    "GeometryError",
    "Issue",
    "LianzhouError",
    "Message",
    "MissingExtraError",
    "MissingFileError",
    "Phrase",
    "ReferenceSystemError",
    "RuleError",
    "RunError",
    "Severity",
    "did_you_mean",
    "extra",
]

Severity = Literal["info", "warning", "error"]
Lang = Literal["zh", "en"]

# Longest text and longest list that a parameter puts into a message.
_MAX_TEXT = 200
_MAX_SENTENCE = 1200
_MAX_ITEMS = 60
_SEPARATORS: dict[Lang, str] = {"zh": "、", "en": ", "}
# Control, format and surrogate characters, private use, line and paragraph separators.
_ESCAPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@runtime_checkable
class _Bilingual(Protocol):
    """Anything with a text in both languages: a phrase, a message, an issue, an exception."""

    @property
    def zh(self) -> str: ...

    @property
    def en(self) -> str: ...


class Phrase(NamedTuple):
    """A part of a sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people in both languages.

    Attributes
    ----------
    code : str or None
        Key in ``messages.yaml``. A suffix after a dot distinguishes variants of one code. ``None`` if the sentence was
        given as it is.
    zh, en : str
        One line each, the remedy included.
    """

    code: str | None
    zh: str
    en: str

    @classmethod
    def from_code(cls, code: str, /, **parameters: object) -> Self:
        r"""Render the message of a code.

        Parameters
        ----------
        code : str
        **parameters
            Values of the placeholders. Texts are cut to 200 characters and their control characters are escaped;
            of a path only the name is shown; what has a text in both languages (a :class:`Phrase`, an exception,
            a label ``{"zh": ..., "en": ...}``) is shown in that of the sentence; lists are joined.

        Raises
        ------
        KeyError
            If there is no such code, or a placeholder has no value.

        Examples
        --------
        >>> Message.from_code("extra_missing", module="a" + chr(0x202E) + "b", extra="dxf").zh
        "未安装 a\\u202eb；请运行 pip install 'lianzhou_gis[dxf]'"
        """
        entry = _messages()[code]
        zh, en = (_sentence(entry, lang, parameters) for lang in ("zh", "en"))
        return cls(code, zh, en)

    @property
    def texts(self) -> dict[str, str]:
        """Both sentences, as they are written in ``result.json``."""
        return {"zh": self.zh, "en": self.en}


@cache
def _messages() -> dict[str, dict[str, object]]:
    from lianzhou_gis.resources import read_resource

    sections: dict[str, dict[str, dict[str, object]]] = read_resource(Path(__file__).with_name("messages.yaml"))
    return {code: entry for section in sections.values() for code, entry in section.items()}


def _sentence(entry: Mapping[str, object], lang: Lang, parameters: Mapping[str, object]) -> str:
    """Fill sentence and remedy of an entry of ``messages.yaml`` with parameters."""
    template, remedy = str(entry[lang]), entry.get("remedy")
    if isinstance(remedy, dict):
        template += ("；" if lang == "zh" else "; ") + remedy[lang]
    return _one_line(_Formatter(lang).vformat(template, (), parameters))


class _Formatter(string.Formatter):
    """Fills placeholders with bounded, escaped texts of one language; no attributes, indexes or conversions."""

    def __init__(self, lang: Lang) -> None:
        self._lang: Lang = lang

    def get_field(self, field_name: str, args: object, kwargs: Mapping[str, object]) -> tuple[object, str]:
        return kwargs[field_name], field_name

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, Real) and not isinstance(value, bool):
            return format(value, format_spec)
        return _shown(value, self._lang)


def _shown(value: object, lang: Lang) -> str:
    """Return a parameter as a text in one language."""
    if value is None:
        return "-"
    if isinstance(value, _Bilingual):
        return _bounded(getattr(value, lang), _MAX_SENTENCE)
    if isinstance(value, Mapping) and lang in value:
        return _bounded(str(value[lang]), _MAX_SENTENCE)
    if isinstance(value, PurePath):
        return _bounded(value.name, _MAX_TEXT)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        items = [_shown(item, lang) for item in value]
        more = " …" if len(items) > _MAX_ITEMS else ""
        return _SEPARATORS[lang].join(items[:_MAX_ITEMS]) + more
    return _bounded(str(value), _MAX_TEXT)


def _bounded(text: str, longest: int) -> str:
    """Return a text on one line, cut, with its control characters escaped."""
    text = _one_line(text)
    text = text if len(text) <= longest else text[:longest] + "…"
    if text.isprintable():
        return text
    return "".join(
        ascii(character)[1:-1] if unicodedata.category(character) in _ESCAPED else character for character in text
    )


def _one_line(text: str) -> str:
    # Names in files may hold line ends, and a message is one line.
    return " ".join(text.splitlines())


class LianzhouError(Exception):
    """Root of all exceptions of this package.

    Parameters
    ----------
    zh, en : str
        One sentence each: what is wrong, where, and what to do.
    code : str, optional
        Key of the message in ``messages.yaml``.

    Examples
    --------
    >>> str(LianzhouError("文件不存在", "no such file"))
    'no such file'
    >>> str(LianzhouError("没有字段", "no column a" + chr(10) + "b"))
    'no column a b'
    """

    def __init__(self, zh: str, en: str, code: str | None = None) -> None:
        self.zh, self.en = _one_line(zh), _one_line(en)
        self.code = code
        super().__init__(self.en)

    @classmethod
    def from_code(cls, code: str, /, **parameters: object) -> Self:
        """Build the exception with the message of a code; parameters as those of :meth:`Message.from_code`."""
        return cls.from_message(Message.from_code(code, **parameters))

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Build the exception with a message that exists already, for instance that of another exception."""
        return cls(message.zh, message.en, code=message.code)

    @property
    def message(self) -> Message:
        """The message, to be carried on by an issue or another exception."""
        return Message(self.code, self.zh, self.en)

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

    def __init__(self, zh: str, en: str, candidates: tuple[object, ...] = (), code: str | None = None) -> None:
        super().__init__(zh, en, code)
        self.candidates = candidates

    def with_candidates(self, candidates: Iterable[object]) -> Self:
        """Set the candidates and return the exception."""
        self.candidates = tuple(candidates)
        return self


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


class AlteredRunError(RunError):
    """A run folder is not as it was sealed."""


class MissingExtraError(LianzhouError, ImportError):
    """An optional package is needed and not installed."""


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that was repaired, reprojected, guessed, doubted, cut or dropped.

    Attributes
    ----------
    severity : {"info", "warning", "error"}
    code : str
        Lower snake case, stable: what tests and programs compare.
    where : str
        The file, layer or site, and the place in it (``"a.txt:12"``, ``"layer water, zone W3"``).
        Never an absolute path.
    zh, en : str
        The sentence for people.
    """

    severity: Severity
    code: str
    where: str
    zh: str
    en: str

    @classmethod
    def from_code(cls, severity: Severity, code: str, where: str, /, **parameters: object) -> Self:
        """Build an issue with the message of a code.

        Parameters
        ----------
        severity : {"info", "warning", "error"}
        code : str
            Key in ``messages.yaml``. The code of the issue is the part before the dot of a variant.
        where : str
        **parameters
            As those of :meth:`Message.from_code`.
        """
        message = Message.from_code(code, **parameters)
        return cls(severity, code.partition(".")[0], where, message.zh, message.en)

    @property
    def message(self) -> dict[str, str]:
        """Both sentences, as they are written in ``result.json``."""
        return {"zh": self.zh, "en": self.en}


def did_you_mean(name: str, known: Iterable[str]) -> Phrase:
    """Return what to add to an error about an unknown name; empty where nothing is close.

    Examples
    --------
    >>> did_you_mean("livestok", ["livestock", "mining"])
    Phrase(zh='（是否指 livestock？）', en=' (did you mean livestock?)')
    >>> did_you_mean("x", ["livestock"])
    Phrase(zh='', en='')
    """
    # Imported lazily: needed for an error only.
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=3, cutoff=0.7)
    if not close:
        return Phrase("", "")
    message = Message.from_code("did_you_mean", names=Phrase("、".join(close), " or ".join(close)))
    return Phrase(message.zh, message.en)


def extra(module: str, name: str) -> ModuleType:
    """Import a module that only an extra of this package installs.

    Parameters
    ----------
    module : str
        Name for the import.
    name : str
        Name of the extra in ``setup.cfg``.

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
        raise MissingExtraError.from_code("extra_missing", module=module, extra=name) from error
