"""By when a run must be made again, and who says so."""

from datetime import date

from lianzhou_gis.runs import as_document
from lianzhou_gis.runs.recheck import recheck_by, recheck_warning


def test_the_first_end_counts_and_the_longest_time_bounds_it():
    day = date(2026, 11, 23)
    assert recheck_by(day, [], 180) == date(2027, 5, 22)
    assert recheck_by(day, [date(2027, 1, 1), date(2026, 12, 31), None], 180) == date(2026, 12, 31)
    assert recheck_by(day, [date(2026, 11, 22)], 30) == date(2026, 12, 23)
    assert recheck_by(day, [day], 180) == day


def test_a_layer_that_ends_and_a_rule_that_begins_end_a_run(county, square):
    county.entries["wetland"]["valid_to"] = "2026-12-31"
    assert as_document(county.screen(square(112.44, 24.87, 100)))["run"]["recheck_by"] == "2026-12-31"
    before = county.screen(square(112.44, 24.87, 100), as_of="2026-08-01")
    assert as_document(before)["run"]["recheck_by"] == "2026-08-14"


def test_the_warning_comes_the_day_after():
    document = {"run": {"recheck_by": "2027-05-22"}}
    assert recheck_warning(document, date(2027, 5, 22), "zh") is None
    assert "2027-05-22" in recheck_warning(document, date(2027, 5, 23), "zh")
