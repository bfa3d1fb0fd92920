"""The rulebook: every rule with its versions, the facts they ask for and the laws they cite."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import MissingFileError, RuleError, did_you_mean
from lianzhou_gis.rulebook.facts import FactVocabulary
from lianzhou_gis.rulebook.implications import Implication, Implications, Inference, read_implications
from lianzhou_gis.rulebook.loading import read_facts_vocabulary, read_laws, read_rules
from lianzhou_gis.rulebook.marked import read_marked
from lianzhou_gis.rulebook.model import Law, Rule, RuleVersion
from lianzhou_gis.vocabulary import Effect

__all__ = ["Rulebook"]

SHIPPED = Path(__file__).parent
VERSION = "2026.11"


@dataclass(frozen=True)
class Rulebook:
    """Dated rules.

    Attributes
    ----------
    rules : tuple of Rule
        By id.
    implications : tuple of Implication
        What facts say of other facts, by id.
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

        One rule looked at anew says nothing of the others; what has ended cannot change any more.
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
            zh, en = did_you_mean(rule_id, self._by_id)
            raise RuleError(
                f"规则库中没有 {rule_id}{zh}；用 rules list 查看", f"no rule {rule_id}{en}; see them with rules list"
            ) from error


@cache
def _shipped() -> Rulebook:
    """Return the rulebook that is shipped, read once; one of a user's folder may change between two calls."""
    return _load(SHIPPED)


def _load(folder: Path) -> Rulebook:
    paths = sorted(path for path in (folder / "rules").glob("*.yaml") if not path.name.endswith(".cases.yaml"))
    for needed in (folder / "facts.yaml", folder / "laws.yaml"):
        if not needed.is_file() or not paths:
            raise MissingFileError(
                f"{folder.name}：规则库应有 facts.yaml、laws.yaml 与 rules/*.yaml",
                f"{folder.name}: a rulebook needs facts.yaml, laws.yaml and rules/*.yaml",
            )
    facts, laws = read_facts_vocabulary(folder / "facts.yaml"), read_laws(folder / "laws.yaml")
    found: dict[str, Rule] = {}
    for path in paths:
        for rule in read_rules(path, facts, laws):
            if rule.id in found:
                first = found[rule.id]
                raise RuleError(
                    f"{path.name}:{rule.line}：规则 {rule.id} 已见于 {first.file}:{first.line}",
                    f"{path.name}:{rule.line}: rule {rule.id} stands already in {first.file}:{first.line}",
                )
            found[rule.id] = rule
    implied: dict[str, Implication] = {}
    implying = sorted((folder / "implications").glob("*.yaml"))
    for path in implying:
        for row in read_implications(path, facts, laws):
            if row.id in implied:
                raise RuleError(
                    f"{path.name}:{row.line}：{row.id} 重复", f"{path.name}:{row.line}: {row.id} stands twice"
                )
            implied[row.id] = row
    digest = hashlib.sha256()
    horizon = folder / "horizon.yaml" if (folder / "horizon.yaml").is_file() else SHIPPED / "horizon.yaml"
    for path in [folder / "facts.yaml", folder / "laws.yaml", horizon, *paths, *implying]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return Rulebook(
        tuple(found[rule_id] for rule_id in sorted(found)),
        facts,
        laws,
        folder,
        VERSION,
        digest.hexdigest(),
        tuple(implied[row_id] for row_id in sorted(implied)),
        _checked_for(horizon),
    )


def _checked_for(path: Path) -> timedelta:
    data = read_marked(path)
    days = data.get("checked_for_days") if isinstance(data, dict) and len(data) == 1 else None
    if not isinstance(days, int) or isinstance(days, bool) or not 0 < days < 36525:
        raise RuleError(
            f"{path.name}：应只有 checked_for_days，为正整数天数", f"{path.name}: needs checked_for_days alone, in days"
        )
    return timedelta(days=days)
