"""A person's judgement stands beside the finding and moves no verdict."""

import json

import pyogrio
import pytest

from lianzhou_gis.errors import FormatError
from lianzhou_gis.findings import read_overrides
from lianzhou_gis.screening import screen

JUDGED = {
    "decision": "可按既有用途保留", "office": "清远市生态环境局连州分局", "reason": "现状用地，未新增建设",
    "evidence": "示例函〔2026〕1号", "decided_on": "2026-11-20",
}  # fmt: skip


def written(tmp_path, *entries):
    path = tmp_path / "judged.json"
    path.write_text(json.dumps({"overrides": list(entries)}, ensure_ascii=False), encoding="utf-8")
    return path


def test_it_is_wherever_the_finding_is_and_changes_no_verdict(county, square, tmp_path):
    county.add("ecological_redline", square(112.45, 24.88, 900), grade="core")
    facts = {"limited_activity_class": "not_listed"}
    before = county.screen(square(112.45, 24.88, 100), facts)
    row = before.findings[before.findings["rule_id"] == "redline.core"].iloc[0]
    overrides = read_overrides(written(tmp_path, {"finding_id": row["finding_id"], **JUDGED}))
    after = screen(before.sites_in, county.write(), facts=facts, as_of="2026-11-23", overrides=overrides)
    assert after.sites["verdict"].tolist() == before.sites["verdict"].tolist() == ["prohibited"]
    judged = after.findings.set_index("finding_id").loc[row["finding_id"]]
    assert judged["effect"] == "prohibited" and judged["override"]["office"] == JUDGED["office"]
    folder = after.save(tmp_path / "run")
    document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    (reported,) = [item["override"] for item in document["sites"][0]["findings"] if item["override"]]
    assert reported == {"finding_id": row["finding_id"], "by": None, **JUDGED}
    table = pyogrio.read_dataframe(folder / "findings.gpkg", layer="findings").set_index("finding_id")
    assert json.loads(table.loc[row["finding_id"], "override"])["reason"] == JUDGED["reason"]
    assert read_overrides(folder / "inputs" / "overrides.yaml") == overrides
    from lianzhou_gis.cli.site_card import site_card

    card = site_card(after, row["site_id"], "zh").plain
    assert JUDGED["decision"] in card and JUDGED["office"] in card


def test_one_without_its_finding_is_reported(county, square, tmp_path):
    before = county.screen(square(112.45, 24.88, 100))
    overrides = read_overrides(written(tmp_path, {"finding_id": "0" * 12, **JUDGED}))
    after = screen(before.sites_in, county.write(), as_of="2026-11-23", overrides=overrides)
    assert "override_without_finding" in {issue.code for issue in after.issues}


@pytest.mark.parametrize("missing", ["finding_id", "decision", "office", "reason", "evidence", "decided_on"])
def test_a_judgement_without_office_reason_or_evidence_is_none(tmp_path, missing):
    entry = {"finding_id": "a" * 12, **JUDGED, missing: " "}
    with pytest.raises(FormatError, match=missing):
        read_overrides(written(tmp_path, entry))


def test_other_files_are_refused(tmp_path):
    entry = {"finding_id": "a" * 12, **JUDGED}
    with pytest.raises(FormatError, match="twice"):
        read_overrides(written(tmp_path, entry, entry))
    with pytest.raises(FormatError, match="remark"):
        read_overrides(written(tmp_path, {**entry, "remark": "x"}))
    with pytest.raises(FormatError, match="decided_on"):
        read_overrides(written(tmp_path, {**entry, "decided_on": "soon"}))
    (tmp_path / "list.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(FormatError, match="overrides"):
        read_overrides(tmp_path / "list.yaml")
