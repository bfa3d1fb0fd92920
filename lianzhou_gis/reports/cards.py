"""What an object shows of itself in a notebook: HTML that is safe whatever stands in the data, readable without colour.

A card never hides what is missing below a long table: gaps and questions come before what was found, and what is cut
for length is counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2

from lianzhou_gis.vocabulary import DISCLAIMER, Effect, GapReason, Verdict, label, theme, themes, verdict_style

if TYPE_CHECKING:
    import pandas as pd

    from lianzhou_gis.catalog import Catalog, LayerEntry
    from lianzhou_gis.evidence import Evidence
    from lianzhou_gis.formats import Sites
    from lianzhou_gis.layers import Layer
    from lianzhou_gis.result import Result
    from lianzhou_gis.rulebook import Rule, Rulebook

__all__ = ["catalog_card", "evidence_card", "layer_card", "result_card", "rule_card", "rulebook_card", "sites_card"]

# A notebook cell is no place for more; the tables of the object hold all.
_MOST_SITES = 12
_MOST_ROWS = 6
_FEW = 3
_MOST_TEXT = 200
_ASKED = GapReason.MISSING_FACT.value


def _short(value: object) -> str:
    text = "" if value is None or value != value else str(value)
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"


def _outward(link: object) -> str | None:
    """Return a link that may be clicked; anything but http(s) is text only."""
    return link if isinstance(link, str) and link.startswith(("https://", "http://")) else None


def _edge(effect: Effect) -> str:
    """Return the line at the side of what a rule does; a notice restricts nothing: it is grey, not green."""
    if effect is Effect.NOTICE:
        return "solid #767676"
    style = verdict_style(effect.verdict)
    return f"{style.line} {style.colour}"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(lambda name: files(__package__).joinpath(name).read_text(encoding="utf-8")),
    )
    environment.filters.update(short=_short, outward=_outward)
    environment.globals.update(
        disclaimer=DISCLAIMER, label=label, style=verdict_style, edge=_edge, most=_MOST_ROWS, few=_FEW
    )
    return environment


def _card(kind: str, **values: object) -> str:
    return _environment().get_template(f"{kind}.html.jinja").render(**values)


def _state(entry: LayerEntry, day: date) -> str:
    """Return in words whether an edition holds on a day."""
    if entry.in_force(day):
        return "有效"
    return (
        f"自 {entry.valid_from} 起有效"
        if entry.valid_from and day < entry.valid_from
        else f"已于 {entry.valid_to} 失效"
    )


def catalog_card(catalog: Catalog, day: date) -> str:
    """Return the layers of a catalog with dates and state of a day as HTML."""
    used = {series.edition.id for series in catalog.series(_themes_of(catalog), day) if series.edition}
    rows = [(entry, theme(entry.theme), _state(entry, day), entry.id in used) for entry in catalog.layers]
    return _card("catalog", catalog=catalog, rows=rows, day=day, synthetic=any(e.synthetic for e in catalog.layers))


def _themes_of(catalog: Catalog) -> list[str]:
    return sorted({entry.theme for entry in catalog.layers})


def rulebook_card(rulebook: Rulebook, day: date) -> str:
    """Return how many rules a rulebook has by theme and effect, and what it cites, as HTML."""
    in_force = rulebook.in_force(day)
    counts: Counter[tuple[str | None, Effect]] = Counter((rule.theme, rule.effect) for rule in in_force)
    names = [*sorted({rule.theme for rule in in_force if rule.theme}), None]
    rows = [
        (theme(name).label["zh"] if name else "不需图层", name or "everywhere", [counts[name, e] for e in Effect])
        for name in names
    ]
    laws = Counter(citation.title["zh"] for rule in in_force for citation in rule.citations)
    return _card(
        "rulebook",
        rulebook=rulebook,
        day=day,
        in_force=len(in_force),
        rows=rows,
        effects=list(Effect),
        laws=laws.most_common(),
    )


def rule_card(rule: Rule) -> str:
    """Return a rule with all its versions as HTML: what, since when, on what article, what to do, with whom."""
    return _card("rule", rule=rule)


def evidence_card(evidence: Evidence) -> str:
    """Return one finding with its measures, articles and what to do as HTML."""
    return _card("evidence", evidence=evidence, finding=evidence.finding)


def sites_card(sites: Sites) -> str:
    """Return what was read of sites, what is wrong with it foremost, as HTML."""
    notable = [issue for issue in sites.issues if issue.severity != "info"]
    rows = list(sites.table.head(_MOST_SITES).itertuples())
    return _card("sites", sites=sites, rows=rows, notable=notable, more=len(sites) - len(rows))


def layer_card(layer: Layer) -> str:
    """Return a layer as it was loaded, by grade, as HTML."""
    grades = Counter(_short(grade) or "-" for grade in layer.zones["grade"])
    return _card("layer", layer=layer, theme=theme(layer.entry.theme), grades=sorted(grades.items()))


def _of_sites(table: pd.DataFrame) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = defaultdict(list)
    row: Any
    for row in table.itertuples():
        rows[row.site_id].append(row)
    return rows


def _by_reason(gaps: list[Any]) -> list[tuple[str, list[str]]]:
    """Return what each reason for not being assessed is about; a missing fact is asked for, as a question, instead."""
    told: dict[str, dict[str, None]] = defaultdict(dict)
    for gap in gaps:
        if gap.reason != _ASKED:
            told[gap.reason][gap.detail["zh"]] = None
    return [(reason, list(details)) for reason, details in told.items()]


def result_card(result: Result) -> str:
    """Return the verdicts of a run as HTML: those that may hide most first, what is open before what was found."""
    frame, found = result.sites_table, result.assessment
    worst = [Verdict(value).rank for value in frame["worst_possible"]]
    proven = [Verdict(value).rank for value in frame["verdict"]]
    order = frame.assign(_worst=worst, _proven=proven).sort_values(["_worst", "_proven", "site_id"])
    shown: list[Any] = list(order.head(_MOST_SITES).itertuples())
    findings, gaps = _of_sites(found.findings), _of_sites(found.gaps)
    questions: dict[str, list[Any]] = defaultdict(list)
    for question in result.questions:
        questions[question.site_id].append(question)
    sites = [
        (
            site,
            _by_reason(gaps[site.site_id]),
            questions[site.site_id],
            sorted(findings[site.site_id], key=lambda row: (list(Effect).index(Effect(row.effect)), row.rule_id)),
        )
        for site in shown
    ]
    return _card(
        "result",
        result=result,
        looked=[theme(name).label["zh"] for name in result.scope],
        left_out=[entry.label["zh"] for name, entry in themes().items() if name not in result.scope],
        counts=[(verdict, count) for verdict in Verdict if (count := int((frame["verdict"] == verdict.value).sum()))],
        sites=sites,
        more=len(frame) - len(shown),
        notable=[issue for issue in result.issues if issue.severity != "info"],
    )
