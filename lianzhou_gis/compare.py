"""Run against run: what flips between two days, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lianzhou_gis.rulebook import AccessItem, RuleVersion
from lianzhou_gis.screening import Result
from lianzhou_gis.vocabulary import Effect, GapReason, label, theme

__all__ = ["Flip", "SiteFlips", "flips"]

Text = dict[str, str]
_ITEM = "access_item."


@dataclass(frozen=True)
class Flip:
    """Something that a site meets differently on two days.

    Attributes
    ----------
    rule_id : str or None
        ``None`` for what no rule is about (a layer that is not in force).
    zones : tuple of str
        Through which it applies, on either day.
    before, after : str or None
        An effect, the reason of a gap, or ``None`` where it does not apply.
    why : dict
        In Chinese and English, with the articles.
    """

    rule_id: str | None
    title: Text
    zones: tuple[str, ...]
    before: str | None
    after: str | None
    why: Text

    @property
    def words(self) -> tuple[Text, Text]:
        """Both sides as people read them."""
        return _word(self.before), _word(self.after)


@dataclass(frozen=True)
class SiteFlips:
    """What flips for one site between two days; ``before`` is the earlier."""

    site_id: str
    name: str | None
    before: Text
    after: Text
    flips: tuple[Flip, ...]
    rebased: int = field(default=0)


def _word(state: str | None) -> Text:
    if state is None:
        return {"zh": "不涉及", "en": "does not apply"}
    return label("gap" if state in set(GapReason) else "effect", state)


def flips(one: Result, other: Result) -> list[SiteFlips]:
    """Return what the same sites meet differently on two days, in the order of time whatever that of the arguments.

    Parameters
    ----------
    one, other : Result
        The same sites, facts and catalog screened as of two days.

    Returns
    -------
    list of SiteFlips
        Only sites for which something flips. ``rebased`` counts what keeps its effect and rests on other articles.
    """
    first, second = sorted((one, other), key=lambda result: result.as_of)
    states = _states(first), _states(second)
    names = dict(zip(first.sites_table["site_id"], first.sites_table["name"], strict=True))
    found = []
    for site_id, answer in first.assessment.answers.items():
        before, after = states[0].get(site_id, {}), states[1].get(site_id, {})
        turned = tuple(
            _flip(first, second, site_id, key, before.get(key), after.get(key))
            for key in sorted({*before, *after}, key=str)
            if _state(before.get(key)) != _state(after.get(key))
        )
        labels = answer.label, second.assessment.answers[site_id].label
        if turned or labels[0] != labels[1]:
            common = [(before[key], after[key]) for key in before if key in after]
            rebased = sum(old.articles != new.articles and _state(old) == _state(new) for old, new in common)
            name = names[site_id]
            found.append(SiteFlips(site_id, name if isinstance(name, str) else None, *labels, turned, rebased))
    return found


@dataclass
class _Match:
    """How a site meets a rule (or a gap without one) on a day."""

    state: str
    title: Text
    zones: set[str]
    articles: frozenset[tuple[str, str]]


Key = tuple[str, str]


def _state(match: _Match | None) -> str | None:
    # A notice restricts nothing: that one comes or goes is no flip.
    return None if match is None or match.state == Effect.NOTICE else match.state


def _states(result: Result) -> Mapping[str, dict[Key, _Match]]:
    found: dict[str, dict[Key, _Match]] = {}
    for item in result.assessment.finding_records:
        match = found.setdefault(item.site_id, {}).get((item.rule_id, item.subject))
        if match is None:
            articles = frozenset((citation.law, citation.article) for citation in item.citations)
            match = _Match(item.effect.value, item.title, set(), articles)
            found[item.site_id][item.rule_id, item.subject] = match
        match.state = min(Effect(match.state), item.effect, key=list(Effect).index).value
        match.zones |= {item.zone_name or item.zone_id or ""} - {""}
    for gap in result.assessment.gap_records:
        site = found.setdefault(gap.site_id, {})
        key = (gap.rule_id or gap.reason.value, "footprint" if gap.rule_id else gap.theme or "")
        if key not in site:
            named = theme(gap.theme).label if gap.theme else {"zh": "项目", "en": "site"}
            site[key] = _Match(gap.reason.value, _title(result, gap.rule_id) or named, set(), frozenset())
    return found


def _title(result: Result, rule_id: str | None) -> Text | None:
    if rule_id is None:
        return None
    if rule_id.startswith(_ITEM):
        item = _item(result, rule_id)
        return None if item is None else {"zh": f"准入清单：{item.text}", "en": f"Access list: {item.text}"}
    version = result.rulebook.rule(rule_id).version(result.as_of)
    return None if version is None else version.title


def _flip(first: Result, second: Result, site_id: str, key: Key, before: _Match | None, after: _Match | None) -> Flip:
    rule_id = key[0] if key[0] not in set(GapReason) else None
    match = after or before
    assert match is not None
    return Flip(
        rule_id=rule_id,
        title=match.title,
        zones=tuple(sorted((before.zones if before else set()) | (after.zones if after else set()))),
        before=before.state if before else None,
        after=after.state if after else None,
        why=_why(first, second, site_id, rule_id, key[1]),
    )


def _why(first: Result, second: Result, site_id: str, rule_id: str | None, theme_id: str) -> Text:
    if rule_id is not None and rule_id.startswith(_ITEM):
        return _why_item(first, second, rule_id) or _why_else(first, second, site_id, "control_unit")
    if rule_id is None:
        return _why_else(first, second, site_id, theme_id)
    rule = first.rulebook.rule(rule_id)
    old, new = rule.version(first.as_of), rule.version(second.as_of)
    if old is new:
        return _why_else(first, second, site_id, old.theme if old else None)
    if old is None and new is not None:
        return _because(f"自 {new.effective_from} 起施行", f"in force from {new.effective_from}", new)
    if old is not None and new is None:
        return _because(f"{old.effective_to} 后不再适用", f"no longer in force after {old.effective_to}", old)
    assert old is not None and new is not None
    was = {lang: "、".join(citation.text(lang) for citation in old.citations) for lang in ("zh", "en")}
    return _because(
        f"自 {new.effective_from} 起变更，此前依 {was['zh']}",
        f"changed from {new.effective_from}, before by {was['en'].replace('、', '; ')}",
        new,
    )


def _because(zh: str, en: str, version: RuleVersion) -> Text:
    cited = {lang: "、".join(citation.text(lang) for citation in version.citations) for lang in ("zh", "en")}
    return {
        "zh": f"{zh}：{cited['zh']}；{version.paraphrase['zh']}",
        "en": f"{en}: {cited['en'].replace('、', '; ')}; {version.paraphrase['en']}",
    }


def _item(result: Result, rule_id: str) -> AccessItem | None:
    wanted = rule_id.removeprefix(_ITEM)
    return next((item for item in result.layers.access_items if item.item_id == wanted), None)


def _why_item(first: Result, second: Result, rule_id: str) -> Text | None:
    old, new = _item(first, rule_id), _item(second, rule_id)
    if old is None and new is not None:
        return {"zh": f"准入清单条目自 {new.valid_from} 起有效", "en": f"the item is valid from {new.valid_from}"}
    if old is not None and new is None:
        return {"zh": f"准入清单条目至 {old.valid_to} 止", "en": f"the item was valid until {old.valid_to}"}
    return None


def _why_else(first: Result, second: Result, site_id: str, theme_id: str | None) -> Text:
    """Return the reason where the rule is the same: another edition of a layer, or what follows of the facts."""
    editions = [
        {layer.entry.id for layer in result.layers.layers if layer.entry.theme == theme_id and layer.status == "loaded"}
        for result in (first, second)
    ]
    if editions[0] != editions[1]:
        left, come = sorted(editions[0] - editions[1]), sorted(editions[1] - editions[0])
        zh, en = [" ".join(ids) or "无" for ids in (left, come)], [" ".join(ids) or "none" for ids in (left, come)]
        return {"zh": f"有效的图层版本由 {zh[0]} 变为 {zh[1]}", "en": f"the layer in force was {en[0]} and is {en[1]}"}
    derived = [{item.fact: item for item in result.derived.get(site_id, ())} for result in (first, second)]
    for fact in sorted({*derived[0]} ^ {*derived[1]}):
        row = (derived[0].get(fact) or derived[1][fact]).row
        shown = first.rulebook.facts.get(fact).label
        return {
            "zh": f"推定的项目信息变化（{shown['zh']}）：{row.paraphrase['zh']}（{row.citations[0].text('zh')}）",
            "en": f"what follows of {fact} changed: {row.paraphrase['en']} ({row.citations[0].text('en')})",
        }
    return {"zh": "该日的图层或项目信息与另一日不同", "en": "layers or facts of the day differ from those of the other"}
