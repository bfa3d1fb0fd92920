"""选址环境管控初筛表: one page that answers, to be signed; the annex follows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lianzhou_gis.reports.content import Block, Cell, GridTable, Paper, Paragraph, Picture
from lianzhou_gis.reports.page_frame import Frame
from lianzhou_gis.reports.site_maps import SiteMaps, badge, verdict_range
from lianzhou_gis.reports.site_view import Neighbour, SiteView, area_words
from lianzhou_gis.vocabulary import DISCLAIMER, Verdict, label, theme

__all__ = ["FORM_TITLE", "form_blocks", "form_paper"]

FORM_TITLE = "选址环境管控初筛表"
_COLUMNS = 12
_MAP_HIGH_MM = 60.0
_MOST_STEPS = 3
_MOST_UNITS = 2
_MOST_NEIGHBOURS = 3
_BY_APPLICANT = "（由建设单位填写）"
_BY_OFFICE = "（由单位填写）"
_NATURES = ("construction_nature", "livestock_species", "livestock_head")


def _label(text: str, span: int = 2, *, second: str | None = None) -> Cell:
    return Cell([text, second] if second else [text], span, label=True, align="center")


def _pair(name: str, value: str | None, span: int = 4, *, second: str | None = None) -> list[Cell]:
    return [_label(name, second=second), Cell([value or _BY_APPLICANT], span)]


def _verdict_cells(site: SiteView) -> list[Cell]:
    record = site.site
    worst = label("verdict", site.worst)["zh"]
    asked = len(site.missing_facts)
    words: list[str | Paragraph | Picture] = [
        Paragraph(record["label"]["zh"], face="label", size_pt=14.0, bold=True),
        Paragraph(
            f"可能适用的最严结论：{worst}　　待补充信息 {asked} 项　未核查 {len(site.not_assessed)} 项", size_pt=9.5
        ),
        Paragraph(_next_step(site), size_pt=9.5),
        verdict_range(site.verdict, site.worst),
    ]
    return [_label("初筛结论"), Cell([badge(site.verdict, 12.4)], 1, align="center"), Cell(words, 9)]


def _next_step(site: SiteView) -> str:
    """Return the one sentence that says what to do now."""
    if site.verdict is Verdict.PROHIBITED:
        return "下一步：按附表四逐项核对所列规定；调整选址或用地范围后重新核查。"
    if site.missing_facts:
        first = "、".join(site.view.fact_name(name) for name in site.missing_facts[:3])
        return f"下一步：请建设单位补充{first}等 {len(site.missing_facts)} 项信息后重新核查。"
    if site.not_assessed:
        return "下一步：未核查的主题须向主管部门核实，见附表六。"
    if site.steps:
        return f"下一步：{site.steps[0].action}（{site.steps[0].authority}）。"
    return "下一步：核对本表所列数据日期；图层或规则更新后重新核查。"


def _map_cells(site: SiteView, maps: SiteMaps, width_mm: float) -> list[Cell]:
    column = width_mm / _COLUMNS
    small, large = 4, 8
    return [
        Cell([maps.locator(site.site_id, column * small - 0.4, _MAP_HIGH_MM)], small, align="center"),
        Cell(
            [maps.surroundings(site.site_id, column * large - 0.4, _MAP_HIGH_MM)], large,
            align="center",
        ),
    ]  # fmt: skip


def _step_rows(site: SiteView) -> list[list[Cell]]:
    rows = [[_label("序", 1), _label("须办事项", 4), _label("依据", 3), _label("主管部门", 2), _label("最迟环节", 2)]]
    for number, step in enumerate(site.steps[:_MOST_STEPS], start=1):
        doubt = "（重叠深度小于定位误差，须实测界址后认定）" if step.doubtful else ""
        rows.append([
            Cell([str(number)], 1, align="center"), Cell([f"{step.title}{doubt}：{step.action}"], 4),
            Cell([_short(step.basis, 40)], 3), Cell([step.authority], 2), Cell([step.stage], 2),
        ])  # fmt: skip
    more = len(site.steps) - _MOST_STEPS
    if more > 0:
        rows.append([Cell([f"另有 {more} 项，见附表四。"], _COLUMNS)])
    if not site.steps:
        rows.append([Cell([label("nothing_proven", "step")["zh"]], _COLUMNS)])
    return rows


def _short(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    cut = text[:longest].rfind("；")
    return f"{text[:cut]} 等" if cut > 0 else f"{text[: longest - 1]}…"


def _unit_rows(site: SiteView) -> list[list[Cell]]:
    rows = [
        [_label("所在管控单元", 4), _label("面积（m²）", 2), _label("占比", 2), _label("准入清单对照（附表三）", 4)]
    ]
    for name, grade, area, share in site.units[:_MOST_UNITS]:
        words = f"{name}（{grade}）" if grade and grade not in name else name
        percent = "—" if share is None else _percent(share)
        rows.append([
            Cell([words], 4), Cell([f"{area:,.2f}"], 2, align="right"), Cell([percent], 2, align="right"),
            Cell([site.items_of_unit(name)], 4),
        ])  # fmt: skip
    if not site.units:
        rows.append([Cell(["未核查到所在管控单元"], _COLUMNS)])
    elif len(site.units) > _MOST_UNITS:
        rows.append([Cell([f"另涉及 {len(site.units) - _MOST_UNITS} 个单元，见附表三。"], _COLUMNS)])
    return rows


def _percent(share: float) -> str:
    """Return a share in percent; what is small but there is never written as nothing.

    Examples
    --------
    >>> _percent(0.00001), _percent(0.247), _percent(1.0)
    ('<0.1%', '24.7%', '100.0%')
    """
    return "<0.1%" if 0 < share < 0.001 else f"{share * 100:.1f}%"


def _neighbour_rows(site: SiteView) -> list[list[Cell]]:
    rows = [[_label("占用和最近的管控区", 5), _label("方位", 1), _label("距离（m）", 3), _label("占用", 3)]]
    found = site.nearest_by_theme
    for row in found[:_MOST_NEIGHBOURS]:
        rows.append([
            Cell([_short(row.name, 24)], 5), Cell([row.direction or "—"], 1, align="center"),
            Cell([_distance(row)], 3, align="right"), Cell([_occupied(row)], 3),
        ])  # fmt: skip
    occupied = sum(row.area_m2 > 0 or bool(row.length_m) for row in found[_MOST_NEIGHBOURS:])
    if occupied:
        rows.append([Cell([f"另占用 {occupied} 类管控区，见附表二。"], _COLUMNS)])
    if not found:
        rows.append([Cell(["没有可列的管控区"], _COLUMNS)])
    return rows


def _distance(row: Neighbour) -> str:
    return "—" if row.distance_m is None else f"{row.distance_m:,.2f}"


def _occupied(row: Neighbour) -> str:
    if row.area_m2 > 0:
        return f"{row.area_m2:,.2f} m²" + ("（重叠深度小于定位误差，须实测界址后认定）" if row.doubtful else "")
    if row.length_m:
        return f"{row.length_m:,.2f} m"
    return "无"


def _scope(site: SiteView) -> str:
    record = site.view.record
    days = site.view.layer_days
    parts = [f"核查 {len(record['scope'])} 个主题。"]
    if site.view.elsewhere:
        held = [f"{theme(item['theme']).label['zh']}" for item in site.view.elsewhere]
        parts.append(f"由其他部门掌握，须另行征求意见：{'、'.join(held)}。")
    if site.out_of_scope:
        parts.append(f"未列入本次范围：{'、'.join(site.out_of_scope)}。")
    if site.not_assessed:
        reasons = {gap["theme"]: None for gap in site.not_assessed if gap["theme"]}
        parts.append(
            f"有 {len(site.not_assessed)} 处未核查（附表六），涉及 {len(reasons)} 个主题，不得视为没有管控区。"
        )
    if record["scope"] and not site.not_assessed:
        parts.append("范围内图层均已载入并覆盖本项目。")
    parts.append(f"法规截至 {record['as_of']}，规则库 {record['rulebook']['version']}")
    parts.append(f"，图层数据 {days[0]} 至 {days[1]}。" if days else "。")
    recheck = record.get("recheck_by")
    parts.append(
        f"数据核查时点 {record['as_of']}，图层或规则更新须重核" + (f"，最迟 {recheck} 重核。" if recheck else "。")
    )
    return "".join(parts)


def form_blocks(site: SiteView, maps: SiteMaps, width_mm: float) -> list[Block]:
    """Return the content of the page, without its title."""
    record, given = site.site, site.particulars
    nature = "，".join(
        f"{site.view.fact_name(name)}：{words}" if name != "construction_nature" else words
        for name in _NATURES
        if (words := site.fact(name)) is not None
    )
    area = f"{area_words(record['statutory_area_m2'])}，椭球面积"
    if record["declared_area_m2"]:
        area += f"；文件载明 {record['declared_area_m2']:,.2f} m²"
    if record["length_m"]:
        area += f"；长度 {record['length_m']:,.2f} m"
    rows: list[Sequence[Cell]] = [
        [_label("项目名称"), Cell([site.name], 10)],
        [*_pair("项目代码", given.project_code), *_pair("统一社会", given.credit_code, second="信用代码")],
        [*_pair("建设单位", given.applicant), *_pair("行业类别", site.fact("industry_code"))],
        [*_pair("性质规模", given.scale or nature), *_pair("所在乡镇", site.town)],
        [*_pair("规划用途", site.fact("target_use")), *_pair("现状地类", given.land_class)],
        [*_pair("新增建设用地", given.new_construction_land), _label("城镇开发边界"), Cell([site.growth_boundary], 4)],
        [_label("用地面积"), Cell([area], 10)],
        _verdict_cells(site),
        _map_cells(site, maps, width_mm),
    ]
    heavy = {7, 8, len(rows)}
    rows += _step_rows(site)
    heavy.add(len(rows))
    rows += _unit_rows(site)
    rows += _neighbour_rows(site)
    heavy.add(len(rows))
    offices = "、".join(site.offices) or "无"
    rows.append([_label("须征求意见"), Cell([offices], 10)])
    rows.append([_label("核查范围"), Cell([_scope(site)], 10)])
    heavy.add(len(rows))
    statement = "本单位对所提供的项目信息、坐标和附件的真实性负责。　建设单位（章）：　　　　　日期："
    rows.append([_label("申请人声明"), Cell([statement], 10)])
    signs = len(rows)
    rows.append([
        _label("经办", 1), Cell([""], 2), _label("复核", 1), Cell([""], 2), _label("审定", 1), Cell([""], 2),
        _label("日期", 1), Cell([""], 2),
    ])  # fmt: skip
    day = date.fromisoformat(site.view.record["as_of"])
    secrecy = label("secrecy", site.view.record["secrecy"] or "unstated")["zh"]
    head = f"受理编号：{_BY_OFFICE}　　　　密级：{secrecy}　　　　核查基准日：{day.year}年{day.month}月{day.day}日"
    return [
        Paragraph(head, size_pt=9.5),
        GridTable(_COLUMNS, rows, frozenset(heavy), {signs: 9.0}),
    ]


def form_paper(site: SiteView, maps: SiteMaps, frame: Frame, annex: Sequence[Block]) -> Paper:
    """Return the form of a site with its annex."""
    return frame.paper(
        FORM_TITLE,
        [*form_blocks(site, maps, frame.margins.width_mm), *annex],
        subject=f"{site.name} {DISCLAIMER['zh']}",
        fit_first_page=True,
    )
