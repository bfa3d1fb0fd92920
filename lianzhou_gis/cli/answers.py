"""Answer sheets and questions in the terminal: ``screen --ask``, ``screen --answers``, ``rules facts --for``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianzhou_gis.errors import FactError

if TYPE_CHECKING:
    from lianzhou_gis.findings.questionnaire import Questionnaire
    from lianzhou_gis.result import Result
    from lianzhou_gis.rulebook import Rulebook

__all__ = ["answer_sheet", "ask", "read_answers", "site_questionnaire"]

_META = ("answered_by", "list_version", "sites")
_ROUNDS = 8


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
                if value is False and rulebook.facts.find(name) and rulebook.facts.get(name).checklist
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
        for name in () if own is None else (*own.first, *own.single, *own.region, *own.checklist):
            if name in facts:
                continue
            fact = rulebook.facts.get(name)
            listed = "清单：" if own is not None and name in own.checklist and lang == "zh" else ""
            choices = (
                f"（{'、'.join(f'{key}={text[lang]}' for key, text in fact.choices.items())}）" if fact.choices else ""
            )
            lines.append(f"    {name}:  # {listed}{fact.question[lang]}{choices}")
        if lines[-1].endswith(":") and lines[-1].startswith("  "):
            lines[-1] += " {}"
    return "\n".join(lines) + "\n"


def _yaml(value: Any) -> str:  # noqa: ANN401 - a fact's value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(str, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


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
    zh = lang == "zh"
    told = f"本轮 {own.answers} 项，至少还需 {own.at_least} 项、至多 {own.at_most} 项；不清楚的直接回车"
    en = f"{own.answers} now, at least {own.at_least} and at most {own.at_most} to go; Enter where not known"
    click.echo(f"\n{site_id}  {told if zh else en}", err=True)
    found: dict[str, Any] = {}
    for name in (*own.first, *own.single, *own.region):
        value = _answer(result, name, lang)
        if value is not None:
            found[name] = value
    if own.checklist:
        found |= _checklist(result, own.checklist, lang)
    return found


def _answer(result: Result, name: str, lang: str) -> str | None:
    fact = result.rulebook.facts.get(name)
    click.echo(f"\n{fact.question[lang]}", err=True)
    if fact.help:
        click.echo(f"  {fact.help[lang]}", err=True)
    choices = list(fact.choices.items())
    for number, (_, text) in enumerate(choices, start=1):
        click.echo(f"  {number}. {text[lang]}", err=True)
    while True:
        raw = str(click.prompt(name, default="", show_default=False, err=True)).strip()
        if not raw:
            return None
        if choices and raw.isdigit() and 1 <= int(raw) <= len(choices):
            return choices[int(raw) - 1][0]
        try:
            result.rulebook.facts.parse(name, raw, name)
        except FactError as error:
            click.echo(error.text(lang), err=True)
            continue
        return raw


def _checklist(result: Result, names: tuple[str, ...], lang: str) -> dict[str, Any]:
    zh = lang == "zh"
    click.echo(
        "\n以下情形（现有、拟建及施工期）是否存在：" if zh else "\nIs any of these there, now or planned:", err=True
    )
    for number, name in enumerate(names, start=1):
        click.echo(f"  {number}. {result.rulebook.facts.get(name).question[lang]}", err=True)
    prompt = (
        "都没有填 0；有的填序号，不清楚的序号后加 ?"
        if zh
        else "0 for none; numbers of those that are, ? after those not known"
    )
    while True:
        raw = str(click.prompt(prompt, default="", show_default=False, err=True)).replace("，", ",").replace("？", "?")
        parts = [part.strip() for part in raw.split(",") if part.strip()]
        if not parts:
            return {}
        numbers = {part.removesuffix("?") for part in parts}
        if all(item.isdigit() and int(item) <= len(names) for item in numbers):
            break
    yes = {int(part) for part in parts if not part.endswith("?")} - {0}
    unsure = {int(part.removesuffix("?")) for part in parts if part.endswith("?")}
    return {
        name: "yes" if number in yes else "no" for number, name in enumerate(names, start=1) if number not in unsure
    }
