"""Run against run: what changed for which site, and what it is due to: layer, rule, fact, site or program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lianzhou_gis.vocabulary import Effect, label, theme

__all__ = ["Cause", "Change", "RunDifference", "SiteDifference", "compare_documents"]

Record = Mapping[str, Any]
Text = dict[str, str]
CauseKind = Literal["site", "fact", "layer", "catalog", "rule", "day", "program", "scope"]
_VERDICT = ("verdict", "worst_possible", "complete")
# Parts of the fingerprint that no other cause names, as people call them.
_PROGRAM_PARTS: dict[str, Text] = {
    "code": {"zh": "程序代码", "en": "code"},
    "libraries": {"zh": "所用软件库", "en": "libraries"},
}
_CATALOG_PARTS: dict[str, Text] = {
    "access_lists": {"zh": "准入清单", "en": "access lists"},
    "catalog": {"zh": "区域及其信息", "en": "region and its facts"},
    "coverages": {"zh": "覆盖范围", "en": "coverages"},
    "entries": {"zh": "图层条目", "en": "entries of layers"},
    "files": {"zh": "图层文件", "en": "files of layers"},
    "gaps": {"zh": "图层缺项", "en": "gaps of layers"},
    "plane": {"zh": "计算平面", "en": "plane"},
    "region": {"zh": "区域", "en": "region"},
    "study": {"zh": "读取范围", "en": "study area"},
}
# Measures of a site whose change means that its footprint is another.
_SHAPE = ("geometry_kind", "area_m2", "statutory_area_m2", "length_m", "corridor_width_m", "accuracy_m", "survey_crs")


@dataclass(frozen=True, slots=True)
class Cause:
    """What a change is due to.

    Attributes
    ----------
    kind : {"site", "fact", "layer", "catalog", "rule", "day", "program", "scope"}
    name : str
        The layer, the fact ...; empty where there is one only.
    before, after : str or None
        Editions, values, days.
    """

    kind: CauseKind
    name: str
    before: str | None
    after: str | None

    def text(self, lang: str) -> str:
        """Return the cause in words, ``"zh"`` or ``"en"``."""
        kinds = _KINDS[self.kind]
        zh = lang == "zh"
        part = {**_PROGRAM_PARTS, **_CATALOG_PARTS}.get(self.name) if self.kind in ("program", "catalog") else None
        name = f" {part[lang] if part else self.name}" if self.name else ""
        none = "无" if zh else "none"
        return (
            f"{kinds[lang]}{name}：{self.before or none} → {self.after or none}"
            if zh
            else (f"{kinds[lang]}{name}: {self.before or none} -> {self.after or none}")
        )


_KINDS: dict[CauseKind, Text] = {
    "site": {"zh": "项目范围", "en": "site"},
    "fact": {"zh": "项目信息", "en": "fact"},
    "layer": {"zh": "图层", "en": "layer"},
    "catalog": {"zh": "图层目录", "en": "catalog"},
    "rule": {"zh": "规则库", "en": "rulebook"},
    "day": {"zh": "基准日", "en": "day"},
    "program": {"zh": "程序", "en": "program"},
    "scope": {"zh": "核查范围", "en": "scope"},
}


@dataclass(frozen=True, slots=True)
class Change:
    """A finding or gap that one run has and the other has not, or has otherwise.

    Attributes
    ----------
    before, after : str or None
        Effect or reason of the gap; ``None`` where the run has none.
    causes : tuple of Cause
        What differs between the runs and bears on this.
    """

    title: Text
    zone: str | None
    theme: str | None
    before: str | None
    after: str | None
    causes: tuple[Cause, ...]

    def words(self, state: str | None, lang: str) -> str:
        """Return an effect or a reason in words."""
        if state is None:
            return "无" if lang == "zh" else "none"
        return label("effect" if state in set(Effect) else "gap", state)[lang]


@dataclass(frozen=True, slots=True)
class SiteDifference:
    """What changed for one site; ``before`` or ``after`` is ``None`` where a run does not have it."""

    site_id: str
    name: str | None
    before: Text | None
    after: Text | None
    verdict_changed: bool
    changes: tuple[Change, ...]
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class RunDifference:
    """Two runs compared.

    Attributes
    ----------
    before, after : str
        Run ids.
    causes : tuple of Cause
        What differs between the runs as wholes.
    sites : tuple of SiteDifference
        Those for which anything changed, by id.
    same : int
        Number of sites for which nothing changed.
    """

    before: str
    after: str
    causes: tuple[Cause, ...]
    sites: tuple[SiteDifference, ...]
    same: int

    def record(self) -> dict[str, Any]:
        """Return the difference as plain data."""
        return {
            "before": self.before,
            "after": self.after,
            "causes": [_cause_record(cause) for cause in self.causes],
            "same": self.same,
            "sites": [
                {
                    "site_id": site.site_id,
                    "name": site.name,
                    "before": site.before,
                    "after": site.after,
                    "verdict_changed": site.verdict_changed,
                    "causes": [_cause_record(cause) for cause in site.causes],
                    "changes": [
                        {
                            "title": change.title,
                            "zone": change.zone,
                            "theme": change.theme,
                            "before": change.before,
                            "after": change.after,
                            "causes": [_cause_record(cause) for cause in change.causes],
                        }
                        for change in site.changes
                    ],
                }
                for site in self.sites
            ],
        }


def _cause_record(cause: Cause) -> dict[str, str | None]:
    return {"kind": cause.kind, "name": cause.name, "before": cause.before, "after": cause.after}


def compare_documents(before: Record, after: Record) -> RunDifference:
    """Compare two runs by their documents.

    Parameters
    ----------
    before, after : mapping
        Contents of ``result.json``.
    """
    shared = tuple(_run_causes(before["run"], after["run"]))
    olds = {site["site_id"]: site for site in before["sites"]}
    news = {site["site_id"]: site for site in after["sites"]}
    sites = [
        found
        for site_id in sorted({*olds, *news})
        if (found := _site_difference(site_id, olds.get(site_id), news.get(site_id), shared)) is not None
    ]
    return RunDifference(
        before["run"]["id"], after["run"]["id"], shared, tuple(sites), len({*olds, *news}) - len(sites)
    )


def _run_causes(before: Record, after: Record) -> Iterator[Cause]:
    """Yield what differs between two runs, whatever the site."""
    if before["as_of"] != after["as_of"]:
        yield Cause("day", "", before["as_of"], after["as_of"])
    old, new = before["rulebook"], after["rulebook"]
    if old["sha256"] != new["sha256"]:
        yield Cause("rule", "", *(f"{book['version']}（{book['sha256'][:8]}）" for book in (old, new)))
    if before["software"] != after["software"]:
        yield Cause("program", "", before["software"]["version"], after["software"]["version"])
    yield from _part_causes("program", _PROGRAM_PARTS, before, after)
    if before["scope"] != after["scope"]:
        yield Cause("scope", "", str(len(before["scope"])), str(len(after["scope"])))
    olds = {layer["id"]: layer for layer in before["layers"]}
    news = {layer["id"]: layer for layer in after["layers"]}
    for name in sorted({*olds, *news}):
        was, now = olds.get(name), news.get(name)
        if was is None or now is None or (was["sha256"], was["status"]) != (now["sha256"], now["status"]):
            yield Cause("layer", name, _edition(was), _edition(now))
    yield from _part_causes("catalog", _CATALOG_PARTS, before, after)


def _part_causes(kind: CauseKind, names: Mapping[str, Text], before: Record, after: Record) -> Iterator[Cause]:
    """Yield the parts of the fingerprint that differ, by the beginnings of their hashes."""
    old, new = before["fingerprint"], after["fingerprint"]
    for name in names:
        if old.get(name) != new.get(name):
            yield Cause(kind, name, *(None if part is None else part[:8] for part in (old.get(name), new.get(name))))


def _edition(layer: Record | None) -> str | None:
    if layer is None:
        return None
    status = "" if layer["status"] == "loaded" else f"，{layer['status']}"
    return f"{layer['data_date'] or '-'}（{(layer['sha256'] or '-')[:8]}{status}）"


def _site_causes(old: Record, new: Record) -> Iterator[Cause]:
    changed = [name for name in _SHAPE if old[name] != new[name]]
    if changed:
        areas = [f"{site['area_m2']:,.2f} m²" for site in (old, new)]
        yield Cause("site", "", *areas)
    for name in sorted({*old["facts"], *new["facts"]}):
        was, now = old["facts"].get(name), new["facts"].get(name)
        if was != now:
            yield Cause("fact", name, *(None if value is None else str(value) for value in (was, now)))


def _states(site: Record | None) -> dict[tuple[str, ...], tuple[str, Record, Text]]:
    """Return findings and gaps by what they are about: state, record, title."""
    found: dict[tuple[str, ...], tuple[str, Record, Text]] = {}
    if site is None:
        return found
    for item in site["findings"]:
        # A notice restricts nothing: that one comes or goes is no difference.
        if item["effect"] == Effect.NOTICE:
            continue
        key = ("finding", item["rule_id"], item["zone_id"] or "", item["subject"])
        found[key] = item["effect"], item, dict(item["title"])
    for gap in site["gaps"]:
        words = theme(gap["theme"]).label if gap["theme"] else {"zh": "项目", "en": "site"}
        about = gap["rule_id"] or gap["reason"]
        found["gap", about, gap["zone_id"] or "", gap["theme"] or ""] = gap["reason"], gap, dict(words)
    return found


def _site_difference(
    site_id: str, old: Record | None, new: Record | None, shared: tuple[Cause, ...]
) -> SiteDifference | None:
    own = tuple(_site_causes(old, new)) if old is not None and new is not None else ()
    befores, afters = _states(old), _states(new)
    changes = []
    for key in sorted({*befores, *afters}):
        was, now = befores.get(key), afters.get(key)
        if (was and was[0]) == (now and now[0]):
            continue
        present = now or was
        assert present is not None
        _, record, title = present
        changes.append(
            Change(
                title=title,
                zone=record.get("zone_name") or record.get("zone_id"),
                theme=record["theme"],
                before=was[0] if was else None,
                after=now[0] if now else None,
                causes=tuple(_causes_of(was and was[1], now and now[1], shared, own)),
            )
        )
    labels = [None if site is None else dict(site["label"]) for site in (old, new)]
    turned = old is None or new is None or any(old[name] != new[name] for name in _VERDICT)
    if not turned and not changes and labels[0] == labels[1]:
        return None
    named = new or old
    assert named is not None
    return SiteDifference(site_id, named["name"], labels[0], labels[1], turned, tuple(changes), own)


def _causes_of(
    was: Record | None, now: Record | None, shared: tuple[Cause, ...], own: tuple[Cause, ...]
) -> Iterator[Cause]:
    """Yield the causes that bear on a change: its layer, its facts, its site; else what holds for all."""
    layers = {record["layer_id"] for record in (was, now) if record is not None} - {None}
    facts = {
        name
        for record in (was, now)
        if record is not None
        for name in (*record.get("facts_used", ()), *record.get("missing_facts", ()), *record.get("facts", ()))
    }
    themes = {record["theme"] for record in (was, now) if record is not None} - {None}
    found = [
        cause
        for cause in (*own, *shared)
        if cause.kind == "site"
        or (cause.kind == "fact" and cause.name in facts)
        or (cause.kind == "layer" and (cause.name in layers or (not layers and themes)))
    ]
    whole = [cause for cause in shared if cause.kind in ("day", "rule", "program", "scope", "catalog")]
    # A rule that changed and a layer that changed may both be the reason; the nearer stand first.
    yield from found
    yield from whole if not found else [cause for cause in whole if cause.kind in ("day", "rule")]
