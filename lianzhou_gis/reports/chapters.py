"""The parts of a 规划选址综合论证报告 that a screening proves; everything else stays a marked place.

The report has six chapters. Filled are 2.3.1 (the site), 2.5 (sensitive conditions), 2.8 (offices to ask), 2.9.1
(figures), 3.2 (the three lines) and 3.5.3 (zoned environmental control).
"""

from __future__ import annotations

from collections.abc import Iterator

from lianzhou_gis.reports.annex import corners_of
from lianzhou_gis.reports.content import Block, Column, DataTable, Heading, Measure, Paper, Paragraph, Value
from lianzhou_gis.reports.page_frame import OFFICIAL_MARGINS, Frame
from lianzhou_gis.reports.site_maps import SiteMaps
from lianzhou_gis.reports.site_view import SiteView, area_words
from lianzhou_gis.vocabulary import DISCLAIMER, label, theme

__all__ = ["chapters_paper"]

_TITLE = "建设项目规划选址综合论证报告"
_THREE_LINES = ("ecological_redline", "permanent_basic_farmland", "growth_boundary")
# What 2.5 asks for in its order, by theme.
_SENSITIVE = (
    "ecological_redline", "permanent_basic_farmland", "water_source_zone", "nature_reserve", "nature_park",
    "scenic_area", "wetland", "public_welfare_forest", "contaminated_plot", "hazard_slope", "river_range",
    "karst_strong",
)  # fmt: skip
# What 2.5 asks for beyond every theme of the vocabulary.
_WITHOUT_THEME = ("压覆矿产", "军事设施", "机场净空", "地震断裂")


def _place(what: str) -> Paragraph:
    """Return a marked place that the author of the report fills in."""
    return Paragraph(f"【待补充：{what}】", face="kai", indent=True)


def chapters_paper(site: SiteView, maps: SiteMaps, frame: Frame) -> Paper:
    """Return the report of a site with its proven parts."""
    blocks: list[Block] = [
        Paragraph(f"项目名称：{site.name}", align="center"),
        Paragraph(f"（自动生成部分的核查基准日 {site.view.record['as_of']}，{DISCLAIMER['zh']}）", align="center"),
        Heading("第一章　概况"),
        _place("项目由来、建设依据、建设规模与内容、编制依据和技术路线"),
        Heading("第二章　选址可行性"),
        Heading("2.1 选址原则", 2), _place("选址原则"),
        Heading("2.2 备选方案", 2), _place("备选方案的提出与比选范围"),
        Heading("2.3 选址方案", 2),
        Heading("2.3.1 位置与用地范围", 3), *_site(site),
        Heading("2.4 建设条件", 2), _place("交通、供水、供电、排水、地形与工程地质条件"),
        Heading("2.5 敏感条件", 2), *_sensitive(site),
        Heading("2.6 用地条件", 2), _place("地类、权属、占补平衡"),
        Heading("2.7 安全条件", 2), _place("安全评价结论"),
        Heading("2.8 征求意见", 2), *_offices(site),
        Heading("2.9 方案比选与附图", 2),
        Heading("2.9.1 附图", 3), *_figures(site, maps),
        Heading("第三章　合法合规性"),
        Heading("3.1 产业政策", 2), _place("产业政策符合性"),
        Heading("3.2 三区三线", 2), *_three_lines(site),
        Heading("3.3 国土空间规划一张图", 2), _place("一张图核对结论"),
        Heading("3.4 相关规划", 2), _place("专项规划与详细规划"),
        Heading("3.5 生态环境", 2),
        Heading("3.5.1 环境质量", 3), _place("环境质量现状与目标"),
        Heading("3.5.2 规划环评", 3), _place("规划环评及审查意见"),
        Heading("3.5.3 生态环境分区管控", 3), *_units(site),
        Heading("3.6 用地政策", 2), _place("供地政策与用地标准"),
        Heading("3.7 其他法规", 2), *_regulations(site),
        Heading("第四章　合理性"), _place("环境影响、压覆矿产、地质灾害、社会稳定风险"),
        Heading("第五章　节约集约用地"), _place("用地规模、功能分区与用地指标"),
        Heading("第六章　结论与建议"), _place("结论与建议；本系统不生成结论"),
    ]  # fmt: skip
    return frame.paper(_TITLE, blocks, subject=site.name, official=True)


def _site(site: SiteView) -> Iterator[Block]:
    corners = corners_of(site.geometry)
    yield Paragraph(
        f"{site.name}拟选址于{site.town or '【待补充：乡镇】'}，用地面积 {area_words(site.site['statutory_area_m2'])}"
        f"（椭球面积），共 {len(corners.rows)} 个界址点，2000国家大地坐标系，3度带第 {corners.zone} 带。",
        indent=True,
    )
    yield DataTable(
        "界址点",
        (Column("点号", 0.8, "center"), Column("X（m）", 1.5, "right"), Column("Y（m）", 1.6, "right")),
        [[name, Measure(north, 3), Measure(east, 3)] for name, _, north, east, _, _ in corners.rows[:200]],
        "本项目没有图形。",
    )
    if len(corners.rows) > 200:
        yield Paragraph(f"（界址点共 {len(corners.rows)} 个，表列前 200 个，其余见附件。）", indent=True)


def _dated(site: SiteView, theme_id: str) -> str:
    days = [
        f"{site.view.layer_title(layer['id'])}，{layer['data_date'] or '日期不明'}"
        for layer in site.view.record["layers"]
        if layer["theme"] == theme_id and layer["status"] == "loaded"
    ]
    return "；".join(days) or "无图层"


def _condition(site: SiteView, theme_id: str) -> tuple[str, float | None, float | None]:
    """Return the state in words, the occupied area and the distance of a theme."""
    check = next((item for item in site.site["checks"] if item["theme"] == theme_id), None)
    if check is None or check["status"] in ("not_assessed", "not_in_scope"):
        return "未核查", None, None
    if check["status"] == "none":
        return "不占用", 0.0, check["nearest_m"]
    return "占用", check["net_area_m2"], 0.0


def _sensitive(site: SiteView) -> Iterator[Block]:
    rows: list[list[Value]] = []
    held = {item["theme"]: item["office"] for item in site.view.elsewhere}
    for theme_id in (*_SENSITIVE, *(name for name in held if name not in _SENSITIVE)):
        words = theme(theme_id).label["zh"]
        if theme_id in held:
            rows.append([words, f"须征求{held[theme_id]}意见", None, None, "由该部门掌握"])
            continue
        state, area, distance = _condition(site, theme_id)
        rows.append([
            words, state, None if area is None else Measure(area), None if distance is None else Measure(distance),
            _dated(site, theme_id),
        ])  # fmt: skip
    rows += [[words, "未核查（须征求主管部门意见）", None, None, "无图层"] for words in _WITHOUT_THEME]
    yield DataTable(
        "敏感条件",
        (Column("条件", 1.4), Column("情形", 1.2), Column("占用面积（m²）", 1.1, "right"),
         Column("最近距离（m）", 1.1, "right"), Column("数据来源与日期", 2.2)),
        rows,
    )  # fmt: skip


def _offices(site: SiteView) -> Iterator[Block]:
    yield DataTable(
        "征求意见",
        (Column("部门", 1.6), Column("征求意见的事项", 3.0), Column("日期、文号", 1.2), Column("意见", 1.4)),
        [[office, "；".join(points), "（待复函）", "（待复函）"] for office, points in site.offices.items()],
        label("nothing_proven", "consultation")["zh"],
    )


def _figures(site: SiteView, maps: SiteMaps) -> Iterator[Block]:
    width = OFFICIAL_MARGINS.width_mm
    yield maps.locator(site.site_id, width, 96)
    yield Paragraph("图1　项目位置图", align="center", size_pt=10.5)
    yield maps.surroundings(site.site_id, width, 120)
    yield Paragraph("图2　项目与管控区关系图", align="center", size_pt=10.5)


def _three_lines(site: SiteView) -> Iterator[Block]:
    rows: list[list[Value]] = []
    for theme_id in _THREE_LINES:
        state, area, distance = _condition(site, theme_id)
        if theme_id == "growth_boundary":
            state = f"边界{site.growth_boundary}" if site.growth_boundary != "未核查" else state
        rows.append([
            theme(theme_id).label["zh"], state, None if area is None else Measure(area),
            None if distance is None else Measure(distance), _dated(site, theme_id),
        ])  # fmt: skip
    yield DataTable(
        "三区三线",
        (Column("控制线", 1.4), Column("情形", 1.2), Column("重叠面积（m²）", 1.2, "right"),
         Column("最近距离（m）", 1.1, "right"), Column("数据来源与日期", 2.2)),
        rows,
    )  # fmt: skip


def _units(site: SiteView) -> Iterator[Block]:
    if not site.units:
        yield Paragraph("未核查到所在环境管控单元，须向生态环境主管部门核实。", indent=True)
        return
    for name, grade, area, _ in site.units:
        yield Paragraph(
            f"项目位于{name}（{grade}），占用 {area:,.2f} m²；准入清单对照：{site.items_of_unit(name)}。", indent=True
        )
    yield DataTable(
        "准入清单",
        (Column("管控单元", 1.3), Column("管控要求", 3.0), Column("本项目情况", 1.8), Column("是否相符", 1.2)),
        [
            [
                row["unit_name"] or label("access_level", row["level"])["zh"], row["text"],
                "；".join(
                    f"{site.view.fact_name(fact)}：{site.view.fact_value(fact, value)}"
                    for fact, value in row["known"].items()
                ),
                row["said"]["zh"],
            ]
            for row in site.site["access"]
        ],
        "没有准入清单条目。",
    )  # fmt: skip


def _regulations(site: SiteView) -> Iterator[Block]:
    yield DataTable(
        "限制性规定",
        (Column("规定", 2.0), Column("依据", 2.0), Column("须办事项", 2.0), Column("主管部门", 1.2)),
        [[step.title, step.basis, step.action, step.authority] for step in site.steps],
        label("nothing_proven", "rule")["zh"],
    )
