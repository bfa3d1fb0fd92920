"""The matrix: kind of project x zone and grade -> effect, in both states of the law."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lianzhou_gis.rulebook.model import RuleVersion
from lianzhou_gis.rulebook.project_types import ProjectType, ProjectTypes, read_project_types
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.vocabulary import DISCLAIMER, Effect, label, themes

__all__ = ["COLOURS", "SIGNS", "Cell", "Matrix", "Place"]

# One sign for each effect, so that a page holds the whole.
SIGNS = {
    Effect.PROHIBITED: "禁",
    Effect.PROCEDURE_REQUIRED: "程",
    Effect.NEEDS_JUDGEMENT: "论",
    Effect.CONDITIONAL: "条",
    Effect.NOTICE: "示",
}
COLOURS = {
    Effect.PROHIBITED: "F4B6B0",
    Effect.PROCEDURE_REQUIRED: "FBD9B0",
    Effect.NEEDS_JUDGEMENT: "E3CDEB",
    Effect.CONDITIONAL: "FFF3B8",
}
OUTSIDE = "outside"


@dataclass(frozen=True)
class Place:
    """A row: a grade of a theme for the site or for its outfall, ``outside`` the theme, or anywhere."""

    theme: str | None
    grade: str | None
    relation: str
    subject: str = "footprint"

    @property
    def words(self) -> dict[str, str]:
        """The row's name."""
        if self.theme is None:
            return {"zh": "不限地点", "en": "anywhere"}
        kind = themes()[self.theme]
        if self.relation == OUTSIDE:
            return {"zh": f"{kind.label['zh']}以外", "en": f"outside {kind.label['en']}"}
        grade = next((item.label for item in kind.grades if item.id == self.grade), None)
        zh, en = kind.label["zh"], kind.label["en"]
        if grade is not None:
            zh, en = f"{zh}·{grade['zh']}", f"{en}: {grade['en']}"
        if self.subject == "outfall":
            zh, en = f"排污口位于：{zh}", f"outfall in {en}"
        return {"zh": zh, "en": en}

    def meets(self, rule: RuleVersion) -> bool:
        """Tell whether a rule is about a site that lies here; one on zones of certain names alone is not."""
        if rule.theme != self.theme or rule.subject != self.subject or rule.named is not None:
            return False
        if self.theme is None:
            return True
        if self.relation == OUTSIDE:
            return rule.relation == OUTSIDE
        # A site inside a zone overlaps it, and is at no distance from it.
        return rule.applies_to(self.grade) and any(rule.applies_at(relation, 0.0) for relation in ("overlap", "within"))


@dataclass(frozen=True)
class Cell:
    """What is proven for a kind of project in a place on a day, and the strictest that unknown facts could bring."""

    proven: Effect | None
    possible: Effect | None
    rules: tuple[tuple[str, bool], ...]

    @property
    def sign(self) -> str:
        """The sign of what is proven; a possible stricter effect follows a question mark."""
        sign = SIGNS[self.proven] if self.proven is not None else "—"
        return sign if self.possible is self.proven else f"{sign}?{SIGNS[self.possible]}" if self.possible else sign


class Matrix:
    """The whole table.

    Parameters
    ----------
    rulebook : Rulebook

    Examples
    --------
    >>> matrix = Matrix(Rulebook.load())
    >>> farm = next(kind for kind in matrix.kinds.types if kind.id == "pig_farm")
    >>> matrix.cell(Place("livestock_prohibited_zone", "no_farms", "overlap"), farm, matrix.kinds.states[1]).sign
    '禁'
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.kinds: ProjectTypes = read_project_types(rulebook)
        self._facts = {
            (kind.id, day): self.kinds.facts_of(kind, rulebook, day)
            for kind in self.kinds.types
            for day in self.kinds.states
        }
        self._rules = {day: rulebook.in_force(day) for day in self.kinds.states}

    def facts(self, kind: ProjectType, day: date) -> Mapping[str, Any]:
        """Return what is taken as known of a kind of project."""
        return self._facts[kind.id, day]

    def places(self) -> Iterator[Place]:
        """Yield the rows that some rule is about."""
        for kind in themes().values():
            rows = [Place(kind.id, grade.id, "overlap") for grade in kind.grades] or [Place(kind.id, None, "overlap")]
            rows += [Place(kind.id, row.grade, row.relation, "outfall") for row in rows]
            rows.append(Place(kind.id, None, OUTSIDE))
            for place in rows:
                if any(place.meets(rule) for day in self.kinds.states for rule in self._rules[day]):
                    yield place
        yield Place(None, None, "")

    def cell(self, place: Place, kind: ProjectType, day: date) -> Cell:
        """Return one cell for one day."""
        proven: list[Effect] = []
        possible: list[Effect] = []
        applying = []
        for rule in self._rules[day]:
            if not place.meets(rule):
                continue
            value = rule.evaluate(self._facts[kind.id, day]).value
            if value is False:
                continue
            effect = rule.effect
            if rule.unverified and effect in (Effect.PROHIBITED, Effect.PROCEDURE_REQUIRED):
                effect = Effect.NEEDS_JUDGEMENT
            if value:
                proven.append(effect)
                possible.append(effect)
            elif rule.effect is not Effect.NOTICE:
                possible.append(rule.effect)
            applying.append((rule.id, bool(value)))
        rank = list(Effect).index
        return Cell(min(proven, key=rank, default=None), min(possible, key=rank, default=None), tuple(applying))

    def text(self, place: Place, kind: ProjectType) -> str:
        """Return a cell of both days: one sign where they agree, else the old and the new."""
        old, new = (self.cell(place, kind, day).sign for day in self.kinds.states)
        return old if old == new else f"{old}→{new}"

    def legend(self, lang: str) -> str:
        """Return what the signs mean."""
        old, new = self.kinds.states
        signs = "　".join(f"{sign} {label('effect', effect)[lang]}" for effect, sign in SIGNS.items())
        if lang == "zh":
            return (
                f"{signs}　— 无限制性规定。“程?禁”：已知须履行程序，视未知信息可能禁止。"
                f"“旧→新”：{old} 与 {new} 两日不同。按典型情形推定，不代替逐项目核查；{DISCLAIMER['zh']}。"
            )
        return (
            f"{signs}　— no restriction. “程?禁”: a procedure is certain, unknown facts may bring a prohibition. "
            f"“old→new”: {old} and {new} differ. Typical cases only; {DISCLAIMER['en']}."
        )
