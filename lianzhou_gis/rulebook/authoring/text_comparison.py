"""``rules texts``: changes of law texts since they were read, and articles that no rule covers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import RuleError
from lianzhou_gis.located_yaml import read_located_yaml
from lianzhou_gis.rulebook.authoring.law_texts import LawText, article_hash, match_law, read_law_texts
from lianzhou_gis.rulebook.model import RuleVersion
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.vocabulary import Effect

__all__ = ["ANCHORS", "Anchor", "TextDifference", "anchors_as_yaml", "compare_texts", "read_anchors"]

ANCHORS = "anchors.yaml"
_NUMBER = re.compile(r"^(\d+(?:-\d+)?)")
_RESTRICTING = (Effect.PROHIBITED, Effect.PROCEDURE_REQUIRED, Effect.NEEDS_JUDGEMENT)
# Words of an article by which a rule is bound, and what of a rule shows that they were heeded.
_NATURE = ("construction_nature", "new_outfall", "outfall_increases_discharge", "increases_discharge")


@dataclass(frozen=True)
class Anchor:
    """An article as it was read for the rulebook.

    Attributes
    ----------
    sha256 : str
        First 16 digits of the hash of its words.
    last : int
        Number of the last article of that edition.
    """

    law: str
    article: str
    edition: date
    sha256: str
    checked_by: str
    checked_on: date
    last: int


@dataclass(frozen=True)
class TextDifference:
    """One difference between law texts and rulebook.

    Attributes
    ----------
    kind : {"changed", "vanished", "new", "not_read", "word_uncovered", "no_text"}
    rules : tuple of str
        The rules that rest on the article.
    word : str
        The operative word that none of them covers.
    """

    kind: str
    law: str
    article: str
    rules: tuple[str, ...]
    word: str = ""
    edition: date | None = None


def article_number(article: str) -> str | None:
    """Return the number of an article as a text numbers it, ``None`` for a part that has none.

    Examples
    --------
    >>> article_number("44(2)"), article_number("三.二.一")
    ('44', None)
    """
    found = _NUMBER.match(article)
    return found[1] if found and "." not in article else None


def _resting(rulebook: Rulebook) -> dict[tuple[str, str], list[RuleVersion]]:
    found: dict[tuple[str, str], list[RuleVersion]] = {}
    for rule in rulebook.rules:
        for version in rule.versions:
            for citation in version.citations:
                number = article_number(citation.article)
                if number is not None:
                    found.setdefault((citation.law, number), []).append(version)
    return found


def read_anchors(rulebook: Rulebook) -> dict[tuple[str, str], Anchor]:
    """Read the anchors of a rulebook; empty where it has none.

    Raises
    ------
    RuleError
        If the file is not as it should be.
    """
    path = rulebook.folder / ANCHORS
    if not path.is_file():
        return {}
    data = read_located_yaml(path, RuleError)
    found = {}
    for law, entry in data.items():
        if law not in rulebook.laws or set(entry) != {"edition", "last", "checked_by", "checked_on", "articles"}:
            raise RuleError.from_code("anchors_invalid", file=path.name, law=law)
        for article, digest in entry["articles"].items():
            found[law, str(article)] = Anchor(
                law, str(article), entry["edition"], str(digest), str(entry["checked_by"]), entry["checked_on"],
                int(entry["last"]),
            )  # fmt: skip
    return found


def compare_texts(rulebook: Rulebook, folder: Path) -> list[TextDifference]:
    """Compare a folder of law texts with a rulebook.

    Parameters
    ----------
    rulebook : Rulebook
    folder : Path
        One Markdown file a law.

    Returns
    -------
    list of TextDifference
        Articles that changed since they were read, that vanished, that are new, that rules cite and nobody read;
        operative words that no condition of the article's rules covers; laws without a text in the folder.
    """
    texts, anchors, resting = read_law_texts(folder), read_anchors(rulebook), _resting(rulebook)
    found: list[TextDifference] = []
    for law in rulebook.laws.values():
        cited = {article: versions for (law_id, article), versions in resting.items() if law_id == law.id}
        if not cited:
            continue
        text = match_law(law, texts)
        if text is None:
            rules = {version.id for versions in cited.values() for version in versions}
            found.append(TextDifference("no_text", law.id, "", tuple(sorted(rules))))
            continue
        known = {article: anchor for (law_id, article), anchor in anchors.items() if law_id == law.id}
        found += _articles(law.id, text, cited, known)
    return found


def _articles(
    law: str, text: LawText, cited: Mapping[str, Sequence[RuleVersion]], known: Mapping[str, Anchor]
) -> Iterator[TextDifference]:
    for article, versions in sorted(cited.items(), key=lambda item: _order(item[0])):
        rules = tuple(sorted({version.id for version in versions}))
        words = text.articles.get(article)
        if words is None:
            yield TextDifference("vanished", law, article, rules, edition=text.edition)
            continue
        if article not in known:
            yield TextDifference("not_read", law, article, rules, edition=text.edition)
        elif known[article].sha256 != article_hash(words):
            yield TextDifference("changed", law, article, rules, edition=text.edition)
        for word in uncovered_words(words, versions):
            yield TextDifference("word_uncovered", law, article, rules, word, text.edition)
    last = max((anchor.last for anchor in known.values()), default=0)
    for article in text.articles if known else ():
        # Beyond the last article of the edition that was read, or inserted since (第…条之一).
        if article not in known and (_order(article)[0] > last or _order(article)[1]):
            yield TextDifference("new", law, article, (), edition=text.edition)


def _order(article: str) -> tuple[int, int]:
    whole, _, part = article.partition("-")
    return int(whole), int(part or 0)


def uncovered_words(words: str, versions: Sequence[RuleVersion]) -> list[str]:
    """Return the operative words of an article that no rule resting on it shows to have heeded.

    Parameters
    ----------
    words : str
    versions : sequence of RuleVersion
    """
    facts = {fact for version in versions if version.when is not None for fact in version.when.facts()}
    effects = {effect for version in versions for effect in (version.effect, version.strictest)}
    found = []
    for pattern, heeded in (
        (r"禁止|不得", Effect.PROHIBITED in effects),
        (r"经[^，。；]{0,24}(?:批准|同意|审核|审批)", bool(effects & set(_RESTRICTING))),
        (r"新建|扩建|改建|新设|改设", bool(facts & set(_NATURE))),
        (r"除[^，。；]{1,40}外|另有规定的除外", bool(facts - set(_NATURE)) or Effect.NEEDS_JUDGEMENT in effects),
        (r"应当", True),
    ):
        match = re.search(pattern, words)
        if match and not heeded and any(version.effect is not Effect.NOTICE for version in versions):
            found.append(match[0])
    return found


def anchors_as_yaml(rulebook: Rulebook, folder: Path, checked_by: str, checked_on: date) -> str:
    """Return the anchors of all articles that rules cite, as the texts of a folder word them now."""
    texts, resting = read_law_texts(folder), _resting(rulebook)
    lines = [
        "# Articles as they were read for the rules: edition of the law, hash of each article, by whom, when.",
        "# Written by `lianzhou-gis rules texts FOLDER --anchor`; it holds no words of a law.",
    ]
    for law in rulebook.laws.values():
        articles = sorted({article for law_id, article in resting if law_id == law.id}, key=_order)
        text = match_law(law, texts)
        if text is None or law.text is None:
            continue
        rows = [(article, text.articles[article]) for article in articles if article in text.articles]
        if rows:
            lines += [
                f"{law.id}:",
                f"  edition: {text.edition or law.text}",
                f"  last: {max(map(_order, text.articles))[0]}",
                f'  checked_by: "{checked_by}"',
                f"  checked_on: {checked_on}",
                "  articles:",
                *(f'    "{article}": {_quoted(article_hash(words))}' for article, words in rows),
            ]
    return "\n".join(lines) + "\n"


def _quoted(digest: str) -> str:
    # A hash of digits alone, or with an e, would be read as a number.
    return f'"{digest}"'


def as_records(differences: Sequence[TextDifference]) -> list[dict[str, Any]]:
    """Return differences as plain data."""
    return [
        {
            "kind": item.kind, "law": item.law, "article": item.article, "word": item.word,
            "edition": None if item.edition is None else str(item.edition), "rules": list(item.rules),
        }
        for item in differences
    ]  # fmt: skip
