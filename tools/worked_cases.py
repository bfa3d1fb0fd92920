"""Writes the worked cases of rules: as few as notice every step by which a rule could differ from what it is.

``python -m tools.worked_cases`` rewrites the cases of every rule whose cases fail, are missing or let a changed rule
pass; ``--all`` those of all rules. What a case expects is what the rulebook says now: these cases hold behaviour in
place and prove nothing about the law, which is for the cases of ``tests/counsel``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.rulebook.authoring.case_coverage import proofs
from lianzhou_gis.rulebook.authoring.consistency import assignments
from lianzhou_gis.rulebook.authoring.worked_cases import Case, read_cases
from lianzhou_gis.rulebook.model import Rule, RuleVersion
from lianzhou_gis.rulebook.wording import place_in_words
from lianzhou_gis.vocabulary import themes

_DAY = timedelta(days=1)
_EXAMPLES = 60
_DOCUMENT = "DEMO-论证〔2026〕1号，示例机关，2026-01-05"


def _plain(value: Any) -> Any:  # noqa: ANN401 - a fact's value
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else list(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _fact_sets(rulebook: Rulebook, version: RuleVersion, day: date) -> list[dict[str, Any]]:
    """Return sets of facts that a condition tells apart: known, and with one fact unknown."""
    if version.when is None:
        return [{}]
    found: list[dict[str, Any]] = [{}]
    for wanted in (True, False):
        found += islice(assignments([(version.when, wanted)], rulebook, day), _EXAMPLES)
    whole = list(found)
    for facts in whole:
        for name in facts:
            found.append({key: value for key, value in facts.items() if key != name})
    unique: dict[str, dict[str, Any]] = {}
    for facts in found:
        told = {name: _plain(value) for name, value in facts.items()}
        for name, value in list(told.items()):
            if value is True and rulebook.facts.get(name).claim:
                told[f"{name}_document"] = _DOCUMENT
        unique.setdefault(repr(sorted(told.items(), key=str)), told)
    return list(unique.values())


def _days(rule: Rule) -> list[date]:
    found: set[date] = set()
    for version in rule.versions:
        found |= {version.effective_from, version.effective_from - _DAY}
        if version.effective_to is not None:
            found |= {version.effective_to, version.effective_to + _DAY}
    return sorted(found)


def _places(version: RuleVersion) -> list[dict[str, Any]]:
    if version.theme is None:
        return [{}]
    grades: list[str | None] = [grade.id for grade in themes()[version.theme].grades] or [None]
    first = version.grades[0] if version.grades else grades[0]
    if version.setback_m is not None:
        relations: list[tuple[str, float]] = [("near", version.setback_m + step) for step in (0.0, 1.0, -1.0)]
        relations += [("overlap", 0.0)]
    else:
        named = str(version.relation)
        others = [name for name in ("overlap", "touch", "outside", "within") if name != named]
        relations = [(named, 0.0), *((name, 0.0) for name in others)]
    names = [None, *(version.named or ()), *(("示例",) if version.named else ())]
    found = []
    for relation, distance in relations:
        found.append(
            {"relation": relation, "distance_m": distance, "grade": first, "zone": names[min(1, len(names) - 1)]}
        )
    for grade in grades:
        found.append({**found[0], "grade": grade})
    for name in names:
        found.append({**found[0], "zone": name})
    return found


def _cases(rulebook: Rulebook, rule: Rule) -> Iterator[Case]:
    """Yield candidate cases: every set of facts at the first place, and the first hit everywhere and every day."""
    days = _days(rule)
    for version in rule.versions:
        places = _places(version)
        sets = _fact_sets(rulebook, version, version.effective_from)
        hits = [facts for facts in sets if _evaluate(rulebook, version, facts) is True] or sets[:1]
        for facts in sets:
            yield _case(rulebook, rule, version.effective_from, facts, places[0])
        for day in days:
            for facts in hits[:3]:
                yield _case(rulebook, rule, day, facts, places[0])
        for place in places:
            for facts in hits[:2]:
                yield _case(rulebook, rule, version.effective_from, facts, place)


def _parsed(rulebook: Rulebook, facts: Mapping[str, Any]) -> dict[str, Any]:
    parsed = {name: rulebook.facts.parse(name, raw, "case")[0] for name, raw in facts.items()}
    return rulebook.facts.settle_claims(parsed, "case")[0]


def _evaluate(rulebook: Rulebook, version: RuleVersion, facts: Mapping[str, Any]) -> bool | None:
    return version.evaluate(_parsed(rulebook, facts)).value


def _case(rulebook: Rulebook, rule: Rule, day: date, facts: Mapping[str, Any], place: Mapping[str, Any]) -> Case:
    version = rule.version(day) or rule.versions[0]
    told = [
        f"{rulebook.facts.get(name).label['zh']}＝{_shown_value(rulebook, name, raw)}"
        for name, raw in facts.items()
        if not name.endswith("_document")
    ]
    where = ""
    if version.theme is not None:
        where = place_in_words(version, "zh")
        differs = [
            str(place[key])
            for key, usual in (("relation", version.relation), ("grade", (version.grades or (None,))[0]))
            if place.get(key) not in (usual, None)
        ]
        differs += [f"{place['distance_m']:g} 米"] if version.setback_m is not None else []
        differs += [place["zone"]] if place.get("zone") else []
        where += f"（{'，'.join(differs)}）" if differs else ""
    name = f"{where}{'：' if where and told else ''}{'、'.join(told) or ('' if where else '不论何种项目')}（{day}）"
    return Case(
        file="", line=0, name=name, rule=rule.id, as_of=day, facts=dict(facts),
        relation=place.get("relation", "overlap"), distance_m=float(place.get("distance_m", 0.0)),
        grade=place.get("grade"), zone=place.get("zone"), expect="none", effect=None, missing=(),
    )  # fmt: skip


def _shown_value(rulebook: Rulebook, name: str, raw: Any) -> str:  # noqa: ANN401 - a YAML value
    return rulebook.facts.shown(name, rulebook.facts.parse(name, raw, "")[0])["zh"]


def _outcome(rulebook: Rulebook, rule: Rule, case: Case, parsed: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what :meth:`Case.outcome` does, for a rule that stands in no rulebook."""
    version = rule.version(case.as_of)
    if version is None:
        return ("none", None, ())
    if version.needs_layer and not (
        version.applies_to(case.grade, name=case.zone) and version.applies_at(case.relation, case.distance_m)
    ):
        return ("none", None, ())
    found = version.evaluate(parsed)
    if found.value is None:
        return ("missing_fact", version.effect.value, tuple(sorted(found.missing)))
    return ("finding", version.effect.value, ()) if found.value else ("none", None, ())


def written(rulebook: Rulebook, rule: Rule, mutants: Iterable[tuple[str, Rule]]) -> list[Case]:
    """Return as few cases as are found that notice every mutant and show every version.

    Raises
    ------
    ValueError
        If a mutant cannot be noticed.
    """
    candidates: dict[str, tuple[Case, dict[str, Any], tuple[Any, ...]]] = {}
    for case in _cases(rulebook, rule):
        parsed = _parsed(rulebook, case.facts)
        key = repr(
            (case.as_of, sorted(case.facts.items(), key=str), case.relation, case.distance_m, case.grade, case.zone)
        )
        candidates.setdefault(key, (case, parsed, _outcome(rulebook, rule, case, parsed)))
    pool = list(candidates.values())
    wanted: dict[str, set[int]] = {}
    # Two versions may be changed by the same words.
    for number, (said, mutant) in enumerate(mutants):
        wanted[f"{number} {said}"] = {
            place for place, (case, parsed, now) in enumerate(pool) if _outcome(rulebook, mutant, case, parsed) != now
        }
    wanted |= _shown(rule, pool)
    lost = [said for said, places in wanted.items() if not places]
    if lost:
        raise ValueError(f"{rule.id}: {lost}")
    chosen: list[int] = []
    while wanted:
        counts: dict[int, int] = {}
        for places in wanted.values():
            for place in places:
                counts[place] = counts.get(place, 0) + 1
        best = max(counts, key=lambda place: (counts[place], -len(pool[place][0].facts), -place))
        chosen.append(best)
        wanted = {said: places for said, places in wanted.items() if best not in places}
    found = []
    for place in sorted(chosen, key=lambda place: (pool[place][0].as_of, place)):
        case, _, (expect, effect, missing) = pool[place]
        found.append(replace(case, expect=expect, effect=effect if expect == "finding" else None, missing=missing))
    return found


def _shown(rule: Rule, pool: list[tuple[Case, dict[str, Any], tuple[Any, ...]]]) -> dict[str, set[int]]:
    """Return what ``rules check`` wants to see: of each version a hit, a miss, an unknown fact, and its days."""
    found: dict[str, set[int]] = {}
    for version in rule.versions:
        of = {place for place, (case, _, _) in enumerate(pool) if rule.version(case.as_of) is version}
        kinds = ("finding",) if version.when is None else ("finding", "none", "missing_fact")
        for kind in kinds:
            places = {place for place in of if pool[place][2][0] == kind}
            if kind == "none":
                places = {place for place in places if pool[place][0].facts} or places
            if places:
                found[f"{version.effective_from} {kind}"] = places
        for day in (version.effective_from - _DAY, version.effective_from, version.effective_to,
                    version.effective_to and version.effective_to + _DAY):  # fmt: skip
            if day is not None:
                found[f"day {day}"] = {place for place, (case, _, _) in enumerate(pool) if case.as_of == day}
    return found


def _scalar(value: Any) -> str:  # noqa: ANN401 - a YAML value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(_scalar, value)) + "]"
    return str(value)


def as_yaml(case: Case) -> str:
    """Return a case as it stands in a file of cases."""
    lines = [f'  - name: "{case.name}"', f"    rule: {case.rule}", f"    as_of: {case.as_of}"]
    if case.facts:
        lines.append(
            "    facts: {" + ", ".join(f"{name}: {_scalar(value)}" for name, value in case.facts.items()) + "}"
        )
    lines.append(f"    relation: {case.relation}")
    if case.distance_m:
        lines.append(f"    distance_m: {case.distance_m:g}")
    if case.grade is not None:
        lines.append(f"    grade: {case.grade}")
    if case.zone is not None:
        lines.append(f"    zone: {case.zone}")
    lines.append(f"    expect: {case.expect}")
    if case.effect is not None:
        lines.append(f"    effect: {case.effect}")
    if case.missing:
        lines.append(f"    missing: [{', '.join(case.missing)}]")
    return "\n".join(lines) + "\n"


def _blocks(path: Path) -> dict[str, list[str]]:
    """Return the cases of a file as texts, by their rules."""
    found: dict[str, list[str]] = {}
    if path.is_file():
        for block in re.split(r"(?m)^(?=  - name: )", path.read_text(encoding="utf-8"))[1:]:
            (entry,) = yaml.safe_load("cases:\n" + block)["cases"]
            found.setdefault(str(entry["rule"]), []).append(block)
    return found


HEAD = (
    "# Worked cases: a rule, a day, facts, how the site lies, what is expected. "
    "Read by `rules check` and the tests only.\ncases:\n"
)


def main() -> None:
    """Rewrite the cases of the rules that need it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="rewrite the cases of all rules")
    parser.add_argument("rules", nargs="*", help="only these rules")
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "rulebook"))
    from test_mutations import mutants, survivors_of

    book = Rulebook.load()
    folder = book.folder / "rules"
    kept: dict[str, list[Case]] = {}
    for case in read_cases(book):
        kept.setdefault(case.rule, []).append(case)
    lacking = {proof.rule.id for proof in proofs(book) if proof.lacking}
    unnoticed = []
    for path in sorted(path for path in folder.glob("*.yaml") if not path.name.endswith(".cases.yaml")):
        target = path.with_name(path.name.removesuffix(".yaml") + ".cases.yaml")
        blocks, out = _blocks(target), []
        for rule in sorted((rule for rule in book.rules if rule.file == path.name), key=lambda rule: rule.line):
            own = kept.get(rule.id, [])
            good = bool(own) and rule.id not in lacking and all(_passes(case, book) for case in own)
            if rule.id in given.rules or given.all or not good or survivors_of(rule, own):
                print("writing", rule.id, file=sys.stderr)
                try:
                    out += [as_yaml(case) for case in written(book, rule, mutants(rule))]
                except ValueError as error:
                    unnoticed.append(str(error))
            else:
                out += blocks[rule.id]
        target.write_text(HEAD + "".join(out), encoding="utf-8")
    if unnoticed:
        sys.exit("\n".join(["no case can notice:", *unnoticed]))


def _passes(case: Case, book: Rulebook) -> bool:
    try:
        return case.failure(book) is None
    except Exception:
        return False


if __name__ == "__main__":
    main()
