"""The register of runs on a real PostgreSQL: the same as on SQLite, several writers at once."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

register_module = pytest.importorskip("lianzhou_gis.runs.register")


def test_runs_are_entered_found_and_exported(server, county, square, tmp_path):
    Register = register_module.Register
    folder = county.screen(square(112.44, 24.87, 100), {"target_use": "industrial"}).save(tmp_path / "run")
    url = server.url()
    run_id = Register(url).add(folder)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: Register(url).add(folder), range(8))) == {run_id}
    register = Register(url)
    (run,) = register.runs()
    assert run.run_id == run_id
    assert [site.site_id for site in register.find("示例")] == ["DEMO-S"]
    local = Register(tmp_path / "register.sqlite")
    (tmp_path / "export.json").write_text(json.dumps(register.export()), encoding="utf-8")
    assert local.import_(tmp_path / "export.json") == 1
    assert local.runs() == [run]
    assert register_module.Register(url).find(verdict="prohibited") == local.find(verdict="prohibited")
