"""The commands: what they print, where errors go, exit codes, what they cost."""

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from lianzhou_gis.runs import json_schema

ROOT = Path(__file__).parent.parent
LAYERS = ["--layers", "layers/layers.yaml"]
SITES = "layers/demo/sites/sites.gpkg"
FACTS = ["--facts", "layers/demo/sites/facts.yaml"]
COMMAND = [sys.executable, "-c", "from lianzhou_gis.cli import main; main()"]


def run(*arguments, cwd=ROOT):
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, encoding="utf-8", check=False)


def one_line_error(done):
    """Bad input: exit code 2, nothing on stdout, one line on stderr."""
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_demo_prints_one_table_that_states_what_it_is():
    done = run("demo", "--as-of", "2026-11-23")
    assert done.returncode == 0, done.stderr
    assert "DEMO-01" in done.stdout and "触及禁止性规定" in done.stdout
    assert "初步筛查，不作为审批依据" in done.stdout
    assert "合成演示数据" in done.stdout
    assert len(done.stdout.splitlines()) <= 35, "one line for each site"


def test_one_site_reads_in_thirty_lines_proven_open_and_context_apart():
    done = run("screen", SITES, *LAYERS, *FACTS, "--as-of", "2026-11-23", "--site", "DEMO-01")
    card = done.stdout.split("丰阳生猪养殖场（示例）（DEMO-01）")[-1]
    assert len(card.splitlines()) <= 30
    heads = [line for line in card.splitlines() if line in ("已查明", "尚待查明", "背景")]
    assert heads == ["已查明", "尚待查明", "背景"]
    assert "第320条" in card and "source." not in card
    assert run("screen", SITES, *LAYERS, "--site", "DEMO-99").returncode == 2


def test_demo_in_english():
    done = run("demo", "--lang", "en", "--as-of", "2026-11-23")
    assert "Meets a prohibition" in done.stdout
    assert "Preliminary screening; not a basis for approval" in done.stdout


def test_screen_as_json_fits_the_schema_and_stdout_is_json_alone():
    done = run("screen", SITES, *LAYERS, *FACTS, "--as-of", "2026-11-23", "--json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, json_schema())
    assert done.returncode == 0
    assert [site["site_id"] for site in document["sites"]] == [f"DEMO-{number:02d}" for number in range(1, 15)]


def test_screen_writes_nothing_without_out(tmp_path):
    shutil.copy(ROOT / SITES, tmp_path / "sites.gpkg")
    before = sorted(tmp_path.rglob("*"))
    done = run("screen", tmp_path / "sites.gpkg", "--layers", ROOT / "layers/layers.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_fail_on_compares_the_worst_possible():
    seam = "layers/demo/sites/seam_37.txt"
    options = [*LAYERS, "--as-of", "2026-11-23", "--themes", "karst_strong"]
    assert run("screen", seam, *options, "--fail-on", "prohibited").returncode == 1
    known = ["--set", "target_use=residential", "--set", "industry_code=K7010", "--set", "fuel_kind=no_fuel"]
    known += ["--set", "changes_to_sensitive_use=no", "--set", "construction_nature=new"]
    for fact in ("approval_suspended", "catering", "groundwater_risk", "heavy_metal", "storage_oil_or_toxics"):
        known += ["--set", f"{fact}=no"]
    assert run("screen", seam, *options, *known, "--fail-on", "prohibited").returncode == 0
    assert run("screen", seam, *options, *known, "--fail-on", "no_conflict_found").returncode == 1


def test_set_beats_the_file_and_states_so():
    done = run("screen", SITES, *LAYERS, *FACTS, "--set", "target_use=industrial", "--as-of", "2026-11-23", "--json")
    document = json.loads(done.stdout)
    assert document["sites"][0]["facts"]["target_use"] == "industrial"
    assert "fact_conflict" in {issue["code"] for issue in document["issues"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["screen", "gone.gpkg", *LAYERS], ["gone.gpkg", "核对路径"]),
        (["screen", SITES, "--layers", "gone.yaml"], ["gone.yaml", "--layers"]),
        (["screen", SITES, *LAYERS, "--set", "livestock"], ["--set", "名称=值"]),
        (["screen", SITES, *LAYERS, "--set", "livestok=no"], ["livestok"]),
        (["screen", SITES, *LAYERS, "--set", "livestock=perhaps"], ["livestock", "是/否/未知"]),
        (["screen", SITES, *LAYERS, "--as-of", "yesterday"], ["--as-of", "2026-11-23"]),
        (["screen", SITES, *LAYERS, "--themes", "water"], ["water", "water_source_zone"]),
        (["screen", SITES, *LAYERS, "--facts", "gone.yaml"], ["gone.yaml"]),
        (["rules", "show", "no.such.rule"], ["no.such.rule", "rules list"]),
        (["map", "layers"], ["result.json", "screen --out"]),
        (["map"], ["--layers"]),
        (["map", *LAYERS, "--basemap", "tianditu"], ["--key"]),
        (["map", *LAYERS, "--themes", "water"], ["water", "water_source_zone"]),
    ],
)
def test_bad_input_is_one_line_that_names_place_and_remedy(arguments, words):
    error = one_line_error(run(*arguments))
    for word in words:
        assert word in error
    assert "/work" not in error


@pytest.mark.parametrize(
    ("line", "zh", "en"),
    [
        (["screen", "--foo"], "没有选项 --foo", "--foo"),
        (["scren"], "可用的有 batch", "there are batch"),
        (["layers", "import"], "缺少 FILE", "FILE"),
        (["map", "--figure"], "--figure", "--figure"),
        (["screen", "x", "--fail-on", "bad"], "--fail-on", "--fail-on"),
    ],
)
def test_a_line_that_cannot_be_understood(line, zh, en):
    reported = one_line_error(run(*line))
    assert reported.startswith("错误：") and zh in reported and "--help" in reported
    reported = one_line_error(run(*line, "--lang", "en"))
    assert (reported.startswith("Error: ") and en in reported and "--help" in reported) or line[-1] == "--figure"


def test_a_file_that_lies_about_itself(tmp_path):
    (tmp_path / "a.gpkg").write_bytes(b"not a geopackage at all")
    (tmp_path / "b.geojson").write_text("{broken")
    (tmp_path / "c.txt").write_text("hello")
    (tmp_path / "d.csv").write_text("a,b\n1,2\n")
    for name in ("a.gpkg", "b.geojson", "c.txt", "d.csv"):
        assert name in one_line_error(run("screen", tmp_path / name, *LAYERS))


def test_a_layer_is_chosen_from_a_drawing_and_from_an_archive(tmp_path):
    corpus = ROOT / "tests" / "data" / "formats"
    themes = ["--themes", "karst_strong", "--as-of", "2026-11-23"]
    drawing = corpus / "dxf-bulges-and-hatches.dxf"
    assert "--layer" in one_line_error(run("screen", drawing, *LAYERS, *themes))
    assert "--crs" in one_line_error(run("screen", drawing, "--layer", "用地红线", *LAYERS, *themes))
    chosen = ["--crs", "EPSG:4546", "--layer", "用地红线", *LAYERS, *themes]
    done = run("screen", drawing, *chosen, "--json", "--out", tmp_path / "run")
    document = json.loads(done.stdout)
    assert len(document["sites"]) == 1
    assert "curves_linearised" in {issue["code"] for issue in document["issues"]}
    assert (tmp_path / "run" / "inputs" / drawing.name).read_bytes() == drawing.read_bytes()
    several = one_line_error(run("screen", corpus / "shapefile-two-in-zip.zip", *LAYERS, *themes))
    assert "--layer" in several and "plots, towns" in several


def test_a_run_folder_and_its_map_again(tmp_path):
    done = run("screen", SITES, *LAYERS, *FACTS, "--as-of", "2026-11-23", "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "run" / "map.html").read_bytes()
    (tmp_path / "run" / "map.html").unlink()
    assert run("map", tmp_path / "run").returncode == 0
    assert (tmp_path / "run" / "map.html").read_bytes() == page
    again = run("screen", SITES, *LAYERS, "--out", tmp_path / "run")
    assert "--overwrite" in one_line_error(again)


def test_the_map_of_the_layers_alone(tmp_path):
    done = run("map", *LAYERS, "--themes", "receptor", "--as-of", "2026-11-23", "--to", tmp_path / "layers.html")
    assert done.returncode == 0, done.stderr
    assert "敏感目标" in (tmp_path / "layers.html").read_text(encoding="utf-8")


def test_layers_list_and_check():
    entries = json.loads(run("layers", "list", *LAYERS, "--json").stdout)
    assert all(entry["synthetic"] for entry in entries)
    done = run("layers", "check", *LAYERS, "--as-of", "2026-11-23", "--json")
    reported = json.loads(done.stdout)
    # Two plots of the demo have no shape, as in life: a catalog with them is not sound.
    assert done.returncode == 1
    assert {issue["code"] for issue in reported["issues"] if issue["severity"] == "error"} == {"no_geometry"}
    assert all(layer["status"] == "loaded" for layer in reported["layers"])
    # The red line outside the priority units, which the demo has as real data do.
    assert "redline_in_lesser_unit" in {issue["code"] for issue in reported["issues"]}
    counted = [layer["counted"] for layer in reported["layers"]]
    # Of ten plots one has no shape, and is no zone.
    assert [count["expected"] for count in counted if count["found"] != count["expected"]] == [10]
    assert {count["found"] for count in counted} >= {17, 28}


def test_rules_list_show_and_check():
    listed = run("rules", "list", "--as-of", "2026-08-14", "--theme", "water_source_zone")
    assert "水污染防治法" in listed.stdout and "生态环境法典" not in listed.stdout
    shown = run("rules", "show", "plot.survey_due")
    assert "2026-08-15" in shown.stdout and "土壤污染防治法" in shown.stdout and "生态环境法典" in shown.stdout
    done = run("rules", "check", "--json")
    reported = json.loads(done.stdout)
    assert done.returncode == 0
    assert reported["cases"] >= 300 and not [issue for issue in reported["issues"] if issue["severity"] == "error"]


def test_help_of_every_command():
    for command, word in {
        "": "连州",
        "demo": "核查",
        "screen": "核查",
        "layers": "图层",
        "rules": "规则",
        "map": "地图",
    }.items():
        done = run(*command.split(), "--help")
        assert done.returncode == 0
        assert word in done.stdout


def _cpu(code):
    """User and system seconds of a Python process, the best of three."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def test_help_costs_at_most_half_of_importing_geopandas():
    code = "import sys; sys.argv = ['x', '--help']\nfrom lianzhou_gis.cli import main\nmain(standalone_mode=False)"
    assert _cpu(code) <= 0.5 * _cpu("import geopandas")


def test_importing_the_package_loads_no_gis_library():
    code = (
        "import sys, lianzhou_gis; heavy = {'geopandas', 'shapely', 'pyproj', 'pyogrio', 'fiona', 'rasterio', 'pandas',"
        " 'numpy', 'folium'}; print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rules_load_no_gis_library():
    code = (
        "import sys; from lianzhou_gis.rulebook import Rulebook; from lianzhou_gis.catalog import Catalog\n"
        "Rulebook.load(); Catalog.open('layers/layers.yaml')\n"
        "print(sorted({'geopandas', 'shapely', 'pyproj', 'pyogrio', 'fiona', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
