"""The rulebook as pages of Markdown: by theme, law and kind of project, the matrix, and which case proves which rule.

The pages are generated and never edited; a test compares them with what this module writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lianzhou_gis.rulebook.cases import Case, read_cases
from lianzhou_gis.rulebook.matrix import Matrix
from lianzhou_gis.rulebook.model import Rule, RuleVersion
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.rulebook.wording import citations_in_words, condition_in_words, place_in_words, time_in_words
from lianzhou_gis.vocabulary import DISCLAIMER, label, themes

__all__ = ["MATRIX_BOOK", "pages_of", "write_pages"]

MATRIX_BOOK = "matrix.xlsx"
_GENERATED = "本页由 `lianzhou-gis rules docs` 自规则库生成，请勿手工修改。"


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
    pages = {"theme-everywhere.md": _theme("不限地点的规定", "Rules that need no layer", everywhere, rulebook, cases)}
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
    pages["matrix.md"] = _matrix(matrix)
    pages["articles.md"] = _articles(rulebook, cases)
    pages["facts.md"] = _facts(rulebook)
    pages["README.md"] = _index(rulebook, pages)
    return {name: text.rstrip() + "\n" for name, text in sorted(pages.items())}


def write_pages(rulebook: Rulebook, folder: Path) -> list[Path]:
    """Write all pages and the matrix as XLSX; pages of an earlier rulebook that are no more are removed.

    Raises
    ------
    MissingExtraError
        If openpyxl is not installed.
    """
    from lianzhou_gis.rulebook.matrix import write_xlsx

    folder.mkdir(parents=True, exist_ok=True)
    pages = pages_of(rulebook)
    for old in folder.glob("*.md"):
        if old.name not in pages and _GENERATED in old.read_text(encoding="utf-8"):
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_xlsx(Matrix(rulebook), folder / MATRIX_BOOK)
    return [folder / name for name in [*pages, MATRIX_BOOK]]


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "｜").replace("\n", "<br>") for cell in row) + " |" for row in lines
    )


def _head(zh: str, en: str, *more: str) -> str:
    return "\n\n".join([f"# {zh}（{en}）", f"> {_GENERATED}{DISCLAIMER['zh']}。", *more])


def _effect(version: RuleVersion) -> str:
    said = label("effect", version.effect)["zh"]
    if version.worst is not version.effect:
        said += f"（最重可为{label('effect', version.worst)['zh']}）"
    return (
        said
        + ("（未核实，至多须论证）" if version.unverified else "")
        + ("（不因边界误差减轻）" if version.strict else "")
    )


def _theme(zh: str, en: str, rules: Sequence[Rule], rulebook: Rulebook, cases: dict[str, list[Case]]) -> str:
    parts = [_head(zh, en, f"共 {len(rules)} 条规则。")]
    for rule in rules:
        last = rule.versions[-1]
        parts += [f"## {last.title['zh']}", f"*{last.title['en']}* — `{rule.id}`"]
        parts.append(
            _table(
                ["施行期间", "适用", "条件", "效力", "依据", "含义"],
                [
                    (
                        time_in_words(version, "zh"),
                        place_in_words(version, "zh"),
                        condition_in_words(version.when, rulebook.facts, "zh"),
                        _effect(version),
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
                    _effect(version),
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
    told = f"发布：{law.issuer['zh']}。施行 {law.effective_from} 至 {law.effective_to or '今'}。"
    told += f"链接：{law.link}" if law.link else "官方链接待补，引用前请核对原文。"
    table = _table(["条款", "规则", "施行期间", "效力"], [row[1:] for row in rows])
    return "\n\n".join([_head(law.title["zh"], law.title["en"], told), table])


def _project(matrix: Matrix, project: Any) -> str:  # noqa: ANN401 - a ProjectType
    facts, rulebook = matrix.rulebook.facts, matrix.rulebook
    old, new = matrix.kinds.states
    known = "；".join(
        f"{facts.get(name).label['zh']}：{facts.shown(name, value)['zh']}" for name, value in project.facts.items()
    )
    parts = [
        _head(
            project.title["zh"],
            project.title["en"],
            f"按典型情形推定：{known}。其余是/否类信息按“否”，因项目而异的信息按未知。",
        ),
        _table(
            ["管控区", f"{old}", f"{new}", f"规则（{new}；问号者视未知信息）"],
            [
                (
                    place.words["zh"],
                    matrix.cell(place, project, old).sign,
                    matrix.cell(place, project, new).sign,
                    "<br>".join(
                        _bearing(rulebook, rule_id, known, new)
                        for rule_id, known in matrix.cell(place, project, new).rules
                    ),
                )
                for place in matrix.places()
            ],
        ),
        matrix.legend("zh"),
    ]
    return "\n\n".join(parts)


def _bearing(rulebook: Rulebook, rule_id: str, known: bool, day: Any) -> str:  # noqa: ANN401 - a date
    version = rulebook.rule(rule_id).version(day)
    assert version is not None
    return f"{'' if known else '？'}{version.title['zh']}（{label('effect', version.effect)['zh']}）"


def _matrix(matrix: Matrix) -> str:
    kinds = matrix.kinds.types
    rows = [(place.words["zh"], *(matrix.text(place, kind) for kind in kinds)) for place in matrix.places()]
    return "\n\n".join(
        [
            _head(
                "项目类型 × 管控区：效力一览",
                "Matrix: kind of project x zone and grade",
                f"同一内容的工作簿：[{MATRIX_BOOK}]({MATRIX_BOOK})。",
            ),
            matrix.legend("zh"),
            _table(["管控区", *(kind.title["zh"] for kind in kinds)], rows),
            "仅涉及特定名称区域的规则未列入本表，见各主题页。",
        ]
    )


def _articles(rulebook: Rulebook, cases: dict[str, list[Case]]) -> str:
    rows = []
    for rule in rulebook.rules:
        for version in rule.versions:
            last = version.effective_to
            own = [
                case
                for case in cases.get(rule.id, ())
                if version.effective_from <= case.as_of and (last is None or case.as_of <= last)
            ]
            counted = {kind: sum(case.expect == kind for case in own) for kind in ("finding", "none", "missing_fact")}
            rows.append(
                (
                    f"`{rule.id}`",
                    time_in_words(version, "zh"),
                    citations_in_words(version.citations, "zh"),
                    counted["finding"],
                    counted["none"],
                    counted["missing_fact"],
                    "<br>".join(case.name for case in own),
                )
            )
    heads = ["规则", "施行期间", "条款", "命中", "不命中", "信息未知", "用例"]
    total = sum(len(listed) for listed in cases.values())
    told = f"{len(rulebook.rules)} 条规则，{len(rows)} 个版本，{total} 个用例。"
    return "\n\n".join([_head("规则、条款、用例对照", "Rules, articles and cases", told), _table(heads, rows)])


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
            _head(
                "项目信息", "Facts of projects", "未填与填“未知”相同；规则取决于未知信息时结论为待补充信息，不作放行。"
            ),
            _table(["名称", "中文名", "可填", "问题", "说明"], rows),
            "## 推定（What follows from other facts）",
            "只有已知条件成立时推定；与填报不一致的按未知处理并提示。代码不在某名录内不作任何推定。",
            _table(["条件", "推定", "作用", "期间", "依据"], implied),
        ]
    )


def _name(rulebook: Rulebook, fact: str) -> str:
    return rulebook.facts.get(fact).label["zh"]


def _index(rulebook: Rulebook, pages: dict[str, str]) -> str:
    def links(prefix: str) -> str:
        listed = sorted(name for name in pages if name.startswith(prefix))
        return "\n".join(f"- [{pages[name].splitlines()[0].removeprefix('# ')}]({name})" for name in listed)

    told = f"规则库 {rulebook.version}：{len(rulebook.rules)} 条规则，{len(rulebook.implications)} 条推定。"
    return "\n\n".join(
        [
            _head("规则库", "The rulebook", told),
            f"- [项目类型 × 管控区：效力一览](matrix.md)，[工作簿]({MATRIX_BOOK})\n"
            "- [规则、条款、用例对照](articles.md)\n- [项目信息](facts.md)",
            "## 按主题（By theme）",
            links("theme-"),
            "## 按法规（By law）",
            links("law-"),
            "## 按项目类型（By kind of project）",
            links("project-"),
        ]
    )
