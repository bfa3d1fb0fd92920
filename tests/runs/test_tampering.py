"""Ways to alter a run folder, as one who rewrites every hash does: what finds each of them."""

import copy
import hashlib
import json
import shutil
import sqlite3
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
import yaml

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.fingerprint import Fingerprint
from lianzhou_gis.maps import map_page
from lianzhou_gis.runs import verify as verify_module
from lianzhou_gis.runs.folding import _folded
from lianzhou_gis.runs.seal import document_bytes, manifest_bytes, seal_of
from lianzhou_gis.runs.signature import make_key, sign_run
from lianzhou_gis.runs.verify import verify

PAGES = {"map.html": map_page}
CLEAR, HIT = "DEMO-CLEAR", "DEMO-HIT"


@pytest.fixture(scope="module")
def original(tmp_path_factory, county_class):
    """A run of a clear and a prohibited site, and what repeating it gives."""
    folder = tmp_path_factory.mktemp("tampering")
    county = county_class(folder)
    shapes = [shapely.box(lon, 24.87, lon + 0.001, 24.871) for lon in (112.44, 112.47)]
    county.add("ecological_redline", shapes[1].buffer(0.002), grade="核心保护区", zone_id="DEMO-HX", name="甲红线")
    county.add("ecological_redline", shapely.affinity.translate(shapes[0], 0.003), grade="核心保护区", zone_id="DEMO-N")
    frame = gpd.GeoDataFrame(
        {"site_id": [CLEAR, HIT], "name": ["甲", "乙"], "accuracy_m": [0.5, 0.5]}, geometry=shapes, crs="EPSG:4490"
    )
    frame.to_file(folder / "sites.gpkg", driver="GPKG")
    facts = yaml.safe_load((Path(__file__).parents[1] / "cases" / "ordinary.yaml").read_text(encoding="utf-8"))
    result = county.screen(folder / "sites.gpkg", facts, themes=["ecological_redline", "control_unit"])
    assert result.sites["verdict"].tolist() == ["no_conflict_found", "prohibited"]
    return county, result.save(folder / "run"), result


@pytest.fixture
def run(original, tmp_path, monkeypatch):
    # The inputs stay as they are: what repeating gives is the same every time.
    monkeypatch.setattr(verify_module, "repeat", lambda *args, **options: original[2])
    return Path(shutil.copytree(original[1], tmp_path / "run"))


def json_of(run, name):
    return json.loads((run / name).read_text(encoding="utf-8"))


def put(run, name, data):
    (run / name).write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def resealed(run):
    """Make every hash fit again that needs no key and no layers."""
    document = json_of(run, "result.json")
    reported = document["run"]
    known = Fingerprint.from_inputs(
        as_of=date.fromisoformat(reported["as_of"]), scope=reported["scope"], rulebook=reported["rulebook"],
        parameters=reported["parameters"],
        inputs=frozenset((item["name"], item["sha256"]) for item in reported["inputs"]),
        facts={site["site_id"]: site["facts"] for site in document["sites"]},
    )  # fmt: skip
    reported["fingerprint"] |= known.parts
    digest = Fingerprint(reported["fingerprint"]).sha256
    reported["id"] = digest[:16]
    if (run / "certificate.json").exists():
        certificate = json_of(run, "certificate.json")
        if certificate.pop("keep", None) is None:
            certificate |= {"fingerprint": digest, "as_of": reported["as_of"], "scope": reported["scope"]}
        put(run, "certificate.json", certificate)
    document["seal"] = seal_of(document)
    (run / "result.json").write_bytes(document_bytes(document))
    (run / "manifest.json").write_bytes(manifest_bytes(run, document))


def of_document(change):
    """A tampering with ``result.json``."""

    def tamper(run):
        document = json_of(run, "result.json")
        change(document, {site["site_id"]: site for site in document["sites"]})
        (run / "result.json").write_bytes(document_bytes(document))

    tamper.__name__ = change.__name__
    return tamper


def of_certificate(change):
    """A tampering with ``certificate.json``."""

    def tamper(run):
        record = json_of(run, "certificate.json")
        put(run, "certificate.json", change(record) or record)

    tamper.__name__ = change.__name__
    return tamper


def of_tables(*statements):
    def tamper(run):
        with sqlite3.connect(run / "findings.gpkg") as base:
            for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                base.execute(f'DROP TRIGGER "{name}"')
            for statement in statements:
                base.execute(statement)

    return tamper


def together(*tamperings):
    def tamper(run):
        for one in tamperings:
            one(run)

    return tamper


@of_document
def a_verdict_edited(document, sites):
    sites[HIT]["verdict"] = "no_conflict_found"


@of_document
def a_finding_removed(document, sites):
    sites[HIT]["findings"] = [item for item in sites[HIT]["findings"] if item["effect"] == "notice"]


@of_document
def findings_removed_and_the_verdict_folded_again(document, sites):
    site = sites[HIT]
    site["findings"] = [item for item in site["findings"] if item["effect"] == "notice"]
    site["gaps"] = []
    for check in site["checks"]:
        check["zones"] = 0
        if check["status"] == "hit":
            check["status"] = "none"
    site |= _folded(site)
    assert site["verdict"] == "no_conflict_found"


@of_certificate
def a_certificate_for_the_prohibited_site(record):
    (clear,) = record["sites"]
    other = copy.deepcopy(clear) | {"site_id": HIT}
    shape = shapely.box(112.47, 24.87, 112.471, 24.871)
    other["geometry_sha256"] = hashlib.sha256(shapely.to_wkb(shape, byte_order=1)).hexdigest()
    record["sites"].append(other)


TABLES_CLEARED = of_tables(
    f"DELETE FROM findings WHERE site_id = '{HIT}' AND effect != 'notice'",
    f"DELETE FROM gaps WHERE site_id = '{HIT}'",
    f"UPDATE sites SET verdict = 'no_conflict_found', worst_possible = 'no_conflict_found' WHERE site_id = '{HIT}'",
)
NO_ZONES = of_tables("DELETE FROM zones WHERE theme = 'ecological_redline'", "DELETE FROM overlaps")


@of_document
def another_edition_of_a_layer(document, sites):
    document["run"]["layers"][0]["data_date"] = "2026-06-30"


@of_document
def another_hash_of_a_layer(document, sites):
    document["run"]["layers"][0]["sha256"] = "0" * 64


@of_document
def another_disclaimer(document, sites):
    document["run"]["disclaimer"]["zh"] = "经审查，同意选址"


@of_document
def another_article(document, sites):
    item = next(item for item in sites[HIT]["findings"] if item["effect"] != "notice")
    item["citations"][0]["article"] = "9"


@of_document
def another_action(document, sites):
    item = next(item for item in sites[HIT]["findings"] if item["effect"] != "notice")
    item["action"]["zh"] = "无须办理"


@of_document
def another_moment(document, sites):
    document["run"]["created"] = "2020-01-01T00:00:00+00:00"


@of_document
def another_day(document, sites):
    document["run"]["as_of"] = "2026-11-20"


@of_document
def a_later_recheck(document, sites):
    document["run"]["recheck_by"] = "2031-01-01"


@of_document
def a_narrower_scope(document, sites):
    document["run"]["scope"] = ["control_unit"]


@of_document
def another_fact(document, sites):
    sites[CLEAR]["facts"]["target_use"] = "residential"


@of_document
def another_input(document, sites):
    document["run"]["inputs"][0]["sha256"] = "1" * 64


@of_document
def another_area(document, sites):
    sites[HIT]["area_m2"] = sites[HIT]["statutory_area_m2"] = 10.0


@of_document
def a_lookalike_id(document, sites):
    # A Cyrillic letter that looks like a Latin one.
    sites[HIT]["site_id"] = HIT.replace("E", "\u0415")


@of_document
def another_total(document, sites):
    sites[HIT]["totals"][0]["net_area_m2"] = 1.0


@of_document
def an_issue_added(document, sites):
    document["issues"].append(
        {"severity": "info", "code": "x", "where": "x", "message": {"zh": "已审查", "en": "reviewed"}}
    )


def no_certificate(run):
    (run / "certificate.json").unlink()


@of_certificate
def a_certificate_of_another_run(record):
    return record | {"fingerprint": "a" * 64, "keep": True}


@of_certificate
def a_longer_distance(record):
    place = record["scope"].index("ecological_redline")
    record["sites"][0]["distance_m"][place] = 5000.0


@of_certificate
def a_shorter_demand(record):
    record["sites"][0]["coverage_m"] = [0.0 for _ in record["scope"]]


@of_certificate
def a_rule_more_excluded(record):
    record["grounds"][0]["excluded"].append("redline.core")


@of_certificate
def another_footprint(record):
    record["sites"][0]["geometry_sha256"] = "0" * 64


@of_certificate
def no_evidence_of_wholeness(record):
    record["layers"][0] |= {"expected_count": None, "uncounted": None}


def another_page(run):
    path = run / "map.html"
    path.write_text(path.read_text(encoding="utf-8").replace("初步筛查", "同意选址"), encoding="utf-8")


MOVED = of_tables(
    "CREATE TEMP TABLE other AS SELECT geom FROM sites",
    f"UPDATE sites SET geom = (SELECT geom FROM sites WHERE site_id = '{HIT}') WHERE site_id = '{CLEAR}'",
)

# Everything is resealed afterwards. Found without the layers:
FOUND_OFFLINE = {
    "a verdict edited": (a_verdict_edited, "verdict_not_folded"),
    "a finding removed": (a_finding_removed, "verdict_not_folded"),
    "folded again, no certificate": (findings_removed_and_the_verdict_folded_again, "certificate"),
    "folded again, certificate forged": (
        together(findings_removed_and_the_verdict_folded_again, a_certificate_for_the_prohibited_site), "tables_differ",
    ),
    "folded again, certificate forged, tables cut": (
        together(
            findings_removed_and_the_verdict_folded_again, a_certificate_for_the_prohibited_site, TABLES_CLEARED
        ),
        "certificate",
    ),
    "a row of the tables removed": (TABLES_CLEARED, "tables_differ"),
    "the site moved in the tables": (MOVED, "certificate"),
    "another disclaimer": (another_disclaimer, "sentence_altered"),
    "another article": (another_article, "sentence_altered"),
    "another action": (another_action, "sentence_altered"),
    "a lookalike id": (a_lookalike_id, "tables_differ"),
    "another hash of a layer": (another_hash_of_a_layer, "certificate"),
    "a narrower scope": (a_narrower_scope, "certificate"),
    "no certificate": (no_certificate, "certificate"),
    "a certificate of another run": (a_certificate_of_another_run, "certificate"),
    "a longer distance certified": (a_longer_distance, "certificate"),
    "a shorter demand certified": (a_shorter_demand, "certificate"),
    "a rule more excluded": (a_rule_more_excluded, "certificate"),
    "another footprint certified": (another_footprint, "certificate"),
    "no evidence of wholeness": (no_evidence_of_wholeness, "certificate"),
}  # fmt: skip
# Consistent in themselves: found by repeating the run with its layers, or by a signature.
FOUND_WITH_LAYERS = {
    "everything forged, zones removed": together(
        findings_removed_and_the_verdict_folded_again, a_certificate_for_the_prohibited_site, TABLES_CLEARED, NO_ZONES
    ),
    "another edition of a layer": another_edition_of_a_layer,
    "another day": another_day,
    "a later recheck": a_later_recheck,
    "another fact": another_fact,
    "another input": another_input,
    "another area": another_area,
    "another total": another_total,
    "an issue added": an_issue_added,
    "another page": another_page,
}
# Nothing but a signature tells.
FOUND_BY_SIGNATURE = {"another moment": another_moment}


def codes(found):
    reported = {item.code for item in found.alterations}
    return reported | {"certificate"} if found.certificate.state == "disagrees" else reported


def test_an_untouched_run_is_intact(run, original):
    resealed(run)
    assert (run / "manifest.json").read_bytes() == (original[1] / "manifest.json").read_bytes()
    found = verify(run, catalog=Catalog.open(original[0].folder / "layers.yaml"), pages=PAGES)
    assert found.intact and found.certificate.state == "confirmed"
    assert verify(run).certificate.state == "consistent"


@pytest.mark.parametrize("name", FOUND_OFFLINE)
def test_what_is_resealed_and_yet_does_not_agree(run, name):
    tamper, code = FOUND_OFFLINE[name]
    tamper(run)
    assert not verify(run).intact
    resealed(run)
    found = verify(run)
    assert code in codes(found) and not found.intact


@pytest.mark.parametrize("name", FOUND_WITH_LAYERS)
def test_what_agrees_in_itself_is_found_with_the_layers(run, original, name):
    FOUND_WITH_LAYERS[name](run)
    assert not verify(run).intact
    resealed(run)
    found = verify(run, catalog=Catalog.open(original[0].folder / "layers.yaml"), pages=PAGES)
    assert not found.intact
    assert found.repetition.files or found.certificate.state == "disagrees"


def test_the_checker_refuses_a_forged_clear_from_the_layers(run, original):
    FOUND_WITH_LAYERS["everything forged, zones removed"](run)
    resealed(run)
    assert verify(run).certificate.state == "consistent"
    found = verify(run, catalog=Catalog.open(original[0].folder / "layers.yaml"), pages=PAGES)
    assert found.certificate.state == "disagrees"
    assert [HIT in message.en for message in found.certificate.messages] == [True]


@pytest.mark.parametrize("name", [*FOUND_WITH_LAYERS, *FOUND_BY_SIGNATURE])
def test_what_agrees_in_itself_is_found_by_a_signature(run, tmp_path, name):
    public = make_key(tmp_path / "key.pem")
    sign_run(run, tmp_path / "key.pem", signer="示例单位")
    assert verify(run, trusted=[public]).intact
    {**FOUND_WITH_LAYERS, **FOUND_BY_SIGNATURE}[name](run)
    resealed(run)
    assert "signature_wrong" in codes(verify(run))
    (run / "signature.json").unlink()
    assert "signature_missing" in codes(verify(run, trusted=[public]))


def test_a_moment_changed_alone_is_found(run):
    another_moment(run)
    assert codes(verify(run)) == {"moment_altered"}
