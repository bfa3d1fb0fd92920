"""The commands that read a run: what they print, and that an altered run is refused or said on every page."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lianzhou_gis.cli import main

pytest.importorskip("sqlalchemy")
PROFILE = Path(__file__).parents[2] / "layers" / "profiles" / "public.yaml"
ALTERED = "本核查结果在封印后被改动"


def call(*words, code=0):
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def altered(copied):
    path = copied / "result.json"
    path.write_text(path.read_text(encoding="utf-8").replace("甲项目", "乙项目"), encoding="utf-8")
    return copied


def test_verify_shows_intact_from_altered(filed, altered):
    assert "文件与封印一致" in call("verify", filed[2]).stdout
    found = json.loads(call("verify", altered, "--json", code=1).stdout)
    assert not found["intact"] and [item["code"] for item in found["alterations"]] == ["content_altered"]
    assert found["certificate"] == {"state": "no_clears", "messages": []} and found["repeated"] is False


def test_no_command_uses_an_altered_run_unless_asked_to(altered, filed, tmp_path):
    for words in (
        ("map", altered),
        ("report", altered, "--format", "docx"),
        ("diff", altered, filed[2]),
        ("publish", altered, "--to", tmp_path / "public", "--profile", PROFILE),
    ):
        assert "封印后被改动" in call(*words, code=2).stderr
    assert not (altered / "reports").exists()
    call("map", altered, "--altered")
    assert ALTERED in (altered / "reports" / "map.html").read_text(encoding="utf-8")
    assert "content_altered" in call("verify", altered, "--json", code=1).stdout


def test_the_map_of_a_run_made_again_retains_the_seal(copied):
    call("map", copied)
    call("verify", copied)
    assert "须于 2027-05-22 前重新核查" in call("map", copied).stderr


def test_the_register_by_commands(filed, copied, tmp_path):
    place = ("--register", tmp_path / "register.sqlite")
    run_id = call("runs", "add", copied, *place).stdout.strip()
    assert [run["run_id"] for run in json.loads(call("runs", "list", "--json", *place).stdout)] == [run_id]
    assert len(json.loads(call("runs", "show", run_id[:8], "--json", *place).stdout)["sites"]) == 2
    assert "DEMO-B" in call("runs", "find", "乙", *place).stdout
    assert "1 次核查须重做" in call("runs", "due", "--today", "2031-01-01", *place).stdout
    call("runs", "export", tmp_path / "all.json", *place)
    other = ("--register", tmp_path / "other.sqlite")
    assert "已登记 1 次核查" in call("runs", "import", tmp_path / "all.json", *other).stdout
    layers = ("--layers", filed[0].folder / "layers.yaml")
    (again,) = json.loads(call("runs", "rescreen", copied, "--today", "2026-08-01", "--json", *layers, *place).stdout)
    assert again["causes"][0]["kind"] == "day"


def test_a_run_is_signed_by_commands(copied, tmp_path):
    public = call("runs", "key", tmp_path / "key.pem").stdout.strip()
    assert call("runs", "sign", copied, "--key", tmp_path / "key.pem", "--signer", "某单位").stdout.strip() == public
    assert "签名者 某单位" in call("verify", copied, "--key", public).stdout
    assert "签名者不在所列的公钥之中" in call("verify", copied, "--key", "AAAA", code=1).stdout


def test_two_runs_are_compared_by_command(filed, copied, tmp_path):
    done = call("diff", filed[2], copied, "--json", "--xlsx", tmp_path / "d.xlsx")
    assert json.loads(done.stdout)["sites"] == [] and (tmp_path / "d.xlsx").stat().st_size > 1000


def test_sites_side_by_side_with_documents_and_register(filed, tmp_path):
    county, path, _ = filed
    out = tmp_path / "run"
    done = call(
        "screen", path, "--layers", county.folder / "layers.yaml", "--as-of", "2026-11-23", "--out", out, "--compare",
        "--report", "letter", "--register", tmp_path / "register.sqlite",
    )  # fmt: skip
    assert "生态保护红线" in done.stdout
    names = {item.name for item in (out / "reports").iterdir()}
    assert {"方案比较.pdf", "方案比较.xlsx", "DEMO-A-补充信息函.docx", "DEMO-A-补充信息函.xlsx"} <= names
    assert len(json.loads(call("runs", "list", "--json", "--register", tmp_path / "register.sqlite").stdout)) == 1
    call("verify", out)
    sheet = out / "reports" / "DEMO-A-补充信息函.xlsx"
    call("screen", path, "--layers", county.folder / "layers.yaml", "--as-of", "2026-11-23", "--answers", sheet)
    call("screen", path, "--layers", county.folder / "layers.yaml", "--report", "form", code=2)
