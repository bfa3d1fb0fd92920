"""The vocabulary of facts: what may be known of a project, how it is asked and how a text is read."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lianzhou_gis.errors import FactError, Issue, Message, Phrase, did_you_mean
from lianzhou_gis.rulebook.documents import parse_claim_document
from lianzhou_gis.rulebook.industries import UNKNOWN_CODE, parse_industry_code

__all__ = ["Fact", "FactVocabulary"]

_YES = {"yes", "y", "true", "t", "1", "是", "有", "对"}
_NO = {"no", "n", "false", "f", "0", "否", "无", "没有", "不"}
_UNKNOWN = {"", "unknown", "未知", "不明", "不详", "待定", "none", "null", "nan", "na", "n/a", "-", "—", "?"}
_CODE = re.compile(r"[A-Z]?\d{0,4}")
_LONGEST = 500
LARGEST_NUMBER = 1e12
FACT_GROUPS = ("project", "land", "water", "air", "waste", "risk", "activity")
FACT_KNOWN_BY = ("applicant", "region", "layer")
ACCESS_PREFIX = "access_item."
DOCUMENT_SUFFIX = "_document"


@dataclass(frozen=True)
class Fact:
    """One fact: its type, unit, choices, labels and question.

    Attributes
    ----------
    type : {"yes_no", "number", "choice", "text", "codes"}
    claim : bool
        Whether a yes counts only with a document: number, issuer and date.
    help : dict or None
        The legal term that is meant, with its source, and where the value is found.
    group : str or None
        Where a questionnaire shows it; one of ``FACT_GROUPS``.
    checklist : bool
        Whether it may be in the list that one answer "none of these" settles.
    known_by : {"applicant", "region", "layer"}
        Who knows it: of each project its applicant, the region once for all projects, or a layer.
    whole : bool
        Whether a number must be whole.
    minimum, maximum : float
        Bounds of a number, both included.
    none : str or None
        Of a choice on the checklist: the one that means none of them.
    item : dict or None
        How a choice reads on the checklist.
    formerly : mapping of str to {"same", "part"}
        Former names that this fact replaces: with the same meaning, or as one of several.
    former_values : mapping of str to list of str
        Former values of a choice, and the choices that replace each.
    """

    name: str
    type: str
    label: dict[str, str]
    question: dict[str, str]
    unit: str | None
    choices: Mapping[str, dict[str, str]]
    claim: bool
    help: dict[str, str] | None = None
    group: str | None = None
    checklist: bool = False
    known_by: str = "applicant"
    whole: bool = False
    minimum: float = 0.0
    maximum: float = LARGEST_NUMBER
    none: str | None = None
    item: dict[str, str] | None = None
    silent: tuple[str, ...] = ()
    formerly: Mapping[str, str] = field(default_factory=dict)
    former_values: Mapping[str, list[str]] = field(default_factory=dict)

    def not_there(self) -> bool | str:
        """Return the value that "none of these" records: no, or the choice that means nothing of the kind."""
        return False if self.none is None else self.none


class FormerFact(NamedTuple):
    """What became of a former fact: the fact that takes its value, or those that must be asked anew."""

    same: str | None
    successors: tuple[str, ...]


def _plain(raw: object) -> str:
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
                group=entry.get("group"),
                checklist=bool(entry.get("checklist", False)),
                known_by=str(entry.get("known_by", "applicant")),
                whole=bool(entry.get("whole", False)),
                minimum=float(entry.get("minimum", 0.0)),
                maximum=float(entry.get("maximum", LARGEST_NUMBER)),
                none=entry.get("none"),
                item=dict(entry["item"]) if entry.get("item") else None,
                silent=tuple(entry.get("silent", ())),
                formerly=dict(entry.get("formerly", {})),
                former_values={str(old): list(new) for old, new in entry.get("former_values", {}).items()},
            )
            for name, entry in entries.items()
        }
        self._by_label = {_plain(fact.label[lang]): name for name, fact in self._facts.items() for lang in ("zh", "en")}

    def __iter__(self) -> Iterator[Fact]:
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

    def former(self, name: str) -> FormerFact | None:
        """Return what became of a fact of former vocabularies; ``None`` for a name that never was one.

        Examples
        --------
        >>> entry = {"type": "yes_no", "zh": "废气", "en": "waste gas", "question": {"zh": "?", "en": "?"}}
        >>> FactVocabulary({"waste_gas": {**entry, "formerly": {"pollutants": "part"}}}).former("pollutants")
        FormerFact(same=None, successors=('waste_gas',))
        """
        found = {fact.name: fact.formerly[name] for fact in self._facts.values() if name in fact.formerly}
        if not found:
            return None
        same = next((successor for successor, meaning in found.items() if meaning == "same"), None)
        return FormerFact(same, tuple(found))

    def get(self, name: str) -> Fact:
        """Return a fact; one of an access-list item or of a claim's document is made up on the way.

        Raises
        ------
        FactError
            If the vocabulary has no such fact.
        """
        found = self.find(name)
        if found is None:
            raise FactError.from_code("fact_name_unknown", name=name, hint=did_you_mean(name, self._facts))
        if found in self._facts:
            return self._facts[found]
        if found.startswith(ACCESS_PREFIX):
            item = found.removeprefix(ACCESS_PREFIX)
            return Fact(
                found,
                "yes_no",
                {"zh": f"准入清单条目 {item} 是否适用", "en": f"access-list item {item} applies"},
                {"zh": f"准入清单条目 {item} 是否适用于本项目？", "en": f"Does access-list item {item} apply to it?"},
                None,
                {},
                False,
            )
        base = self._facts[found.removesuffix(DOCUMENT_SUFFIX)]
        return Fact(
            found,
            "text",
            {"zh": f"{base.label['zh']}的文件", "en": f"document of: {base.label['en']}"},
            {
                "zh": f"{base.label['zh']}的批准或论证文件的文号、机关和日期是什么？",
                "en": f"Number, issuer and date of the document: {base.label['en']}?",
            },
            None,
            {},
            False,
        )

    def shown(self, name: str, value: object) -> dict[str, str]:
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
        if isinstance(value, str) and value in fact.choices:
            return dict(fact.choices[value])
        if isinstance(value, int | float):
            return {"zh": f"{value:g}{fact.unit or ''}", "en": f"{value:g}"}
        text = "、".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
        return {"zh": text, "en": text.replace("、", ", ")}

    def parse(self, name: str, raw: object, where: str) -> tuple[Any, list[Issue]]:
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
            of_claim = name.endswith(DOCUMENT_SUFFIX) and "value" not in raw
            raw = str(parse_claim_document(raw) or raw.get("number") or "") if of_claim else raw.get("value")
        text = str(raw)
        if len(text) > _LONGEST:
            raise FactError.from_code("fact_value_long", where=where, name=name)
        plain = _plain(raw)
        if plain in _UNKNOWN:
            return None, []
        value = _READ[fact.type](fact, raw, plain)
        former = fact.former_values.get(plain.removesuffix(".0")) if value is None else None
        if former is not None:
            return _former_value(fact, text, former, where)
        if value is None:
            raise FactError.from_code(
                "fact_value_unreadable", where=where, name=name, text=text, label=fact.label, allowed=_allowed(fact)
            )
        return _known_codes(name, value, where) if isinstance(value, tuple) else (value, [])

    def settle_claims(self, facts: Mapping[str, Any], where: str) -> tuple[dict[str, Any], list[Issue]]:
        """Make every claim unknown that no proper document supports.

        Returns
        -------
        facts : dict
            A copy; a claim that is yes without a document of number, issuer and date is ``None``.
        issues : list of Issue
            ``claim_without_document`` or ``claim_document_unclear`` for each.
        """
        settled, issues = dict(facts), []
        for name, value in facts.items():
            if value is not True or name not in self._facts or not self._facts[name].claim:
                continue
            given = str(facts.get(name + DOCUMENT_SUFFIX) or "").strip()
            if parse_claim_document(given) is not None:
                continue
            settled[name] = None
            issues.append(_unsupported_claim(self._facts[name], given, where))
        return settled, issues


def _unsupported_claim(fact: Fact, given: str, where: str) -> Issue:
    name = fact.name + DOCUMENT_SUFFIX
    if not given:
        return Issue.from_code("warning", "claim_without_document", where, name=name, label=fact.label)
    return Issue.from_code(
        "warning", "claim_document_unclear", where, given=given, example="粤府函〔2026〕12号", label=fact.label
    )


def _former_value(fact: Fact, text: str, successors: list[str], where: str) -> tuple[str | None, list[Issue]]:
    """Return the choice that replaces a former one; ``None`` where several do."""
    listed = {lang: "、".join(f"{code}（{fact.choices[code][lang]}）" for code in successors) for lang in ("zh", "en")}
    single = len(successors) == 1
    issue = Issue.from_code(
        "info" if single else "warning",
        "fact_value_formerly" if single else "fact_value_formerly.split",
        where,
        label=Phrase(fact.label["zh"], fact.label["en"]),
        name=fact.name,
        value=text[:60],
        successors=Phrase(listed["zh"], listed["en"].replace("、", ", ")),
    )
    return (successors[0] if single else None), [issue]


def _yes_no(fact: Fact, raw: object, plain: str) -> bool | None:
    return True if plain in _YES or plain in {"1.0"} else False if plain in _NO or plain in {"0.0"} else None


def _number(fact: Fact, raw: object, plain: str) -> float | None:
    if isinstance(raw, bool):
        return None
    try:
        value = float(plain.replace(",", "").removesuffix(fact.unit or "").strip())
    except ValueError:
        return None
    whole = not fact.whole or value.is_integer()
    return value if math.isfinite(value) and whole and fact.minimum <= value <= fact.maximum else None


def _choice(fact: Fact, raw: object, plain: str) -> str | None:
    for code, label in fact.choices.items():
        if plain in {_plain(code), _plain(label["zh"]), _plain(label["en"])}:
            return code
    return None


def _text(fact: Fact, raw: object, plain: str) -> str | None:
    return str(raw).strip()


def _codes(fact: Fact, raw: object, plain: str) -> tuple[str, ...] | None:
    listed = raw if isinstance(raw, list | tuple) else re.split(r"[,;，；、\s]+", plain.upper())
    codes = tuple(unicodedata.normalize("NFKC", str(code)).strip().upper() for code in listed if str(code).strip())
    return codes if codes and all(_CODE.fullmatch(code) and len(code) > 1 for code in codes) else None


def _known_codes(name: str, codes: tuple[str, ...], where: str) -> tuple[tuple[str, ...], list[Issue]]:
    """Return codes with their letters; one that GB/T 4754 does not have counts as any industry, with an issue."""
    found = {code: parse_industry_code(code) for code in codes}
    issues = [
        Issue.from_code("warning", "industry_code_unknown", where, name=name, code=code)
        for code, known in found.items()
        if known is None
    ]
    return tuple(known or UNKNOWN_CODE for known in found.values()), issues


_READ = {"yes_no": _yes_no, "number": _number, "choice": _choice, "text": _text, "codes": _codes}
TYPES = tuple(_READ)


def _allowed(fact: Fact) -> Message:
    """Return which values a fact can have."""
    if fact.type == "choice":
        labels = "、".join(f"{code}（{label['zh']}）" for code, label in fact.choices.items())
        return Message.from_code("fact_values.choice", choices=Phrase(labels, ", ".join(fact.choices)))
    if fact.type == "number":
        return Message.from_code(
            "fact_values.whole" if fact.whole else "fact_values.number", minimum=fact.minimum, maximum=fact.maximum
        )
    if fact.type == "codes":
        return Message.from_code("fact_values.codes")
    return Message.from_code("fact_values.yes_no" if fact.type == "yes_no" else "fact_values.text")
