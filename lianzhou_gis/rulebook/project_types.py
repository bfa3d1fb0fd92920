"""Kinds of projects with what is typical of them: the columns of the matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lianzhou_gis.errors import RuleError
from lianzhou_gis.located_yaml import read_located_yaml
from lianzhou_gis.rulebook.rulebook import Rulebook

__all__ = ["ProjectType", "ProjectTypes", "read_project_types"]


@dataclass(frozen=True)
class ProjectType:
    """A kind of project.

    Attributes
    ----------
    facts : mapping of str to value
        What is typical of it, as given; the rest is filled in by :meth:`ProjectTypes.facts_of`.
    """

    id: str
    title: dict[str, str]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class ProjectTypes:
    """All kinds of projects, and the two days on which they are compared."""

    types: tuple[ProjectType, ...]
    states: tuple[date, date]
    open: tuple[str, ...]

    def facts_of(self, kind: ProjectType, rulebook: Rulebook, day: date) -> dict[str, Any]:
        """Return all that is taken as known of a kind: what is given, what follows, and no for all other yes/no facts.

        Facts that depend on the case, and claims that need a document, stay unknown.
        """
        implied, known = rulebook.implied_on(day), rulebook.infer(kind.facts, day).facts
        for fact in rulebook.facts:
            if fact.type == "yes_no" and not fact.claim and fact.name not in self.open and known.get(fact.name) is None:
                # A no that would contradict what is known is not given.
                known = implied.follow(known, {fact.name: False}, frozenset()) or known
        return known


def read_project_types(rulebook: Rulebook) -> ProjectTypes:
    """Read the kinds of projects of a rulebook.

    Raises
    ------
    RuleError
        If a fact is not in the vocabulary or a kind contradicts itself.

    Examples
    --------
    >>> len(read_project_types(Rulebook.load()).types) > 15
    True
    """
    path = rulebook.folder / "project_types.yaml"
    data = read_located_yaml(path, RuleError)
    if not isinstance(data, dict) or set(data) != {"states", "open", "types"} or len(data["states"]) != 2:
        raise RuleError.from_code("project_types_keys", file=path.name)
    types = []
    for entry in data["types"]:
        where = f"{path.name}:{entry.line}"
        facts = {name: rulebook.facts.parse(name, raw, where)[0] for name, raw in entry["facts"].items()}
        for day in data["states"]:
            wrong = rulebook.infer(facts, day, where).issues
            if any(issue.code == "fact_contradicted" for issue in wrong):
                raise RuleError(f"{where}：{wrong[0].zh}", f"{where}: {wrong[0].en}")
        types.append(ProjectType(str(entry["id"]), dict(entry["title"]), facts))
    unknown = [name for name in data["open"] if name not in rulebook.facts]
    if unknown:
        raise RuleError.from_code("project_types_facts", file=path.name, facts=unknown)
    return ProjectTypes(tuple(types), (data["states"][0], data["states"][1]), tuple(data["open"]))
