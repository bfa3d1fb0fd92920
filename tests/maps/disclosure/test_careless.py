"""Profiles of careless officers: each is refused in one line that says what to do, none with a traceback."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from lianzhou_gis.cli import main
from lianzhou_gis.maps import disclosure

CASES = yaml.safe_load(Path(__file__).with_name("careless.yaml").read_text(encoding="utf-8"))


def write(path, case, profile):
    if "text" in case:
        path.write_text(case["text"], encoding="utf-8")
        return
    content = profile | {key: value for key, value in case.items() if key not in ("name", "says", "W")}
    if "W" in case:
        layer = {"id": "water_source_zone", "columns": ["name"]} | case["W"]
        content["layers"] = [layer]
    content = {key: value for key, value in content.items() if value is not None}
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def test_there_are_forty():
    assert len(CASES) >= 40 and len({case["name"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_is_refused_in_one_line(case, lang, made, tmp_path, monkeypatch):
    folder, source = made
    profile = yaml.safe_load((folder / "profile.yaml").read_text(encoding="utf-8"))
    write(tmp_path / "careless.yaml", case, profile)
    monkeypatch.setattr(disclosure, "open_source", lambda path, as_of=None: source)
    arguments = ["publish", folder / "layers.yaml", "--profile", tmp_path / "careless.yaml", "--to", tmp_path / "out"]
    result = CliRunner().invoke(main, [*map(str, arguments), "--quiet", "--lang", lang])
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1 and "Traceback" not in result.output
    assert not (tmp_path / "out").exists()
    if lang == "zh":
        for word in case["says"]:
            assert word in lines[0], lines[0]
    else:
        assert lines[0].startswith("Error: ")
