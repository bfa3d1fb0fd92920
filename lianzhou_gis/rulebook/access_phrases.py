"""What the wording of an access-list item decides, by a library of common phrasings (``access_phrases.yaml``).

A text is decided only where every part of it is known. An open list (等) or an exception (…除外) leaves only those
projects to a person that it may mean; what is not understood whole is left to a person altogether.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lianzhou_gis.resources import read_resource

__all__ = ["WordingDecision", "condition_for_item", "decide_wording", "plain_wording"]

# Stands in a condition for the fact by which a person settles the item; its id is filled in for each item.
PLACEHOLDER = "access_item"
_ASKED = {"fact": PLACEHOLDER, "is": True}
_HEADING = re.compile(r"^\s*(?:\d{1,3}(?:-\d{1,3})*[.．、]?)?\s*[【\[][^】\]]{1,40}[】\]]")
_NOTE = re.compile(r"[（(]示例[)）]")
_SEPARATORS = ("、", "，", "及", "和", "与", "或", "以及")

Tree = dict[str, Any]


@dataclass(frozen=True)
class WordingDecision:
    """What a text decides.

    Attributes
    ----------
    outcome : {"decided", "restated", "undecided"}
    when : dict or None
        A condition of the shape that rules use, with ``access_item`` where a person must tell; of ``decided``.
    themes : tuple of str
        Themes whose rules have the same content; of ``restated``.
    phrase : str
        By which phrasing, in Chinese; why not, of ``undecided``.
    """

    outcome: str
    when: Tree | None
    themes: tuple[str, ...]
    phrase: str


@cache
def _library() -> Mapping[str, Any]:
    data: Mapping[str, Any] = read_resource(Path(__file__).with_name("access_phrases.yaml"))
    return data


def condition_for_item(tree: Any, item_id: str) -> Any:  # noqa: ANN401 - JSON
    """Return a condition with the fact by which a person settles an item in place of the placeholder.

    Examples
    --------
    >>> condition_for_item({"fact": "access_item", "is": True}, "U1-1")
    {'fact': 'access_item.U1-1', 'is': True}
    """
    if isinstance(tree, dict):
        if tree.get("fact") == PLACEHOLDER:
            return {**tree, "fact": f"{PLACEHOLDER}.{item_id}"}
        return {key: condition_for_item(value, item_id) for key, value in tree.items()}
    return [condition_for_item(value, item_id) for value in tree] if isinstance(tree, list) else tree


def plain_wording(text: str) -> str:
    """Return a text as it is compared: without number, heading, spaces and note, full-width marks as usual.

    Examples
    --------
    >>> plain_wording("1-1.【产业/禁止类】禁止新建 小水电。（示例）")
    '禁止新建小水电'
    """
    folded = unicodedata.normalize("NFKC", text)
    folded = folded.translate(str.maketrans(",;()[]", "，；（）【】"))
    folded = _NOTE.sub("", _HEADING.sub("", folded))
    return re.sub(r"\s+", "", folded).strip("。；，")


def decide_wording(text: str) -> WordingDecision:
    """Return what the wording of an item that prohibits or restricts decides.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> decide_wording("禁止新建化学农药项目").when
    {'all': [{'fact': 'construction_nature', 'in': ['new']}, {'fact': 'industry_code', 'in': ['C2631']}]}
    >>> decide_wording("严格控制开发强度").outcome
    'undecided'
    """
    sentences = [part for part in re.split(r"[。；]", plain_wording(text)) if part]
    trees: list[Tree] = []
    themes: list[str] = []
    for sentence in sentences:
        if any(re.fullmatch(pattern, sentence) for pattern in _library()["neutral_sentences"]):
            continue
        restated = next((row for row in _library()["restated"] if re.fullmatch(row["text"], sentence)), None)
        if restated is not None:
            themes += restated["themes"]
            continue
        tree = _prohibition(sentence)
        if tree is None:
            return WordingDecision("undecided", None, (), f"短语库不能完全解读：{sentence[:60]}")
        trees.append(tree)
    if themes and trees:
        return WordingDecision("undecided", None, (), "同一条既重申规定又另有要求，请分开")
    if themes:
        return WordingDecision("restated", None, tuple(dict.fromkeys(themes)), "重申法律法规已有规定")
    if not trees:
        return WordingDecision("undecided", None, (), "没有可判定的禁止或限制")
    return WordingDecision("decided", _joined("any", trees), (), "短语库")


def _prohibition(sentence: str) -> Tree | None:
    """Return the condition of a sentence that prohibits or restricts; ``None`` where any part of it is not known."""
    library = _library()
    rest, is_excepted = _without_exceptions(sentence)
    rest, place = _leading_place(rest)
    words = [word for group in library["operative"].values() for word in group]
    operative = _leading(rest, words)
    if operative is None:
        return None
    rest = rest.removeprefix(operative)
    if place is None:
        rest, place = _leading_place(rest)
    natures = _leading(rest, list(library["natures"]))
    rest = rest.removeprefix(natures or "")
    found = _industries(rest)
    if found is None:
        return None
    sure, asked = found
    if is_excepted:
        asked, sure = [*asked, *sure], []
    options = list(sure)
    if asked:
        options.append({"all": [_joined("any", asked), _ASKED]})
    if not options:
        return None
    conditions: list[Tree] = []
    if place in ("in_park", "outside_park"):
        conditions.append({"fact": "in_park", "is": place == "in_park"})
    if natures and library["natures"][natures]:
        conditions.append({"fact": "construction_nature", "in": list(library["natures"][natures])})
    conditions.append(_joined("any", options))
    return _joined("all", conditions)


def _industries(text: str) -> tuple[list[Tree], list[Tree]] | None:
    """Return what the listed industries surely mean, and what a person must tell; ``None`` for an unknown one."""
    library = _library()
    before, is_open, after = text.partition("等")
    names = before if is_open else text
    asked: list[Tree] = []
    if is_open:
        tail = _leading(after, list(library["open_classes"]))
        if after.removeprefix(tail or "") not in _tails():
            return None
        if tail is None:
            return None
        asked.append({"fact": "industry_code", "in": list(library["open_classes"][tail])})
    terms = _terms(names, is_tailed=not is_open)
    if not terms:
        return None
    codes = [code for term in terms for code in term.get("codes", ())]
    sure: list[Tree] = [{"fact": "industry_code", "in": list(dict.fromkeys(codes))}] if codes else []
    sure += [term["when"] for term in terms if "when" in term]
    doubtful = [code for term in terms for code in term.get("ask", ())]
    if doubtful:
        asked.append({"fact": "industry_code", "in": list(dict.fromkeys(doubtful))})
    return sure, asked


def _terms(text: str, *, is_tailed: bool) -> list[Mapping[str, Any]] | None:
    """Return the terms of a list of industries, the longest first at every place; ``None`` for an unknown one."""
    library = _library()
    terms: Mapping[str, Mapping[str, Any]] = library["terms"]
    found: list[Mapping[str, Any]] = []
    rest = text
    while rest:
        filler = _leading(rest, library["fillers"])
        name = _leading(rest, list(terms))
        if name is None:
            if filler is None:
                return None
            rest = rest.removeprefix(filler)
            continue
        found.append(terms[name])
        rest = rest.removeprefix(name)
        if is_tailed and rest in _tails():
            return found
        if not rest:
            return found
        tail = _leading(rest, ["的", *[tail for tail in library["tails"] if tail]])
        if tail and any(rest.removeprefix(tail).startswith(mark) for mark in _SEPARATORS):
            rest = rest.removeprefix(tail)
        separator = _leading(rest, list(_SEPARATORS))
        if separator is None:
            return None
        rest = rest.removeprefix(separator)
    return None


@cache
def _tails() -> frozenset[str]:
    tails = _library()["tails"]
    return frozenset({*tails, *(f"的{tail}" for tail in tails)})


def _leading(text: str, words: Sequence[str]) -> str | None:
    """Return the longest word that a text begins with."""
    return max((word for word in words if word and text.startswith(word)), key=len, default=None)


def _leading_place(text: str) -> tuple[str, str | None]:
    places: Mapping[str, Sequence[str]] = _library()["places"]
    named = {word: place for place, words in places.items() for word in words}
    word = _leading(text, list(named))
    if word is not None:
        return text.removeprefix(word).lstrip("，"), named[word]
    return text, None


def _without_exceptions(sentence: str) -> tuple[str, bool]:
    rest = sentence
    for pattern in _library()["exceptions"]:
        rest = re.sub(pattern, "", rest)
    return rest, rest != sentence


def _joined(operator: str, trees: Sequence[Tree]) -> Tree:
    return trees[0] if len(trees) == 1 else {operator: list(trees)}
