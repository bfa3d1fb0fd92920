"""Every item of every unit that a site lies in stands in the result, whatever came out."""

import shapely

from lianzhou_gis.runs import as_document


def test_every_item_of_every_unit_is_compared(county, rectangle):
    west, east = shapely.box(112.2, 24.6, 112.45, 25.2), shapely.box(112.45, 24.6, 112.75, 25.2)
    county.zones["control_unit"] = []
    county.add("control_unit", west, grade="key", zone_id="DEMO-U1", name="西单元（示例）")
    county.add("control_unit", east, grade="priority", zone_id="DEMO-U2", name="东单元（示例）")
    county.item("DEMO-A", kind="prohibited", industries="C26", text="禁止化工（示例）")
    county.item("DEMO-B", kind="restricted", unit_id="DEMO-U1", text="限制（示例）", dimension="risk")
    county.item("DEMO-C", kind="required", unit_id="DEMO-U2", text="要求（示例）", dimension="emission")
    county.item("DEMO-D", kind="prohibited", unit_id="DEMO-U3", text="别的单元（示例）")
    site = rectangle(112.45, 24.88, -300, -50, 100, 50)
    result = county.screen(site, {"industry_code": "C2631", "access_item.DEMO-B": "no"})
    rows = result.access.set_index("item_id")
    # DEMO-1 is of the county's own unit; what belongs to a unit that the site does not meet is not listed.
    assert sorted(rows.index) == ["DEMO-1", "DEMO-A", "DEMO-B", "DEMO-C"]
    assert rows["outcome"].to_dict() == {
        "DEMO-1": "bears", "DEMO-A": "bears", "DEMO-B": "does_not_bear", "DEMO-C": "bears",
    }  # fmt: skip
    assert rows.loc["DEMO-A", "known"] == {"industry_code": ("C2631",)}
    assert rows.loc["DEMO-A", "unit_id"] is None and rows.loc["DEMO-A", "share_of_site"] == 1.0
    assert (rows.loc["DEMO-C", "unit_name"], rows.loc["DEMO-C", "unit_grade"]) == ("东单元（示例）", "priority")
    assert round(rows.loc["DEMO-B", "area_m2"] / rows.loc["DEMO-C", "area_m2"], 3) == 3.0
    assert set(rows["finding_id"].dropna()) <= set(result.findings["finding_id"])
    (site,) = as_document(result)["sites"]
    stated = {row["item_id"]: row["said"]["zh"] for row in site["access"]}
    assert stated["DEMO-A"] == "条目适用（禁止）"
    assert not any(word in text for text in stated.values() for word in ("符合", "通过", "合规"))


def test_an_item_that_nothing_decides_is_compared_as_undecided(county, square):
    county.item("DEMO-B", kind="prohibited", text="禁止不符合功能定位的项目（示例）")
    result = county.screen(square(112.45, 24.88, 100), {"industry_code": "C2929"})
    row = result.access.set_index("item_id").loc["DEMO-B"]
    assert row["outcome"] == "undecided"
    assert row["missing_facts"] == ("access_item.DEMO-B",)
    assert "access_undecided" in set(result.gaps["reason"])


def test_a_code_that_is_not_in_the_classification_decides_nothing(county, square):
    county.item("DEMO-A", kind="prohibited", industries="C26", text="禁止化工（示例）")
    result = county.screen(square(112.45, 24.88, 100), {"industry_code": "C9999"})
    assert result.access.set_index("item_id").loc["DEMO-A", "outcome"] == "undecided"
    assert "industry_code_unknown" in {issue.code for issue in result.issues}
