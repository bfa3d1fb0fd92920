"""A run folder whose content was changed is found, whatever was changed and however consistently."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
import shapely

from lianzhou_gis.errors import AlteredRunError, RunError
from lianzhou_gis.runs import Run
from lianzhou_gis.runs.folder import inspect
from lianzhou_gis.runs.seal import document_bytes, manifest_bytes, seal_of
from lianzhou_gis.runs.signature import check_signature, make_key, sign_run

FACTS = {"target_use": "industrial", "construction_nature": "new", "related_to_water_supply": "no", "is_linear": "no"}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory, county_class):
    """A run of one site in a red line, written once."""
    folder = tmp_path_factory.mktemp("sealed")
    county = county_class(folder)
    shape = shapely.box(112.44, 24.87, 112.441, 24.871)
    county.add("ecological_redline", shape.buffer(0.004), grade="一般控制区", zone_id="DEMO-HX")
    county.add("water_source_zone", shape.buffer(0.004), grade="一级", zone_id="DEMO-SY", source_name="甲")
    return county.screen(shape, FACTS).save(folder / "run")


@pytest.fixture
def run(sealed, tmp_path):
    return Path(shutil.copytree(sealed, tmp_path / "run"))


def edited(folder, change, *, resealed=False):
    """Change the document; with ``resealed`` all hashes are made to fit again, as an attacker would."""
    path = folder / "result.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    if resealed:
        document["seal"] = seal_of(document)
    path.write_bytes(document_bytes(document))
    if resealed:
        (folder / "manifest.json").write_bytes(manifest_bytes(folder, document))


def first_site(document):
    return document["sites"][0]


def restricting(document):
    return next(item for item in first_site(document)["findings"] if item["effect"] != "notice")


def set_verdict(document):
    first_site(document)["verdict"] = "no_conflict_found"


def set_worst(document):
    first_site(document)["worst_possible"] = "no_conflict_found"


def set_complete(document):
    first_site(document)["complete"] = not first_site(document)["complete"]


def set_label(document):
    first_site(document)["label"]["zh"] = "在已核查图层内未发现冲突"


def drop_findings(document):
    first_site(document)["findings"] = []


def milder_finding(document):
    for item in first_site(document)["findings"]:
        item["effect"] = item["worst"] = "notice"


def drop_gaps(document):
    first_site(document)["gaps"] = []


def milder_gap(document):
    for gap in first_site(document)["gaps"]:
        gap["worst"] = "conditional"


def other_article(document):
    restricting(document)["citations"][0]["article"] = "999"


def other_area(document):
    restricting(document)["area_m2"] = 1.0


def other_fact(document):
    first_site(document)["facts"]["target_use"] = "agriculture"


def other_name(document):
    first_site(document)["name"] = "另一项目"


def other_day(document):
    document["run"]["as_of"] = "2030-01-01"


def later_recheck(document):
    document["run"]["recheck_by"] = "2099-01-01"


def real_data(document):
    document["run"]["synthetic"] = False


def no_disclaimer(document):
    document["run"]["disclaimer"]["zh"] = "审查通过"


def other_layer(document):
    document["run"]["layers"][0]["sha256"] = "0" * 64


def an_issue_less(document):
    document["issues"] = []
    document["run"]["region"] = "别县"


def drop_site(document):
    document["sites"] = []


DOCUMENT_CHANGES = [
    set_verdict, set_worst, set_complete, set_label, drop_findings, milder_finding, drop_gaps, milder_gap,
    other_article,
    other_area, other_fact, other_name, other_day, later_recheck, real_data, no_disclaimer, other_layer, an_issue_less,
    drop_site,
]  # fmt: skip


def codes(folder):
    return {item.code for item in inspect(folder)[1]}


def test_an_unaltered_run_is_read(run):
    assert codes(run) == set()
    assert Run.open(run).alterations == ()


@pytest.mark.parametrize("change", DOCUMENT_CHANGES, ids=lambda change: change.__name__)
def test_a_changed_document_is_refused(run, change):
    edited(run, change)
    assert "content_altered" in codes(run)


@pytest.mark.parametrize(
    "change", [set_verdict, set_worst, set_complete, set_label, drop_findings, milder_finding, drop_gaps],
    ids=lambda change: change.__name__,
)  # fmt: skip
def test_a_verdict_that_does_not_follow_is_found_though_all_hashes_fit(run, change):
    edited(run, change, resealed=True)
    assert codes(run) == {"verdict_not_folded"}


def test_a_fixed_sentence_is_found_though_all_hashes_fit(run):
    edited(run, no_disclaimer, resealed=True)
    assert codes(run) == {"sentence_altered"}


def append(name):
    def change(folder):
        with (folder / name).open("ab") as stream:
            stream.write(b" ")

    return change


def edit_table(folder):
    with sqlite3.connect(folder / "findings.gpkg") as base:
        base.execute("PRAGMA writable_schema = ON")
        base.execute("UPDATE gpkg_contents SET description = 'x' WHERE table_name = 'findings'")


def remove_input(folder):
    (folder / "inputs" / "facts.yaml").unlink()


def add_input(folder):
    (folder / "inputs" / "more.yaml").write_text("x")


def add_page(folder):
    (folder / "approved.html").write_text("x")


def link_input(folder):
    (folder / "inputs" / "facts.yaml").rename(folder.parent / "facts.yaml")
    (folder / "inputs" / "facts.yaml").symlink_to(folder.parent / "facts.yaml")


def remove_manifest(folder):
    (folder / "manifest.json").unlink()


def break_manifest(folder):
    (folder / "manifest.json").write_text("{")


def shorten_manifest(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"].pop()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def double_key(folder):
    path = folder / "result.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"schema_version": "1"', '"schema_version": "2",\n "schema_version": "1"', 1), "utf-8")


FILE_CHANGES = {
    append("map.html"): "file_altered",
    append("inputs/layers.yaml"): "file_altered",
    append("findings.gpkg"): "file_altered",
    append("result.json"): "spelling_altered",
    double_key: "spelling_altered",
    edit_table: "file_altered",
    remove_input: "file_missing",
    add_input: "file_added",
    add_page: "file_added",
    link_input: "file_altered",
    remove_manifest: "manifest_missing",
    break_manifest: "manifest_broken",
    shorten_manifest: "manifest_altered",
}


@pytest.mark.parametrize(("change", "code"), FILE_CHANGES.items(), ids=[*map(str, range(len(FILE_CHANGES)))])
def test_a_changed_folder_is_refused(run, change, code):
    change(run)
    assert code in codes(run)


def test_an_altered_run_is_refused_unless_asked_for(run):
    edited(run, set_verdict)
    with pytest.raises(AlteredRunError, match="altered after it was sealed"):
        Run.open(run)
    assert {item.code for item in Run.open(run, altered=True).alterations} >= {"content_altered", "verdict_not_folded"}


def test_documents_made_later_do_not_break_the_seal(run):
    (run / "reports").mkdir()
    (run / "reports" / "form.pdf").write_bytes(b"%PDF")
    assert codes(run) == set()


def test_a_consistent_forgery_is_found_by_the_signature(run, tmp_path):
    """Everything is rewritten so that hashes and verdicts fit: only a signature tells."""
    public = make_key(tmp_path / "key.pem")
    assert sign_run(run, tmp_path / "key.pem", signer="示例单位") == public
    assert check_signature(run, [public]) == []
    edited(run, other_name, resealed=True)
    assert codes(run) == {"signature_wrong"}


def test_a_signature_by_another_key_or_in_another_name_is_found(run, tmp_path):
    trusted, other = make_key(tmp_path / "a.pem"), make_key(tmp_path / "b.pem")
    assert [item.code for item in check_signature(run, [trusted])] == ["signature_missing"]
    sign_run(run, tmp_path / "b.pem", signer="示例单位")
    assert [item.code for item in check_signature(run, [trusted])] == ["signature_unknown"]
    assert check_signature(run, [other]) == []
    path = run / "signature.json"
    path.write_text(path.read_text(encoding="utf-8").replace("示例单位", "别的单位"), encoding="utf-8")
    assert [item.code for item in check_signature(run, [other])] == ["signature_wrong"]
    path.write_text("{}", encoding="utf-8")
    assert [item.code for item in check_signature(run)] == ["signature_broken"]


def test_an_altered_run_is_not_signed_and_a_key_is_not_overwritten(run, tmp_path):
    make_key(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0
    with pytest.raises(RunError, match="never overwritten"):
        make_key(tmp_path / "key.pem")
    edited(run, set_verdict)
    with pytest.raises(AlteredRunError):
        sign_run(run, tmp_path / "key.pem", signer="示例单位")
