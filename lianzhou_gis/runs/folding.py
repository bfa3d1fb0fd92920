"""Check that verdicts follow from the findings and gaps of a document, and its sentences from the rulebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from lianzhou_gis.errors import Message
from lianzhou_gis.findings.verdicts import Tally, answer_to
from lianzhou_gis.rulebook import Rulebook, RuleVersion
from lianzhou_gis.runs.seal import DOCUMENT, Alteration
from lianzhou_gis.vocabulary import DISCLAIMER, Effect, GapReason, Verdict, highest_secrecy, theme

__all__ = ["check_fold", "check_texts"]

_ASKED = {GapReason.MISSING_FACT.value, GapReason.ACCESS_UNDECIDED.value}
_KEYS = ("verdict", "worst_possible", "complete", "label")


def _folded(site: Mapping[str, Any]) -> dict[str, Any]:
    # Lying in a zone of a context theme says nothing by itself.
    zones = sum(check["zones"] for check in site["checks"] if not theme(check["theme"]).context)
    tallies = [
        Tally(zones=zones),
        *(
            Tally.from_finding(Effect(item["effect"]), Effect(item["worst"]), bool(item["doubtful"]))
            for item in site["findings"]
        ),
        *(Tally.from_gap(Verdict(gap["worst"]), gap["reason"] in _ASKED) for gap in site["gaps"]),
    ]
    answer = answer_to(Tally.total(tallies))
    return {
        "verdict": answer.verdict.value,
        "worst_possible": answer.worst_possible.value,
        "complete": answer.complete,
        "label": dict(answer.label),
    }


def check_fold(document: Mapping[str, Any]) -> Iterator[Alteration]:
    """Yield where a verdict or its label does not follow from the findings and gaps, or a fixed sentence is another.

    The class of secrecy, too, must not be below that of the layers.

    Parameters
    ----------
    document : mapping
        The content of ``result.json``, valid by its schema.
    """
    if document["run"]["disclaimer"] != DISCLAIMER:
        yield Alteration("sentence_altered", DOCUMENT, "固定的免责语句被改动", "the fixed disclaimer was altered")
    run = document["run"]
    stated = [layer["secrecy"] for layer in run["layers"]]
    # Layers that only place a site are read, too: they may raise the class, and none lowers it.
    if highest_secrecy([run["secrecy"], *stated]) != run["secrecy"]:
        texts = Message.from_code("secrecy_lowered").texts
        yield Alteration("secrecy_lowered", DOCUMENT, texts["zh"], texts["en"])
    for site in document["sites"]:
        folded = _folded(site)
        wrong = [key for key in _KEYS if site[key] != folded[key]]
        if wrong:
            yield Alteration(
                "verdict_not_folded",
                f"{DOCUMENT}, {site['site_id']}",
                f"{'、'.join(wrong)} 与所列发现和缺项不符，应为“{folded['label']['zh']}”",
                f"{', '.join(wrong)} do not follow from the findings and gaps; they come to “{folded['label']['en']}”",
            )


def check_texts(document: Mapping[str, Any]) -> Iterator[Alteration]:
    """Yield findings whose sentences or articles are not those of the rulebook that the run names.

    Nothing is compared where that is not the rulebook of this program.
    """
    run, rulebook = document["run"], Rulebook.load()
    if run["rulebook"]["sha256"] != rulebook.sha256:
        return
    rules = {rule.id: rule for rule in rulebook.in_force(date.fromisoformat(run["as_of"]))}
    for site in document["sites"]:
        for item in site["findings"]:
            rule = rules.get(item["rule_id"])
            if rule is not None and not _as_ruled(item, rule):
                yield Alteration(
                    "sentence_altered",
                    f"{DOCUMENT}, {site['site_id']}, {item['finding_id']}",
                    "规定的名称、依据或须办事项与规则库不符",
                    "title, articles or action of a finding are not those of the rulebook",
                )


def _as_ruled(item: Mapping[str, Any], rule: RuleVersion) -> bool:
    texts = ("title", "paraphrase", "action", "authority")
    stated = [(citation["law"], citation["article"]) for citation in item["citations"]]
    return (
        all(dict(item[name]) == dict(getattr(rule, name)) for name in texts)
        and stated == [(citation.law, citation.article) for citation in rule.citations]
        and item["blocks"] == list(rule.blocks)
    )
