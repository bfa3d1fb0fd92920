"""The rulebook as pages of Markdown: by theme, law and kind of project, the matrix, and which case proves which rule.

The pages are generated and never edited; a test compares them with what this module writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

from lianzhou_gis.rulebook.authoring.case_coverage import proofs, proofs_as_csv
from lianzhou_gis.rulebook.authoring.matrix import Matrix
from lianzhou_gis.rulebook.authoring.matrix_page import matrix_page
from lianzhou_gis.rulebook.authoring.page_parts import GENERATED, WIDE, effect_in_words, head, table
from lianzhou_gis.rulebook.authoring.worked_cases import Case, read_cases
from lianzhou_gis.rulebook.model import Rule
from lianzhou_gis.rulebook.project_types import ProjectType
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.rulebook.wording import (
    before_in_words,
    citations_in_words,
    condition_in_words,
    place_in_words,
    time_in_words,
)
from lianzhou_gis.vocabulary import label, themes

__all__ = ["COVERAGE", "MATRIX_BOOK", "pages_of", "write_pages"]

MATRIX_BOOK = "matrix.xlsx"
COVERAGE = "coverage.csv"


def pages_of(rulebook: Rulebook) -> dict[str, str]:
    """Return the pages by file name.

    Examples
    --------
    >>> pages = pages_of(Rulebook.load())
    >>> "law-ecological_code.md" in pages
    True
    """
    matrix = Matrix(rulebook)
    cases: dict[str, list[Case]] = {}
    for case in read_cases(rulebook):
        cases.setdefault(case.rule, []).append(case)
    everywhere = [rule for rule in rulebook.rules if rule.versions[-1].everywhere]
    pages = {}
    for stem, zh, en in (
        ("everywhere", "不限地点的规定", "Rules that need no layer"),
        ("plan", "规划的一般要求（不限地点）", "What the plan asks, whatever the place"),
    ):
        rules = [rule for rule in everywhere if (rule.file == "plan.yaml") is (stem == "plan")]
        if rules:
            pages[f"theme-{stem}.md"] = _theme(zh, en, rules, rulebook, cases)
    for kind in themes().values():
        rules = [rule for rule in rulebook.rules if rule.versions[-1].theme == kind.id]
        if rules:
            pages[f"theme-{kind.id}.md"] = _theme(kind.label["zh"], kind.label["en"], rules, rulebook, cases)
    for law_id in rulebook.laws:
        text = _law(law_id, rulebook)
        if text is not None:
            pages[f"law-{law_id}.md"] = text
    for project in matrix.kinds.types:
        pages[f"project-{project.id}.md"] = _project(matrix, project)
    pages["matrix.md"] = matrix_page(matrix, MATRIX_BOOK)
    pages["coverage.md"] = _coverage(rulebook)
    pages["facts.md"] = _facts(rulebook)
    pages["index.md"] = _index(rulebook, pages)
    return {name: text.rstrip() + "\n" for name, text in sorted(pages.items())}


def write_pages(rulebook: Rulebook, folder: Path) -> list[Path]:
    """Write all pages and the matrix as XLSX; pages of an earlier rulebook that are no more are removed.

    Raises
    ------
    MissingExtraError
        If XlsxWriter is not installed.
    """
    from lianzhou_gis.rulebook.authoring.matrix_workbook import write_xlsx

    folder.mkdir(parents=True, exist_ok=True)
    pages = pages_of(rulebook)
    for old in folder.glob("*.md"):
        if old.name not in pages and GENERATED in old.read_text(encoding="utf-8"):
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / COVERAGE).write_text(proofs_as_csv(rulebook), encoding="utf-8-sig")
    write_xlsx(Matrix(rulebook), folder / MATRIX_BOOK)
    return [folder / name for name in [*pages, COVERAGE, MATRIX_BOOK]]


def _theme(zh: str, en: str, rules: Sequence[Rule], rulebook: Rulebook, cases: dict[str, list[Case]]) -> str:
    parts = [head(zh, en, f"共 {len(rules)} 条规则。"), WIDE]
    for rule in rules:
        last = rule.versions[-1]
        parts += [f"## {last.title['zh']}", f"*{last.title['en']}* — `{rule.id}`"]
        parts.append(
            table(
                ["施行期间", "适用", "条件", "效力", "依据", "含义"],
                [
                    (
                        time_in_words(version, "zh"),
                        place_in_words(version, "zh"),
                        condition_in_words(version.when, rulebook.facts, "zh"),
                        effect_in_words(version),
                        citations_in_words(version.citations, "zh"),
                        version.paraphrase["zh"],
                    )
                    for version in rule.versions
                ],
            )
        )
        blocks = "、".join(label("blocks", block)["zh"] for block in last.blocks) or "无"
        parts.append(
            f"办理：{last.action['zh']}。主管：{last.authority['zh']}。限制环节：{blocks}。"
            f"核对于 {last.checked_on}。用例 {len(cases.get(rule.id, ()))} 个。"
            + (f"{before}。" if (before := before_in_words(rule, rulebook, "zh")) else "")
        )
    return "\n\n".join(parts)


def _article_key(article: str) -> tuple[int, str]:
    digits = "".join(character for character in article if character.isdigit())
    return (int(digits) if article[:1].isdigit() and digits else 10**6, article)


def _law(law_id: str, rulebook: Rulebook) -> str | None:
    law = rulebook.laws[law_id]
    rows: list[tuple[str, str, str, str, str]] = []
    for rule in rulebook.rules:
        for version in rule.versions:
            rows += [
                (
                    citation.article,
                    citation.place["zh"],
                    f"{version.title['zh']}<br>`{rule.id}`",
                    time_in_words(version, "zh"),
                    effect_in_words(version),
                )
                for citation in version.citations
                if citation.law == law_id
            ]
    for row in rulebook.implications:
        until = row.effective_to or "今"
        standing = "推定项目信息" + ("（未核实，只提示疑问）" if row.unverified else "")
        rows += [
            (citation.article, citation.place["zh"], f"{row.paraphrase['zh']}<br>`{row.id}`",
             f"{row.effective_from} 至 {until}", standing)
            for citation in row.citations
            if citation.law == law_id
        ]  # fmt: skip
    if not rows:
        return None
    rows.sort(key=lambda row: (_article_key(row[0]), row[2], row[3]))
    note = f"发布：{law.issuer['zh']}。施行 {law.effective_from} 至 {law.effective_to or '今'}。"
    note += f"链接：{law.link}" if law.link else "官方链接待补，引用前请核对原文。"
    listed = table(["条款", "规则", "施行期间", "效力"], [row[1:] for row in rows])
    return "\n\n".join([head(law.title["zh"], law.title["en"], note), listed])


def _project(matrix: Matrix, project: ProjectType) -> str:
    facts, rulebook = matrix.rulebook.facts, matrix.rulebook
    old, new = matrix.kinds.states
    known = "；".join(
        f"{facts.get(name).label['zh']}：{facts.shown(name, value)['zh']}" for name, value in project.facts.items()
    )
    parts = [
        head(
            project.title["zh"],
            project.title["en"],
            f"按典型情形推定：{known}。其余是/否类信息按“否”，因项目而异的信息按未知。",
        ),
        table(
            ["管控区", f"{old}", f"{new}", f"规则（{new}；问号者视未知信息）"],
            [
                (
                    place.words["zh"],
                    matrix.cell(place, project, old).sign,
                    matrix.cell(place, project, new).sign,
                    "<br>".join(
                        _rule_text(rulebook, rule_id, known, new)
                        for rule_id, known in matrix.cell(place, project, new).rules
                    ),
                )
                for place in matrix.places()
            ],
        ),
        matrix.legend("zh"),
    ]
    return "\n\n".join(parts)


def _rule_text(rulebook: Rulebook, rule_id: str, known: bool, day: date) -> str:
    version = rulebook.rule(rule_id).version(day)
    assert version is not None
    return f"{'' if known else '？'}{version.title['zh']}（{label('effect', version.effect)['zh']}）"


def _coverage(rulebook: Rulebook) -> str:
    rows, versions, proven = [], 0, 0
    for _, listed in groupby(proofs(rulebook), key=lambda proof: proof.rule.id):
        group = list(listed)
        versions += len(group)
        proven += sum(not proof.lacking for proof in group)
        cited = dict.fromkeys(citation.text("zh") for proof in group for citation in proof.version.citations)
        rows.append(
            (
                f"`{group[0].rule.id}`",
                "；".join(cited),
                "；".join(
                    f"{proof.version.effective_from} 起 {proof.hits}／{proof.misses}／{proof.unknown}"
                    for proof in group
                ),
            )
        )
    note = (
        f"{len(rulebook.rules)} 条规则，{versions} 个版本，{sum(1 for _ in read_cases(rulebook))} 个用例；"
        f"{proven} 个版本的命中、不命中、信息未知和变更前后各日均有用例。逐条款的表：[{COVERAGE}]({COVERAGE})。"
    )
    heads = ["规则", "条款", "各版本的用例：命中／不命中／信息未知"]
    return "\n\n".join([head("规则、条款、用例对照", "Rules, articles and cases", note), WIDE, table(heads, rows)])


def _facts(rulebook: Rulebook) -> str:
    kinds = {"yes_no": "是/否", "number": "数值", "text": "文字", "codes": "GB/T 4754 代码"}
    rows = [
        (
            f"`{fact.name}`",
            fact.label["zh"],
            "、".join(choice["zh"] for choice in fact.choices.values())
            or kinds.get(fact.type, fact.type)
            + (f"（{fact.unit}）" if fact.unit else "")
            + ("，须附文号" if fact.claim else ""),
            fact.question["zh"],
            fact.help["zh"] if fact.help else "",
        )
        for fact in rulebook.facts
    ]
    implied = [
        (
            condition_in_words(row.when, rulebook.facts, "zh"),
            "；".join(
                [
                    f"{_name(rulebook, name)}：{rulebook.facts.shown(name, value)['zh']}"
                    for name, value in row.sets.items()
                ]
                + [
                    f"{_name(rulebook, name)} = {_name(rulebook, of)} × {times:g} ÷ {per:g}"
                    for name, (of, times, per) in row.computes.items()
                ]
            ),
            "未核实，只提示疑问" if row.unverified else "设定",
            f"{row.effective_from} 至 {row.effective_to or '今'}",
            f"{row.paraphrase['zh']}（{citations_in_words(row.citations, 'zh')}）",
        )
        for row in rulebook.implications
    ]
    return "\n\n".join(
        [
            head(
                "项目信息", "Facts of projects", "未填与填“未知”相同；规则取决于未知信息时结论为待补充信息，不作放行。"
            ),
            table(["名称", "中文名", "可填", "问题", "说明"], rows),
            "## 推定（What follows from other facts）",
            "只有已知条件成立时推定；与填报不一致的按未知处理并提示。代码不在某名录内不作任何推定。",
            table(["条件", "推定", "作用", "期间", "依据"], implied),
        ]
    )


def _name(rulebook: Rulebook, fact: str) -> str:
    return rulebook.facts.get(fact).label["zh"]


def _index(rulebook: Rulebook, pages: dict[str, str]) -> str:
    def tree(caption: str, prefix: str) -> str:
        listed = "\n".join(sorted(name.removesuffix(".md") for name in pages if name.startswith(prefix)))
        return f"## {caption}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```"

    note = f"规则库 {rulebook.version}：{len(rulebook.rules)} 条规则，{len(rulebook.implications)} 条推定。"
    note += f"收录 {rulebook.begins} 起的法律；核对有效至 {rulebook.known_until}，此外的基准日不作判断。"
    return "\n\n".join(
        [
            head("规则库", "The rulebook", note),
            "```{toctree}\n:maxdepth: 1\n\nmatrix\ncoverage\nfacts\n```",
            tree("按主题（By theme）", "theme-"),
            tree("按法规（By law）", "law-"),
            tree("按项目类型（By kind of project）", "project-"),
        ]
    )
