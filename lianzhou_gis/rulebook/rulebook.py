"""The rulebook: every rule with its versions, the facts they ask for and the laws they cite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import RuleError, did_you_mean
from lianzhou_gis.rulebook.facts import FactVocabulary
from lianzhou_gis.rulebook.files import SHIPPED, Files
from lianzhou_gis.rulebook.implications import Implication, Implications, Inference
from lianzhou_gis.rulebook.model import Law, Rule, RuleVersion
from lianzhou_gis.rulebook.rulebook_cache import cached_contents, store_contents
from lianzhou_gis.vocabulary import Effect

__all__ = ["Rulebook"]

VERSION = "2026.11"


@dataclass(frozen=True)
class Rulebook:
    """Dated rules.

    Attributes
    ----------
    rules : tuple of Rule
        By id.
    implications : tuple of Implication
        Implications between facts, by id.
    sha256 : str
        Of the bytes of all files, so that two equal rulebooks have equal hashes.

    Examples
    --------
    >>> book = Rulebook.load()
    >>> all(rule.citations for rule in book.in_force(date(2026, 11, 23)))
    True
    """

    rules: tuple[Rule, ...]
    facts: FactVocabulary
    laws: Mapping[str, Law]
    folder: Path
    version: str
    sha256: str
    implications: tuple[Implication, ...] = ()
    checked_for: timedelta = timedelta(days=365)

    @classmethod
    def load(cls, folder: str | Path | None = None) -> Rulebook:
        """Read the rulebook that is shipped, or one of a folder with ``facts.yaml``, ``laws.yaml`` and ``rules/``.

        A folder may also have ``implications/`` and ``horizon.yaml``.

        Raises
        ------
        MissingFileError
            If the folder has no rules.
        RuleError
            If anything in it is not as it should be; names file, line and rule.
        """
        return _shipped() if folder is None else _load(Path(folder))

    def __repr__(self) -> str:
        return f"<Rulebook {self.version}: {len(self.rules)} rules, {len(self.laws)} laws>"

    def _repr_html_(self) -> str:
        from lianzhou_gis.reports import rulebook_card
        from lianzhou_gis.rulebook.days import day_of

        return rulebook_card(self, day_of(None))

    def in_force(self, day: date) -> tuple[RuleVersion, ...]:
        """Return the rules of a day, each in its version of that day."""
        if day not in self._in_force:
            self._in_force[day] = tuple(version for rule in self.rules if (version := rule.version(day)) is not None)
        return self._in_force[day]

    @property
    def begins(self) -> date:
        """The first day of which it knows any law."""
        return min(rule.versions[0].effective_from for rule in self.rules if rule.versions)

    @property
    def known_until(self) -> date:
        """The last day about which it may be asked: so many days after the oldest check of what is open-ended.

        A check of one rule does not cover the others; ended versions cannot change any more.
        """
        rows: list[RuleVersion | Implication] = [
            *(version for rule in self.rules for version in rule.versions),
            *self.implications,
        ]
        checked = [row.checked_on for row in rows if row.effective_to is None] or [row.checked_on for row in rows]
        return min(checked) + self.checked_for

    def unread(self, day: date) -> tuple[RuleVersion, ...]:
        """Return restricting rules that begin after a day, where the law before them was not read: a hole, not freedom.

        Examples
        --------
        >>> "wetland.occupation" in [version.id for version in Rulebook.load().unread(date(2022, 5, 31))]
        True
        """
        first = [rule.versions[0] for rule in self.rules if rule.versions and rule.nothing_before is None]
        return tuple(
            version for version in first if day < version.effective_from and version.strictest is not Effect.NOTICE
        )

    def infer(self, given: Mapping[str, Any], day: date, where: str = "") -> Inference:
        """Return facts with all that follows from them on a day.

        Examples
        --------
        >>> found = Rulebook.load().infer({"industry_code": ("A0313",), "livestock_head": 600.0}, date(2026, 11, 23))
        >>> found.facts["livestock"], found.facts["livestock_large_scale"]
        (True, True)
        """
        return self.implied_on(day).infer(given, where)

    def infer_all(
        self, given: Mapping[str, dict[str, Any]], day: date, made: dict[Any, Inference] | None = None
    ) -> dict[str, Inference]:
        """Return the same for every site by its id; sites of which the same is known share the work.

        ``made`` holds what was inferred on that day before; it is added to.
        """
        made = {} if made is None else made
        found = {}
        for site_id, facts in given.items():
            key = tuple(sorted((name, value) for name, value in facts.items() if value is not None))
            if key not in made or made[key].issues:
                made[key] = self.infer(facts, day, f"site {site_id}")
            found[site_id] = made[key]
        return found

    def implied_on(self, day: date) -> Implications:
        """Return the implications of a day."""
        if day not in self._days:
            self._days[day] = Implications([row for row in self.implications if row.in_force(day)], self.facts)
        return self._days[day]

    @cached_property
    def _in_force(self) -> dict[date, tuple[RuleVersion, ...]]:
        return {}

    @cached_property
    def _days(self) -> dict[date, Implications]:
        return {}

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    def rule(self, rule_id: str) -> Rule:
        """Return one rule.

        Raises
        ------
        RuleError
            If there is none of that id.
        """
        try:
            return self._by_id[rule_id]
        except KeyError as error:
            raise RuleError.from_code("rule_unknown", rule=rule_id, hint=did_you_mean(rule_id, self._by_id)) from error


@cache
def _shipped() -> Rulebook:
    """Return the rulebook that is shipped, read once; one of a user's folder may change between two calls."""
    return _load(SHIPPED)


def _load(folder: Path) -> Rulebook:
    files = Files.of(folder)
    sha256 = files.sha256()
    contents = cached_contents(files.key(sha256))
    if contents is None:
        from lianzhou_gis.rulebook.loading import read_files

        contents = read_files(files)
        if files.sha256() == sha256:
            store_contents(files.key(sha256), folder.name, contents)
    return Rulebook(
        contents.rules,
        contents.facts,
        contents.laws,
        folder,
        VERSION,
        sha256,
        contents.implications,
        contents.checked_for,
    )
