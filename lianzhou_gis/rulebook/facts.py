"""The vocabulary of facts: what may be known of a project, how it is asked and how a text is read."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lianzhou_gis.errors import FactError, Issue, did_you_mean
from lianzhou_gis.rulebook.industries import UNKNOWN_CODE, parse_industry_code

__all__ = ["Fact", "FactVocabulary"]

_YES = {"yes", "y", "true", "t", "1", "是", "有", "对"}
_NO = {"no", "n", "false", "f", "0", "否", "无", "没有", "不"}
_UNKNOWN = {"", "unknown", "未知", "不明", "不详", "待定", "none", "null", "nan", "na", "n/a", "-", "—", "?"}
_CODE = re.compile(r"[A-Z]?\d{0,4}")
_LONGEST = 500
ACCESS_PREFIX = "access_item."
DOCUMENT_SUFFIX = "_document"


@dataclass(frozen=True)
class Fact:
    """One fact: its type, unit, choices, labels and question.

    Attributes
    ----------
    type : {"yes_no", "number", "choice", "text", "codes"}
    claim : bool
        Whether a yes counts only with a document number.
    help : dict or None
        What counts and where the value is found, where the question alone does not say it.
    """

    name: str
    type: str
    label: dict[str, str]
    question: dict[str, str]
    unit: str | None
    choices: Mapping[str, dict[str, str]]
    claim: bool
    help: dict[str, str] | None = None


def _plain(raw: Any) -> str:  # noqa: ANN401 - any cell
    return unicodedata.normalize("NFKC", str(raw)).strip().casefold()


class FactVocabulary:
    """All facts that rules may ask for.

    Parameters
    ----------
    entries : mapping
        The content of ``facts.yaml``.

    Examples
    --------
    >>> entry = {"type": "yes_no", "zh": "畜禽养殖", "en": "livestock", "question": {"zh": "?", "en": "?"}}
    >>> FactVocabulary({"livestock": entry}).parse("livestock", "是", "--set")
    (True, [])
    """

    def __init__(self, entries: Mapping[str, Any]) -> None:
        self._facts = {
            name: Fact(
                name=name,
                type=entry["type"],
                label={"zh": entry["zh"], "en": entry["en"]},
                question=dict(entry["question"]),
                unit=entry.get("unit"),
                choices=dict(entry.get("choices", {})),
                claim=bool(entry.get("claim", False)),
                help=dict(entry["help"]) if entry.get("help") else None,
            )
            for name, entry in entries.items()
        }
        self._by_label = {_plain(fact.label[lang]): name for name, fact in self._facts.items() for lang in ("zh", "en")}

    def __iter__(self) -> Any:  # noqa: ANN401 - an iterator of facts
        return iter(self._facts.values())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def find(self, name: str) -> str | None:
        """Return the fact that a column or key means, by name or label; ``None`` where it means none."""
        if name in self._facts or name.startswith(ACCESS_PREFIX):
            return name
        if name.endswith(DOCUMENT_SUFFIX) and name.removesuffix(DOCUMENT_SUFFIX) in self._facts:
            base = self._facts[name.removesuffix(DOCUMENT_SUFFIX)]
            return name if base.claim else None
        return self._by_label.get(_plain(name))

    def get(self, name: str) -> Fact:
        """Return a fact; one of an access-list item or of a claim's document is made up on the way.

        Raises
        ------
        FactError
            If the vocabulary has no such fact.
        """
        found = self.find(name)
        if found is None:
            zh, en = did_you_mean(name, self._facts)
            raise FactError(
                f"没有名为 {name!r} 的项目信息{zh}；可用名称见 rules facts",
                f"there is no fact {name!r}{en}; see rules facts",
            )
        if found in self._facts:
            return self._facts[found]
        if found.startswith(ACCESS_PREFIX):
            item = found.removeprefix(ACCESS_PREFIX)
            return Fact(
                found,
                "yes_no",
                {"zh": f"准入清单条目 {item} 是否适用", "en": f"access-list item {item} applies"},
                {"zh": f"准入清单条目 {item} 是否适用于本项目？", "en": f"Does access-list item {item} bear on it?"},
                None,
                {},
                False,
            )
        base = self._facts[found.removesuffix(DOCUMENT_SUFFIX)]
        return Fact(
            found,
            "text",
            {"zh": f"{base.label['zh']}的文号", "en": f"document of: {base.label['en']}"},
            {"zh": f"{base.label['zh']}的批准或论证文号是什么？", "en": f"Document number of: {base.label['en']}?"},
            None,
            {},
            False,
        )

    def shown(self, name: str, value: Any) -> dict[str, str]:  # noqa: ANN401 - a fact's value
        """Return a value as people read it: yes and no, the label of a choice, a number with its unit.

        Examples
        --------
        >>> entry = {"type": "yes_no", "zh": "畜禽养殖", "en": "livestock", "question": {"zh": "?", "en": "?"}}
        >>> FactVocabulary({"livestock": entry}).shown("livestock", False)
        {'zh': '否', 'en': 'no'}
        """
        fact = self.get(name)
        if value is None:
            return {"zh": "未知", "en": "unknown"}
        if isinstance(value, bool):
            return {"zh": "是" if value else "否", "en": "yes" if value else "no"}
        if value in fact.choices:
            return dict(fact.choices[value])
        if isinstance(value, int | float):
            return {"zh": f"{value:g}{fact.unit or ''}", "en": f"{value:g}"}
        text = "、".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
        return {"zh": text, "en": text.replace("、", ", ")}

    def parse(self, name: str, raw: Any, where: str) -> tuple[Any, list[Issue]]:  # noqa: ANN401 - any cell
        """Read a value as its fact's type.

        Parameters
        ----------
        name : str
        raw : anything
            A cell, a YAML value or a text of the command line.
        where : str
            For messages.

        Returns
        -------
        value : bool, float, str, tuple of str or None
            ``None`` is unknown.
        issues : list of Issue

        Raises
        ------
        FactError
            For an unknown fact or an impossible value.
        """
        fact = self.get(name)
        if raw is None or (isinstance(raw, float) and math.isnan(raw)):
            return None, []
        if isinstance(raw, dict):
            raw = raw.get("value")
        text = str(raw)
        if len(text) > _LONGEST:
            raise FactError(f"{where}：{name} 的值过长", f"{where}: the value of {name} is too long")
        plain = _plain(raw)
        if plain in _UNKNOWN:
            return None, []
        value = _READ[fact.type](fact, raw, plain)
        if value is None:
            allowed_zh, allowed_en = _allowed(fact)
            raise FactError(
                f"{where}：{fact.label['zh']}（{name}）的值 {text[:60]!r} 无法识别；{allowed_zh}",
                f"{where}: {name} = {text[:60]!r} cannot be read; {allowed_en}",
            )
        return _known_codes(name, value, where) if isinstance(value, tuple) else (value, [])

    def settle_claims(self, facts: Mapping[str, Any], where: str) -> tuple[dict[str, Any], list[Issue]]:
        """Make every claim without a document unknown.

        Returns
        -------
        facts : dict
            A copy; a claim that is yes without a document number is ``None``.
        issues : list of Issue
            ``claim_without_document`` for each.
        """
        settled, issues = dict(facts), []
        for name, value in facts.items():
            if value is True and name in self._facts and self._facts[name].claim:
                if not str(facts.get(name + DOCUMENT_SUFFIX) or "").strip():
                    settled[name] = None
                    label = self._facts[name].label
                    issues.append(
                        Issue(
                            "warning",
                            "claim_without_document",
                            where,
                            f"“{label['zh']}”未附文号，按未知处理；请以 {name}{DOCUMENT_SUFFIX} 给出文号",
                            f"{name} has no document number and counts as unknown; give {name}{DOCUMENT_SUFFIX}",
                        )
                    )
        return settled, issues


def _yes_no(fact: Fact, raw: Any, plain: str) -> bool | None:  # noqa: ANN401
    return True if plain in _YES or plain in {"1.0"} else False if plain in _NO or plain in {"0.0"} else None


def _number(fact: Fact, raw: Any, plain: str) -> float | None:  # noqa: ANN401
    if isinstance(raw, bool):
        return None
    try:
        value = float(plain.replace(",", "").removesuffix(fact.unit or "").strip())
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value < 1e12 else None


def _choice(fact: Fact, raw: Any, plain: str) -> str | None:  # noqa: ANN401
    for code, label in fact.choices.items():
        if plain in {_plain(code), _plain(label["zh"]), _plain(label["en"])}:
            return code
    return None


def _text(fact: Fact, raw: Any, plain: str) -> str | None:  # noqa: ANN401
    return str(raw).strip()


def _codes(fact: Fact, raw: Any, plain: str) -> tuple[str, ...] | None:  # noqa: ANN401
    listed = raw if isinstance(raw, list | tuple) else re.split(r"[,;，；、\s]+", plain.upper())
    codes = tuple(unicodedata.normalize("NFKC", str(code)).strip().upper() for code in listed if str(code).strip())
    return codes if codes and all(_CODE.fullmatch(code) and len(code) > 1 for code in codes) else None


def _known_codes(name: str, codes: tuple[str, ...], where: str) -> tuple[tuple[str, ...], list[Issue]]:
    """Return codes with their letters; one that GB/T 4754 does not have counts as any industry, and is told."""
    found = {code: parse_industry_code(code) for code in codes}
    issues = [
        Issue(
            "warning",
            "industry_code_unknown",
            where,
            f"{name}：国民经济行业分类（GB/T 4754—2017）中没有代码 {code}，按行业未知处理；请更正",
            f"{name}: GB/T 4754-2017 has no code {code}; the industry counts as unknown; correct it",
        )
        for code, known in found.items()
        if known is None
    ]
    return tuple(known or UNKNOWN_CODE for known in found.values()), issues


_READ = {"yes_no": _yes_no, "number": _number, "choice": _choice, "text": _text, "codes": _codes}
TYPES = tuple(_READ)


def _allowed(fact: Fact) -> tuple[str, str]:
    if fact.type == "choice":
        zh = "、".join(f"{code}（{label['zh']}）" for code, label in fact.choices.items())
        return f"可填 {zh}", f"one of {', '.join(fact.choices)}"
    return {
        "yes_no": ("可填 是/否/未知", "yes, no or unknown"),
        "number": ("应为不小于 0 的数", "a number of at least 0"),
        "text": ("应为文字", "a text"),
        "codes": ("应为国民经济行业代码，如 C2631", "codes of GB/T 4754 such as C2631"),
    }[fact.type]
