"""Repeats earlier runs with another edition: which verdicts change, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import LianzhouError, MissingFileError
from lianzhou_gis.formats import read_facts, read_sites
from lianzhou_gis.intake.edition_diff import EditionDiff
from lianzhou_gis.intake.table_reader import region_of
from lianzhou_gis.runs import Run, as_document
from lianzhou_gis.screening import screen
from lianzhou_gis.vocabulary import Effect, label, theme

__all__ = ["RunOutcome", "SiteOutcome", "outcome_record", "rerun", "runs_in"]

_STATUS = {
    "same": {"zh": "结论不变", "en": "the same verdicts"},
    "not_affected": {"zh": "未使用旧版图层", "en": "does not rest on the old edition"},
    "not_repeatable": {"zh": "无法重算", "en": "cannot be repeated"},
}
_VERDICT = ("verdict", "worst_possible", "complete")


@dataclass(frozen=True)
class SiteOutcome:
    """A site whose verdict would change, or what it rests on.

    Attributes
    ----------
    old, new : dict
        ``verdict``, ``worst_possible``, ``complete`` and ``label``.
    why : tuple of dict
        Findings that are new for the site, and those that are gone, zh and en.
    """

    site_id: str
    name: str | None
    old: dict[str, Any]
    new: dict[str, Any]
    why: tuple[dict[str, str], ...]

    @property
    def changed(self) -> bool:
        """Whether the verdict itself would change."""
        return any(self.old[name] != self.new[name] for name in _VERDICT)


@dataclass(frozen=True)
class RunOutcome:
    """What another edition means for a run.

    Attributes
    ----------
    folder : str
        Name of the run folder.
    status : {"changed", "grounds", "same", "not_affected", "not_repeatable"}
        ``grounds``: the verdicts stay, what they rest on changes; ``not_affected``: the run did not use the edition.
    reason : dict or None
        Why it could not be repeated, zh and en.
    """

    folder: str
    as_of: str | None
    status: str
    reason: dict[str, str] | None = None
    sites: tuple[SiteOutcome, ...] = ()

    def rows(self, lang: str = "zh") -> list[list[Any]]:
        """Return the lines of a table of runs."""
        if not self.sites:
            text = _STATUS[self.status][lang] + (f": {self.reason[lang]}" if self.reason else "")
            return [[self.folder, self.as_of, None, None, None, None, text]]
        return [
            [
                self.folder,
                self.as_of,
                site.site_id,
                site.name,
                site.old["label"][lang],
                site.new["label"][lang],
                "; ".join(item[lang] for item in site.why)
                + (
                    ""
                    if site.changed
                    else {"zh": "（结论不变，依据改变）", "en": " (same verdict on other grounds)"}[lang]
                ),
            ]
            for site in self.sites
        ]


def outcome_record(run: RunOutcome) -> dict[str, Any]:
    """Return an outcome as JSON values."""
    return {
        "run": run.folder,
        "as_of": run.as_of,
        "status": run.status,
        "reason": run.reason,
        "sites": [
            {
                "site_id": site.site_id,
                "name": site.name,
                "changed": site.changed,
                "old": site.old,
                "new": site.new,
                "why": list(site.why),
            }
            for site in run.sites
        ],
    }


def runs_in(folder: Path) -> list[Path]:
    """Return the run folders in a folder, or the folder itself if it is one.

    Raises
    ------
    MissingFileError
        If there is none.
    """
    if (folder / "result.json").is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob("*/result.json")) if folder.is_dir() else []
    if not found:
        raise MissingFileError.from_code("run_folder_missing", folder=folder.name)
    return found


def _with(catalog: Catalog, replaced: Sequence[LayerEntry], entry: LayerEntry | None) -> Catalog:
    """Return a catalog in which one edition represents a series on every day."""
    gone = {item.series for item in replaced}
    kept = [item for item in catalog.layers if item.series not in gone]
    ageless = [] if entry is None else [replace(entry, valid_from=None, valid_to=None)]
    return replace(catalog, layers=(*kept, *ageless))


def _catalogs(diffs: Sequence[EditionDiff]) -> tuple[Catalog, Catalog]:
    """Return the catalogs with the old and with the new editions; everything else of them stays."""
    result = []
    for side in ("old", "new"):
        editions = [getattr(diff, side) for diff in diffs]
        base = next(edition.catalog for edition in editions if edition is not None)
        for diff, edition in zip(diffs, editions, strict=True):
            both = [item.entry for item in (diff.old, diff.new) if item is not None]
            base = _with(base, both, None if edition is None else edition.entry)
        result.append(base)
    return result[0], result[1]


def _inputs(folder: Path, document: dict[str, Any]) -> list[Path]:
    """Return the site files stored in a run folder."""
    kept = folder / "inputs"
    named = [kept / item["name"] for item in document["run"]["inputs"]]
    found = [path for path in named if path.exists()]
    if len(found) < len(named) or not found:
        made = kept / "sites.geojson"
        if not made.is_file():
            missing = ", ".join(path.name for path in named if not path.exists()) or "inputs"
            raise MissingFileError.from_code("run_input_missing", file=missing)
        found = [*found, made]
    return found


def _again(folder: Path, document: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Screen the sites of a run again; returns the document of the new run."""
    paths = _inputs(folder, document)
    parameters = document["run"]["parameters"]
    sites = read_sites(paths if len(paths) > 1 else paths[0], region=region_of(catalog))
    facts = folder / "inputs" / "facts.yaml"
    result = screen(
        sites,
        catalog,
        facts=read_facts(facts) if facts.is_file() else None,
        as_of=document["run"]["as_of"],
        themes=parameters.get("themes"),
    )
    return as_document(result)


def _by_id(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {site["site_id"]: site for site in document["sites"]}


def _not_repeated(recorded: dict[str, Any], again: dict[str, Any]) -> dict[str, str] | None:
    """Return why a run that was repeated with the editions it used is not the same; ``None`` if it is."""
    used = {layer["id"]: layer["sha256"] for layer in recorded["run"]["layers"]}
    other = sorted(
        layer["id"] for layer in again["run"]["layers"] if used.get(layer["id"], layer["sha256"]) != layer["sha256"]
    )
    if other:
        listed = "、".join(other)
        return {
            "zh": f"图层 {listed} 的内容已不是当时核查所用的内容",
            "en": f"the content of {listed} is no longer what the run used",
        }
    before, now = _by_id(recorded), _by_id(again)
    differing = sorted(
        site_id
        for site_id in {*before, *now}
        if site_id not in before
        or site_id not in now
        or any(before[site_id][name] != now[site_id][name] for name in _VERDICT)
    )
    if not differing:
        return None
    listed = "、".join(differing[:5]) + (" …" if len(differing) > 5 else "")
    return {
        "zh": f"用旧版重算 {listed} 的结论已与记录不同（规则、其他图层或项目信息已变）",
        "en": f"with the old edition {listed} no longer reads as recorded (rules, other layers or facts have changed)",
    }


def _verdict(site: dict[str, Any]) -> dict[str, Any]:
    return {name: site[name] for name in (*_VERDICT, "label")}


def _grounds(site: dict[str, Any]) -> dict[tuple[Any, ...], dict[str, str]]:
    """Return the findings and gaps of a site by rule and zone, without notices."""
    found: dict[tuple[Any, ...], dict[str, str]] = {}
    for item in site["findings"]:
        if item["effect"] != Effect.NOTICE.value:
            zone = item["zone_name"] or item["zone_id"]
            named = {lang: f"{item['title'][lang]}" + (f" [{zone}]" if zone else "") for lang in ("zh", "en")}
            found["finding", item["rule_id"], item["zone_id"]] = named
    for gap in site["gaps"]:
        words = label("gap", gap["reason"])
        subject = theme(gap["theme"]).label if gap["theme"] else {"zh": "", "en": ""}
        found["gap", gap["reason"], gap["theme"], gap["zone_id"], gap["rule_id"]] = {
            "zh": f"{words['zh']}（{subject['zh']}）",
            "en": f"{words['en']} ({subject['en']})",
        }
    return found


def _why(old: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, str], ...]:
    before, after = _grounds(old), _grounds(new)
    reasons: dict[tuple[str, str], None] = {}
    for key, words in after.items():
        if key not in before:
            reasons[f"新增：{words['zh']}", f"now: {words['en']}"] = None
    for key, words in before.items():
        if key not in after:
            reasons[f"不再：{words['zh']}", f"no longer: {words['en']}"] = None
    return tuple({"zh": zh, "en": en} for zh, en in reasons)


def _used(document: dict[str, Any], diffs: Sequence[EditionDiff]) -> bool:
    """Tell whether a run rests on an old edition, by its id and content where that is recorded."""
    used = {layer["id"] for layer in document["run"]["layers"]}
    themes = set(document["run"]["scope"])
    old = {diff.old.entry.id for diff in diffs if diff.old is not None}
    return bool(used & old) or any(diff.old is None and diff.theme in themes for diff in diffs)


def rerun(folder: Path, diffs: Sequence[EditionDiff]) -> RunOutcome:
    """Say what the new editions would mean for a run.

    The run is first repeated with the old ones: only where that gives the verdicts that stand in it, what the new ones
    give is due to them alone. Law and day stay those of the run.

    Parameters
    ----------
    folder : pathlib.Path
        A run folder.
    diffs : sequence of EditionDiff
        Of layers of catalogs.
    """
    as_of = None
    try:
        document = Run.open(folder).document
        as_of = document["run"]["as_of"]
        if not _used(document, diffs):
            return RunOutcome(folder.name, as_of, "not_affected")
        old_catalog, new_catalog = _catalogs(diffs)
        repeated = _again(folder, document, old_catalog)
        reason = _not_repeated(document, repeated)
        if reason is not None:
            return RunOutcome(folder.name, as_of, "not_repeatable", reason)
        before, after = _by_id(repeated), _by_id(_again(folder, document, new_catalog))
    except (LianzhouError, OSError) as error:
        words = (error.zh, error.en) if isinstance(error, LianzhouError) else (str(error), str(error))
        return RunOutcome(folder.name, as_of, "not_repeatable", {"zh": words[0], "en": words[1]})
    sites = tuple(
        SiteOutcome(site_id, old["name"], _verdict(old), _verdict(after[site_id]), _why(old, after[site_id]))
        for site_id, old in sorted(before.items())
    )
    sites = tuple(site for site in sites if site.changed or site.why)
    status = "changed" if any(site.changed for site in sites) else "grounds" if sites else "same"
    return RunOutcome(folder.name, as_of, status, None, sites)
