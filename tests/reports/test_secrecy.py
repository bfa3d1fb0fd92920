"""The class of a run is the highest that its layers state; nothing is assumed, and nothing classified is published."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
import shapely

from lianzhou_gis.errors import CatalogError, DisclosureError
from lianzhou_gis.maps.disclosure import open_source, publish, read_profile
from lianzhou_gis.maps.payload import payload
from lianzhou_gis.reports.api import ReportOptions, write_reports
from lianzhou_gis.runs import Run
from lianzhou_gis.runs.folding import check_fold
from lianzhou_gis.vocabulary import highest_secrecy

pypdf = pytest.importorskip("pypdf")
OPTIONS = ReportOptions(today=date(2026, 11, 24))
SITE = shapely.box(112.44, 24.87, 112.441, 24.871)
THEMES = ("ecological_redline", "administrative")


def county_with(county_class, folder, **secrecy):
    county = county_class(folder)
    for name, stated in secrecy.items():
        county.entries[name]["secrecy"] = stated
    return county


def pages(path):
    return [re.sub(r"\s", "", page.extract_text()) for page in pypdf.PdfReader(path).pages]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ([], None), ([None], None), (["none"], "none"), (["none", None], None), (["secret", None], "secret"),
        (["secret", "confidential", "none"], "confidential"),
    ],
)  # fmt: skip
def test_the_highest_that_is_stated_counts_and_silence_is_no_clearance(stated, expected):
    assert highest_secrecy(stated) == expected


def test_without_a_statement_the_form_says_so(county_class, tmp_path):
    run = Run.of(county_class(tmp_path).screen(SITE, themes=["ecological_redline"]))
    assert run.document["run"]["secrecy"] is None
    assert {layer["secrecy"] for layer in run.document["run"]["layers"]} == {None}
    (path,) = write_reports(run, tmp_path, formats=["pdf"], options=OPTIONS)
    first, *rest = pages(path)
    assert "密级：未标注" in first and "内部资料" in first and "秘密" not in first
    assert any("密级" in page and "未标注" in page for page in rest)
    assert any("密级：未标注" in note for note in payload(run)["notes"])


def test_a_classified_layer_marks_every_page_even_of_the_letter(county_class, tmp_path):
    county = county_with(county_class, tmp_path, ecological_redline="secret")
    result = county.screen(SITE, themes=["ecological_redline"])
    run = Run.of(result)
    assert run.document["run"]["secrecy"] == "secret"
    assert [issue.code for issue in result.issues].count("layer_classified") == 1
    for kind in ("form", "letter"):
        (path,) = write_reports(run, tmp_path, kind=kind, formats=["pdf"], options=OPTIONS)
        assert all("秘密" in page for page in pages(path)), kind
    assert any("密级：秘密" in note for note in payload(run)["notes"])
    folder = result.save(tmp_path / "run")
    lowered = json.loads(json.dumps(run.document))
    lowered["run"]["secrecy"] = None
    assert [item.code for item in check_fold(lowered)] == ["secrecy_lowered"]
    assert not list(check_fold(run.document))
    assert json.loads((folder / "result.json").read_text(encoding="utf-8"))["run"]["secrecy"] == "secret"


def test_a_layer_that_only_places_the_site_counts(county_class, tmp_path):
    county = county_with(county_class, tmp_path, administrative="confidential", ecological_redline="none")
    assert county.screen(SITE, themes=["ecological_redline"]).secrecy == "confidential"


def test_a_class_that_is_not_one_is_refused(county_class, tmp_path):
    with pytest.raises(CatalogError):
        county_with(county_class, tmp_path, ecological_redline="内部").screen(SITE)


def test_nothing_is_published_from_a_catalog_or_run_with_a_classified_layer(county_class, tmp_path):
    county = county_with(county_class, tmp_path, ecological_redline="secret")
    folder = county.screen(SITE, themes=["ecological_redline"]).save(tmp_path / "run")
    profile = Path(__file__).parents[2] / "layers" / "profiles" / "public.yaml"
    for source in (county.write(), folder):
        with pytest.raises(DisclosureError, match="secret"):
            publish(open_source(source, as_of="2026-11-24"), read_profile(profile), tmp_path / "out")
    assert not (tmp_path / "out").exists()
