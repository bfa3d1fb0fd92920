"""One rule as a card that a lawyer reads: what, where, when, since when, by which article, who acts, and the cases."""

from __future__ import annotations

from collections.abc import Sequence

from lianzhou_gis.rulebook.authoring.worked_cases import Case
from lianzhou_gis.rulebook.model import Rule
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.rulebook.wording import before_in_words, condition_in_words, place_in_words, time_in_words
from lianzhou_gis.vocabulary import label

__all__ = ["card"]

_WORDS = {
    "zh": {
        "time": "施行期间", "effect": "效力", "worst": "最重可为", "place": "适用", "when": "条件", "says": "含义",
        "rests": "依据", "issuer": "发布", "link": "链接", "none": "（未录入官方链接，引用前请核对原文）",
        "action": "办理", "authority": "主管", "blocks": "限制环节", "strict": "不因边界误差减轻",
        "unverified": "依据文本待核", "checked": "核对于", "cases": "用例",
    },
    "en": {
        "time": "In force", "effect": "Effect", "worst": "may mean", "place": "Applies", "when": "When", "says": "Says",
        "rests": "Rests on", "issuer": "Issuer", "link": "Link", "none": "(no official page; check the text)",
        "action": "To do", "authority": "Authority", "blocks": "Blocks", "strict": "not softened at doubtful borders",
        "unverified": "text of the law not at hand", "checked": "Checked on", "cases": "Cases",
    },
}  # fmt: skip
_EXPECT = {
    "zh": {"finding": "命中", "none": "不命中", "missing_fact": "信息未知"},
    "en": {"finding": "applies", "none": "does not apply", "missing_fact": "unknown fact"},
}


def card(rule: Rule, cases: Sequence[Case], rulebook: Rulebook, lang: str) -> str:
    """Return a rule with all its versions and cases as lines of text.

    Examples
    --------
    >>> book = Rulebook.load()
    >>> print(card(book.rule("karst.groundwater_risk"), [], book, "zh").splitlines()[0])
    karst.groundwater_risk  岩溶强发育区禁止可能造成地下水污染的项目
    """
    words = _WORDS[lang]
    lines = [f"{rule.id}  {rule.versions[-1].title[lang]}"]
    before = before_in_words(rule, rulebook, lang)
    lines += [before] if before else []
    for version in rule.versions:
        marks = [words[mark] for mark in ("strict", "unverified") if getattr(version, mark)]
        effect = label("effect", version.effect)[lang]
        if version.worst is not version.effect:
            marks.insert(0, f"{words['worst']}{label('effect', version.worst)[lang]}")
        lines += [
            f"[{words['time']} {time_in_words(version, lang)}]",
            f"  {words['effect']}: {effect}" + (f" ({'; '.join(marks)})" if marks else ""),
            f"  {words['place']}: {place_in_words(version, lang)}",
            f"  {words['when']}: {condition_in_words(version.when, rulebook.facts, lang)}",
            f"  {words['says']}: {version.paraphrase[lang]}",
        ]
        for citation in version.citations:
            lines.append(f"  {words['rests']}: {citation.text(lang)}")
            lines.append(
                f"    {words['issuer']}: {citation.issuer[lang]}; {words['link']}: {citation.link or words['none']}"
            )
        lines += [
            f"  {words['action']}: {version.action[lang]}",
            f"  {words['authority']}: {version.authority[lang]}",
            f"  {words['blocks']}: {', '.join(label('blocks', block)[lang] for block in version.blocks) or '-'}",
            f"  {words['checked']}: {version.checked_on}",
        ]
    lines.append(f"[{words['cases']} {len(cases)}]")
    for case in sorted(cases, key=lambda case: (case.as_of, case.name)):
        effect = f" ({label('effect', case.effect)[lang]})" if case.effect and case.expect == "finding" else ""
        lines.append(f"  {case.as_of}  {case.name}: {_EXPECT[lang][case.expect]}{effect}")
    return "\n".join(lines)
