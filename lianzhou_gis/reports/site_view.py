"""One site of a run, sorted as every document shows it: what is proven, what is open, what is context."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.reports.particulars import Particulars
from lianzhou_gis.reports.site_maps import compass
from lianzhou_gis.rulebook import FactVocabulary, Rulebook
from lianzhou_gis.runs.certificate_file import CertificateCheck, check_certificate
from lianzhou_gis.vocabulary import Effect, GapReason, Verdict, label, theme, themes

if TYPE_CHECKING:
    from lianzhou_gis.certificate_record import CertifiedSite
    from lianzhou_gis.runs import Run

__all__ = [
    "Neighbour",
    "Record",
    "RunView",
    "SiteView",
    "Step",
    "area_words",
    "citations_words",
    "cure_words",
    "stages_words",
]

Record = Mapping[str, Any]
# A line that land reviews ask for, though every site lies on one side of it.
_GROWTH_BOUNDARY = "growth_boundary"
_ASKED = {GapReason.MISSING_FACT.value, GapReason.ACCESS_UNDECIDED.value}
# Stages of a project in their order: what is blocked first is due first.
_STAGES = ("site_opinion", "land_conversion", "planning_permit", "project_approval", "land_supply", "eia_approval",
           "construction_start", "operation")  # fmt: skip
_STAGE_WORDS = {
    "site_opinion": "用地预审与选址意见书", "land_conversion": "农用地转用", "planning_permit": "规划许可",
    "project_approval": "项目批准、核准、备案", "land_supply": "土地供应", "eia_approval": "环评审批",
    "construction_start": "开工建设", "operation": "投入运行",
}  # fmt: skip
_CURES = {
    "survey": "实测界址",
    "cut": "调减用地",
    "relocation": "另行选址",
    "procedure": "履行程序",
    "assessment": "专题论证",
}
_M2_PER_HECTARE = 10_000.0
_MU_PER_HECTARE = 15.0


def area_words(area_m2: float | None) -> str:
    """Return an area in square metres, hectares and mu.

    Examples
    --------
    >>> area_words(45882.77)
    '45,882.77 m²（4.5883 公顷，68.82 亩）'
    """
    if area_m2 is None:
        return "—"
    hectares = area_m2 / _M2_PER_HECTARE
    return f"{area_m2:,.2f} m²（{hectares:,.4f} 公顷，{hectares * _MU_PER_HECTARE:,.2f} 亩）"


def citations_words(citations: Sequence[Record]) -> str:
    """Return citations as they are printed, each once."""
    found: dict[str, None] = {}
    for citation in citations:
        article = str(citation["article"])
        numbered = article[:1].isdigit() and "." not in article
        place = f"第{article}条" if numbered else f"（{article.strip('（）')}）"
        found[f"《{citation['title']['zh']}》{place}"] = None
    return "；".join(found)


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do before the project can go on, from all findings of one rule."""

    effect: Effect
    doubtful: bool
    title: str
    action: str
    basis: str
    authority: str
    stage: str
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """How the site lies to the zones of one theme and grade.

    Attributes
    ----------
    area_m2 : float
        Occupied, 0 where the site lies outside.
    distance_m : float or None
        ``None`` where nothing was measured.
    depth_at_least : bool
        The search for the depth ended at it: it is a lower bound.
    """

    theme: str
    name: str
    zone: str
    direction: str
    distance_m: float | None
    area_m2: float
    length_m: float | None
    depth_m: float | None
    flip_m: float | None
    doubtful: bool
    depth_at_least: bool = False


class RunView:
    """A run with what its documents share: words for facts, the layers, the dates."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.record: Record = run.document["run"]
        self.sites: dict[str, Record] = {site["site_id"]: site for site in run.document["sites"]}

    @cached_property
    def _facts(self) -> FactVocabulary:
        return Rulebook.load().facts

    def fact_name(self, name: str) -> str:
        """Return a fact as people call it."""
        if name in self._facts:
            return str(self._facts.get(name).label["zh"])
        return name

    def fact_value(self, name: str, value: object) -> str:
        """Return the value of a fact in words."""
        if value is None:
            return "未知"
        if name in self._facts:
            try:
                return str(self._facts.shown(name, tuple(value) if isinstance(value, list) else value)["zh"])
            except (KeyError, TypeError, ValueError):
                pass
        if isinstance(value, bool):
            return "是" if value else "否"
        return "、".join(map(str, value)) if isinstance(value, list) else str(value)

    def fact_help(self, name: str) -> str:
        """Return what counts and where the value is found."""
        fact = self._facts.get(name) if name in self._facts else None
        return str(fact.help["zh"]) if fact is not None and fact.help else ""

    @cached_property
    def overlaps(self) -> dict[str, list[dict[str, Any]]]:
        """Rows of the overlaps by site, without geometry."""
        table = pd.DataFrame(self.run.tables["overlaps"].drop(columns="geometry"))
        found: dict[str, list[dict[str, Any]]] = {}
        for row in table.to_dict("records"):
            found.setdefault(str(row["site_id"]), []).append({str(key): _null(value) for key, value in row.items()})
        return found

    @cached_property
    def certificate_check(self) -> CertificateCheck:
        """What the independent checker says of the certificates, without the layers."""
        return check_certificate(self.run.certificate, self.run.document, self.run.tables)

    @cached_property
    def certified(self) -> dict[str, CertifiedSite]:
        """The certificates by site."""
        record = self.run.certificate
        return {} if record is None else {site.site_id: site for site in record.sites}

    @property
    def elsewhere(self) -> list[Record]:
        """The themes that another office holds, as the catalog names them: theme, office, reason."""
        return [item for item in self.record["parameters"].get("elsewhere", ()) if item["theme"] in themes()]

    @cached_property
    def layer_days(self) -> tuple[str, str] | None:
        """The oldest and the newest date of the data."""
        days = sorted(layer["data_date"] for layer in self.record["layers"] if layer["data_date"])
        return (days[0], days[-1]) if days else None

    def layer_title(self, layer_id: str | None) -> str:
        """Return the title of a layer."""
        for layer in self.record["layers"]:
            if layer["id"] == layer_id:
                return str(layer["title"]["zh"] if layer["title"] else theme(layer["theme"]).label["zh"])
        return layer_id or ""


def _null(value: object) -> object:
    return None if isinstance(value, float) and value != value else value


class SiteView:
    """One site.

    Parameters
    ----------
    view : RunView
    site_id : str
    particulars : Particulars
    """

    def __init__(self, view: RunView, site_id: str, particulars: Particulars | None = None) -> None:
        self.view = view
        self.site: Record = view.sites[site_id]
        self.particulars = particulars or Particulars()

    @property
    def site_id(self) -> str:
        """The site's id."""
        return str(self.site["site_id"])

    @property
    def name(self) -> str:
        """The site's name; without one the file that it came from, where it is the only site, else its id."""
        if self.site["name"]:
            return str(self.site["name"])
        source = str(self.site["source_file"] or "")
        return source.rpartition(".")[0] if "." in source and len(self.view.sites) == 1 else self.site_id

    @property
    def verdict(self) -> Verdict:
        """The strictest that is proven."""
        return Verdict(self.site["verdict"])

    @property
    def worst(self) -> Verdict:
        """The strictest that is still possible."""
        return Verdict(self.site["worst_possible"])

    @property
    def geometry(self) -> BaseGeometry | None:
        """The footprint, EPSG:4490."""
        sites = self.view.run.tables["sites"]
        found = sites.geometry[sites["site_id"] == self.site_id]
        return found.iloc[0] if len(found) else None

    def fact(self, name: str) -> str | None:
        """Return a fact in words, ``None`` where it is unknown."""
        value = self.site["facts"].get(name)
        return None if value is None else self.view.fact_value(name, value)

    @cached_property
    def findings(self) -> list[Record]:
        """Findings that restrict, strictest first."""
        found = [item for item in self.site["findings"] if item["effect"] != Effect.NOTICE.value]
        return sorted(found, key=lambda item: (Effect(item["effect"]).rank, item["rule_id"], item["zone_id"] or ""))

    @cached_property
    def notices(self) -> list[Record]:
        """Findings that restrict nothing: general procedures and hints."""
        return [item for item in self.site["findings"] if item["effect"] == Effect.NOTICE.value]

    @cached_property
    def steps(self) -> list[Step]:
        """What is to be done next, one row a rule, strictest first."""
        groups: dict[tuple[str, str], list[Record]] = {}
        for item in self.findings:
            groups.setdefault((item["rule_id"], item["effect"]), []).append(item)
        return [_step(items) for items in groups.values()]

    @cached_property
    def open_questions(self) -> list[Record]:
        """The questions, those of the short list first, in its order."""
        return sorted(
            self.site["questions"], key=lambda item: (item["place"] is None, item["place"] or 0, item["fact"])
        )

    @cached_property
    def not_assessed(self) -> list[Record]:
        """Gaps that no answer of the applicant closes."""
        return [gap for gap in self.site["gaps"] if gap["reason"] not in _ASKED]

    @cached_property
    def missing_facts(self) -> list[str]:
        """The facts that gaps wait for, each once."""
        found = {fact: None for gap in self.site["gaps"] if gap["reason"] in _ASKED for fact in gap["facts"]}
        return list(found)

    @cached_property
    def offices(self) -> dict[str, list[str]]:
        """Offices to ask, with the points they decide, in the order of strictness."""
        found: dict[str, list[str]] = {}
        for step in self.steps:
            for office in step.authority.split("、"):
                points = found.setdefault(office, [])
                if step.title not in points:
                    points.append(step.title)
        for gap in self.not_assessed:
            if gap["theme"]:
                words = f"{theme(gap['theme']).label['zh']}（本次{label('gap', gap['reason'])['zh']}）"
                points = found.setdefault("图层主管部门", [])
                if words not in points:
                    points.append(words)
        for item in self.view.elsewhere:
            points = found.setdefault(str(item["office"]), [])
            points.append(f"是否涉及{theme(item['theme']).label['zh']}")
        return found

    @cached_property
    def units(self) -> list[tuple[str, str, float, float | None]]:
        """Control units that the site lies in: name, grade, area in m2, share of the site."""
        found = {
            row["zone_id"]: (
                str(row["zone_name"] or row["zone_id"]), _grade_words("control_unit", row["grade"]),
                float(row["area_m2"] or 0.0), row["share_of_site"],
            )
            for row in self.view.overlaps.get(self.site_id, ())
            if row["theme"] == "control_unit" and row["relation"] in ("overlap", "within")
        }  # fmt: skip
        return sorted(found.values(), key=lambda unit: -unit[2])

    def items_of_unit(self, unit_name: str) -> str:
        """Return how many items of the access list apply in a unit, do not, or are undecided."""
        rows = [row for row in self.site["access"] if row["unit_name"] in (unit_name, None)]
        words = {"bears": "适用", "does_not_bear": "不涉及", "undecided": "未判定", "restated": "按同款规定核查"}
        counts = [(word, sum(row["outcome"] == code for row in rows)) for code, word in words.items()]
        return "，".join(f"{number} 条{word}" for word, number in counts if number) or "无条目"

    @cached_property
    def neighbours(self) -> list[Neighbour]:
        """How the site lies to every zone that was met or is near, and to the nearest of every other theme."""
        rows = [_neighbour(row) for row in self.view.overlaps.get(self.site_id, ()) if not theme(row["theme"]).context]
        seen = {row.theme for row in rows}
        for check in self.site["checks"]:
            name = check["theme"]
            if name not in seen and not theme(name).context and check["nearest_m"] is not None:
                words = theme(check["theme"]).label["zh"]
                rows.append(Neighbour(check["theme"], words, "", "", check["nearest_m"], 0.0, None, None, None, False))
        return sorted(
            rows, key=lambda row: (row.distance_m if row.distance_m is not None else 1e9, -row.area_m2, row.name)
        )

    @cached_property
    def nearest_by_theme(self) -> list[Neighbour]:
        """The nearest zone of each theme; those that are occupied first."""
        found: dict[str, Neighbour] = {}
        for row in self.neighbours:
            found.setdefault(row.theme, row)
        return list(found.values())

    @cached_property
    def growth_boundary(self) -> str:
        """Whether the site lies inside the growth boundary, in words."""
        check = next((item for item in self.site["checks"] if item["theme"] == "growth_boundary"), None)
        if check is None or check["status"] in ("not_assessed", "not_in_scope"):
            return "未核查"
        area = self.site["area_m2"] or 0.0
        inside = check["net_area_m2"]
        if check["status"] == "none":
            return "外"
        if area and inside < area * 0.999999 - 0.01:
            return f"部分在内（{inside:,.2f} m²）"
        return "内"

    @cached_property
    def town(self) -> str:
        """The towns that the site lies in."""
        if self.site["town"]:
            return str(self.site["town"])
        rows = [
            (row["share_of_zone"] or 0.0, str(row["zone_name"]))
            for row in self.view.overlaps.get(self.site_id, ())
            if row["theme"] == "administrative" and row["relation"] in ("overlap", "within") and row["zone_name"]
        ]
        # The county holds every site; towns are the smaller areas, of which the site takes a larger share.
        smaller = [name for share, name in sorted(rows, reverse=True)]
        return "、".join(smaller[: max(1, len(smaller) - 1)]) if smaller else ""

    def cases(self) -> Iterator[tuple[str, str, float, str]]:
        """Yield theme, case in words, hectares, covering document: as land reviews write each point."""
        totals = {(row["theme"], row["grade"]): row for row in self.site["totals"]}
        for check in self.site["checks"]:
            name = check["theme"]
            if check["status"] == "not_in_scope" or (theme(name).context and name != _GROWTH_BOUNDARY):
                continue
            words = theme(name).label["zh"]
            document = self.particulars.documents.get(name, "")
            if check["status"] == "not_assessed":
                yield words, "未核查，不得视为不涉及", 0.0, document
            elif check["status"] == "none":
                yield words, "不涉及", 0.0, document
            else:
                grades = [(grade, row) for (theme_id, grade), row in totals.items() if theme_id == name and grade]
                if grades:
                    for grade, row in grades:
                        yield (
                            words, f"占用{_grade_words(name, grade)}", row["net_area_m2"] / _M2_PER_HECTARE,
                            document,
                        )  # fmt: skip
                else:
                    yield words, "占用", check["net_area_m2"] / _M2_PER_HECTARE, document

    @cached_property
    def out_of_scope(self) -> list[str]:
        """Themes that were not looked at, apart from those that another office holds."""
        held = {item["theme"] for item in self.view.elsewhere}
        names = [name for name in themes() if name not in self.view.record["scope"] and name not in held]
        return [theme(name).label["zh"] for name in names]


def _grade_words(theme_id: str, grade: str | None) -> str:
    found = next((item for item in theme(theme_id).grades if item.id == grade), None)
    return found.label["zh"] if found else (grade or "")


def _neighbour(row: Record) -> Neighbour:
    grade = _grade_words(row["theme"], row["grade"])
    words = theme(row["theme"]).label["zh"]
    return Neighbour(
        theme=row["theme"],
        name=f"{words}·{grade}" if grade else words,
        zone=str(row["zone_name"] or row["zone_id"]),
        direction=compass(row["bearing_deg"]) if row["relation"] in ("near", "touch") else "",
        distance_m=row["distance_m"],
        area_m2=float(row["area_m2"] or 0.0),
        length_m=row["length_m"],
        depth_m=row.get("depth_m"),
        flip_m=row.get("flip_m"),
        doubtful=bool(row["doubtful"]),
        depth_at_least=bool(row.get("depth_at_least")),
    )


def _step(items: Sequence[Record]) -> Step:
    first = items[0]
    blocks = [name for name in _STAGES if any(name in item["blocks"] for item in items)]
    zones = {str(item["zone_name"] or item["zone_id"]): None for item in items if item["zone_id"]}
    return Step(
        effect=Effect(first["effect"]),
        doubtful=all(item["doubtful"] for item in items),
        title=first["title"]["zh"],
        action=first["action"]["zh"],
        basis=citations_words([citation for item in items for citation in item["citations"]]),
        authority=first["authority"]["zh"],
        stage=_STAGE_WORDS[blocks[0]] + "前" if blocks else "项目办理中",
        zones=tuple(zones),
    )


def stages_words(blocks: Sequence[str]) -> str:
    """Return the stages that a finding blocks in words, in their order.

    Examples
    --------
    >>> stages_words(["operation", "eia_approval"])
    '环评审批、投入运行'
    """
    return "、".join(_STAGE_WORDS[name] for name in _STAGES if name in blocks)


def cure_words(curable: Record | None) -> str:
    """Return how a finding can be cured."""
    if not curable:
        return ""
    area = curable.get("area_m2")
    words = [_CURES.get(str(curable.get(key)), "") for key in ("by", "or") if curable.get(key)]
    return "或".join(f"{word} {area:,.2f} m²" if area and word == _CURES["cut"] else word for word in words if word)
