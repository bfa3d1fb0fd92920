"""Answer sheets and questions in the terminal: ``screen --ask``, ``screen --answers``, ``rules facts --for``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianzhou_gis.errors import FactError, FormatError, Message
from lianzhou_gis.findings.questionnaire import OUTFALL
from lianzhou_gis.formats.outfalls import outfall_point
from lianzhou_gis.formats.sites import SiteDefaults
from lianzhou_gis.rulebook.facts import ACCESS_PREFIX, DOCUMENT_SUFFIX

if TYPE_CHECKING:
    from lianzhou_gis.findings.questionnaire import QuestionList, Questionnaire
    from lianzhou_gis.formats import Sites
    from lianzhou_gis.result import Result
    from lianzhou_gis.rulebook import Rulebook

__all__ = ["answer_sheet", "ask", "ask_width", "read_answers", "site_questionnaire"]

_META = ("answered_by", "list_version", "sites")
_ROUNDS = 8
LIST_TITLES = {
    "prohibiting": {
        "zh": "以下情形（现有、拟建及施工期）在本地块如有，即触及禁止性规定：",
        "en": "Any of these, now, planned or during works, is prohibited on this very site:",
    },
    "other": {
        "zh": "以下情形（现有、拟建及施工期）是否存在：",
        "en": "Is any of these there, now, planned or during works:",
    },
}


def list_version(rulebook: Rulebook) -> str:
    """Return the version of the checklists: of the rulebook that asks."""
    return f"{rulebook.version}-{rulebook.sha256[:8]}"


def site_questionnaire(result: Result, site_id: str) -> Questionnaire:
    """Return the questions of one site as a person answers them."""
    from lianzhou_gis.findings.questionnaire import questionnaire

    own = [question for question in result.questions if question.site_id == site_id]
    verdict = result.assessment.answers[site_id].verdict
    return questionnaire(own, result.facts[site_id], result.rulebook, result.as_of, verdict=verdict)


def read_answers(path: Path, rulebook: Rulebook) -> tuple[dict[str, Any], list[str]]:
    """Read an answer sheet as facts; what is left blank is unknown.

    Parameters
    ----------
    path : Path
    rulebook : Rulebook

    Returns
    -------
    facts : dict
        ``{"sites": {...}}``, as a file of facts.
    warnings : list of str
        Where the checklists have changed since: what was answered with "none of these" is open again.

    Raises
    ------
    FactError
        If it is no answer sheet, or names nobody who answered.
    """
    from lianzhou_gis.located_yaml import read_located_yaml

    data = read_located_yaml(path, FactError)
    if not isinstance(data, dict) or set(data) - set(_META) or not isinstance(data.get("sites"), dict):
        raise FactError(f"{path.name}：不是答题表", f"{path.name}: is no answer sheet")
    if not str(data.get("answered_by") or "").strip():
        raise FactError(f"{path.name}：请填写 answered_by（填写人）", f"{path.name}: fill in answered_by")
    sites = {str(key): {str(name): value for name, value in (own or {}).items()} for key, own in data["sites"].items()}
    warnings = []
    if data.get("list_version") != list_version(rulebook):
        for site_id, own in sites.items():
            stale = [
                name
                for name, value in own.items()
                if rulebook.facts.find(name)
                and (fact := rulebook.facts.get(name)).checklist
                and value in (False, fact.not_there())
            ]
            for name in stale:
                own[name] = None
            if stale:
                warnings.append(f"{site_id}: {len(stale)}")
    return {"sites": sites}, warnings


def answer_sheet(
    rulebook: Rulebook, lang: str, *, kind: Mapping[str, Any] | None, sites: Mapping[str, Questionnaire | None]
) -> str:
    """Return an answer sheet: the questions of each site, with what is typical of a type as a suggestion to confirm.

    Parameters
    ----------
    kind : mapping, optional
        Facts that are typical of a type of project.
    sites : mapping of site_id to Questionnaire
        ``None`` for a sheet that is of no site yet.
    """
    head = {
        "zh": "# 答题表：逐项填写，不清楚的留空；“清单”各项都没有的填 no。填写人写明单位和姓名。",
        "en": "# Answer sheet: leave blank what is not known; no for items of the list that are not there.",
    }[lang]
    lines = [head, 'answered_by: ""', f"list_version: {list_version(rulebook)}", "sites:"]
    for site_id, own in sites.items():
        lines.append(f'  "{site_id}":')
        facts = dict(kind or {})
        for name in facts:
            lines.append(f"    {name}: {_yaml(facts[name])}  # {rulebook.facts.get(name).label[lang]}")
        if own is not None:
            lines += _sheet_lines(rulebook, own, facts, lang)
        if lines[-1].endswith(":") and lines[-1].startswith("  "):
            lines[-1] += " {}"
    return "\n".join(lines) + "\n"


def _sheet_lines(rulebook: Rulebook, own: Questionnaire, facts: Mapping[str, Any], lang: str) -> list[str]:
    """Return the lines of the open questions of one site, the lists under their titles."""
    lines = [_sheet_line(rulebook, name, lang) for name in (*own.first, *own.single, *own.region) if name not in facts]
    for one in own.lists:
        lines.append(f"    # {LIST_TITLES[one.kind][lang]}")
        lines += [_sheet_line(rulebook, name, lang) for name in one.facts if name not in facts]
    if own.conditional:
        lines.append(
            "    # 以下各项，以上答案用到时才填：" if lang == "zh" else "    # Only where an answer above asks for it:"
        )
        lines += [_sheet_line(rulebook, name, lang) for name in own.conditional if name not in facts]
    return lines


def _sheet_line(rulebook: Rulebook, name: str, lang: str) -> str:
    fact = rulebook.facts.get(name)
    choices = "、".join(f"{key}={text[lang]}" for key, text in fact.choices.items())
    return f"    {name}:  # {fact.question[lang]}{f'（{choices}）' if choices else ''}"


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(str, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def ask_width(sites: Sites, lang: str) -> float | None:
    """Ask for the width of the lines that have none; return metres, ``None`` where all have one or it is not known."""
    width, kinds = sites.columns["corridor_width_m"], sites.columns["geometry_kind"]
    open_lines = [
        str(name)
        for name, kind, metres in zip(sites.columns["site_id"], kinds, width, strict=True)
        if kind == "line" and metres != metres
    ]
    if not open_lines:
        return None
    click.echo(Message.from_code("width_asked", sites=open_lines).texts[lang], err=True)
    prompt = Message.from_code("width_prompt").texts[lang]
    while True:
        raw = str(click.prompt(prompt, default="", show_default=False, err=True)).strip()
        if not raw:
            return None
        try:
            return SiteDefaults(corridor_width_m=float(raw)).corridor_width_m
        except ValueError:
            click.echo(Message.from_code("width_invalid", value=raw).texts[lang], err=True)
        except FormatError as error:
            click.echo(error.text(lang), err=True)


def ask(result: Result, again: Callable[[dict[str, dict[str, Any]]], Result], lang: str) -> Result:
    """Ask in the terminal until nothing is open or nothing more is answered; site by site.

    Parameters
    ----------
    result : Result
    again : callable
        Screens anew with answers by site.
    lang : {"zh", "en"}
    """
    answers: dict[str, dict[str, Any]] = {}
    for site_id in list(result.assessment.answers):
        for _ in range(_ROUNDS):
            own = site_questionnaire(result, site_id)
            if not own:
                break
            given = _round(result, site_id, own, lang)
            if not given:
                break
            answers.setdefault(site_id, {}).update(given)
            result = again(answers)
    return result


def _round(result: Result, site_id: str, own: Questionnaire, lang: str) -> dict[str, Any]:
    """Ask one round; a list first, then what the answers have left open."""
    zh = lang == "zh"
    head = f"本轮 {own.answers} 项，至少还需 {own.at_least} 项、至多 {own.at_most} 项；不清楚的直接回车"
    en = f"{own.answers} now, at least {own.at_least} and at most {own.at_most} to go; Enter where not known"
    click.echo(f"\n{site_id}  {head if zh else en}", err=True)
    answers: dict[str, Any] = {}
    for one in own.lists:
        answers |= _list_answer(result, one, lang)
    while open_facts := own.still_open(answers):
        answers |= _answer(result, open_facts[0], lang)
        if result.rulebook.facts.get(open_facts[0]).claim and answers[open_facts[0]]:
            answers |= _answer(result, open_facts[0] + DOCUMENT_SUFFIX, lang)
    return {name: value for name, value in answers.items() if value is not None}


def _answer(result: Result, name: str, lang: str) -> dict[str, Any]:
    """Ask one question; return the value as read, ``None`` where it is not known."""
    fact = result.rulebook.facts.get(name)
    click.echo(f"\n{fact.question[lang]}", err=True)
    if fact.help:
        click.echo(f"  {fact.help[lang]}", err=True)
    choices = list(fact.choices.items())
    for number, (_, text) in enumerate(choices, start=1):
        click.echo(f"  {number}. {text[lang]}", err=True)
    while True:
        raw = str(click.prompt(fact.label[lang], default="", show_default=False, err=True)).strip()
        if choices and raw.isdigit() and 1 <= int(raw) <= len(choices):
            raw = choices[int(raw) - 1][0]
        try:
            value, issues = result.rulebook.facts.parse(name, raw, fact.label[lang])
            if name == OUTFALL and value is not None:
                outfall_point(value, fact.label["zh"])
        except (FactError, FormatError) as error:
            click.echo(error.text(lang), err=True)
            continue
        for issue in issues:
            click.echo(issue.message[lang], err=True)
        return {name: value}


def _list_answer(result: Result, one: QuestionList, lang: str) -> dict[str, Any]:
    """Ask a list: one answer, an explicit no for each item that is not marked."""
    facts, found = result.rulebook.facts, _list_texts(result, one, lang)
    click.echo(f"\n{LIST_TITLES[one.kind][lang]}", err=True)
    for number, text in enumerate(found, start=1):
        click.echo(f"  {number}. {text}", err=True)
    zh = lang == "zh"
    prompt = (
        "都没有填 0；有的填序号，逗号分隔；不清楚的序号后加 ?"
        if zh
        else "0 for none; numbers of those that are, with commas, ? after those not known"
    )
    while True:
        raw = str(click.prompt(prompt, default="", show_default=False, err=True)).replace("，", ",").replace("？", "?")
        parts = [part.strip() for part in raw.split(",") if part.strip()]
        if not parts:
            return dict.fromkeys(one.facts)
        numbers = {part.removesuffix("?") for part in parts}
        if all(item.isdecimal() and int(item) <= len(one.facts) for item in numbers):
            break
    yes = {int(part) for part in parts if not part.endswith("?")} - {0}
    unsure = {int(part.removesuffix("?")) for part in parts if part.endswith("?")}
    answers: dict[str, Any] = {}
    for number, name in enumerate(one.facts, start=1):
        fact = facts.get(name)
        if number in unsure:
            answers[name] = None
        elif number not in yes:
            answers[name] = fact.not_there()
        elif fact.none is None:
            answers[name] = True
            if fact.claim:
                answers |= _answer(result, name + DOCUMENT_SUFFIX, lang)
        # A choice that is there is asked for by itself.
    return answers


def _list_texts(result: Result, one: QuestionList, lang: str) -> list[str]:
    items = {ACCESS_PREFIX + item.item_id: item for item in result.layers.access_items}
    texts = []
    for name in one.facts:
        fact = result.rulebook.facts.get(name)
        if name in items:
            head = {"zh": "是否属于准入清单所列情形", "en": "Does this item of the access list apply"}[lang]
            texts.append(f"{head}：{items[name].text}")
        else:
            texts.append(fact.item[lang] if fact.item else fact.question[lang])
    return texts
