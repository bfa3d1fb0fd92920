"""The register: entered once, found again, due for the right reason; many writers lose nothing."""

import hashlib
import json
import multiprocessing
import shutil
from datetime import date
from pathlib import Path

import pytest

from lianzhou_gis.errors import AlteredRunError, FormatError, RunError
from lianzhou_gis.fingerprint import Fingerprint
from lianzhou_gis.runs.seal import document_bytes, manifest_bytes, seal_of

register_module = pytest.importorskip("lianzhou_gis.runs.register")
Register = register_module.Register


def renamed(folder, target, edition):
    """A copy of a run that rests on another program, so that its id is another."""
    copy = Path(shutil.copytree(folder, target))
    document = json.loads((copy / "result.json").read_text(encoding="utf-8"))
    parts = document["run"]["fingerprint"] | {"code": hashlib.sha256(edition.encode()).hexdigest()}
    document["run"] |= {"fingerprint": parts, "id": Fingerprint(parts).sha256[:16]}
    document["seal"] = seal_of(document)
    (copy / "result.json").write_bytes(document_bytes(document))
    (copy / "manifest.json").write_bytes(manifest_bytes(copy, document))
    return copy


@pytest.fixture
def register(tmp_path):
    return Register(tmp_path / "register.sqlite")


def check(register, folder, tmp_path):
    """What every kind of database must do."""
    run_id = register.add(folder)
    assert register.add(folder) == run_id
    (run,) = register.runs()
    assert (run.run_id, run.folder) == (run_id, str(folder.resolve()))
    found, sites = register.run(run_id[:6])
    assert found == run and [site.site_id for site in sites] == ["DEMO-A", "DEMO-B"]
    assert [site.site_id for site in register.find("甲")] == ["DEMO-A"]
    assert register.find("100%") == [] and register.find("DEMO_") == []
    assert {site.site_id for site in register.find(verdict="prohibited")} >= {"DEMO-A"}
    with pytest.raises(RunError, match="has no run"):
        register.run("ffff")
    exported = register.export()
    assert {row["fact"] for row in exported["tables"]["lianzhou_run_answers"]} >= {"target_use"}
    (tmp_path / "export.json").write_text(json.dumps(exported), encoding="utf-8")
    return run


def test_sqlite(register, filed, tmp_path):
    run = check(register, filed[2], tmp_path)
    other = Register(tmp_path / "other.sqlite")
    assert other.import_(tmp_path / "export.json") == 1
    assert other.import_(tmp_path / "export.json") == 0
    assert other.runs() == [run]
    (tmp_path / "broken.json").write_text("{}", encoding="utf-8")
    with pytest.raises(FormatError, match="not an export"):
        other.import_(tmp_path / "broken.json")


def test_an_altered_run_is_not_entered(register, copied):
    (copied / "map.html").write_text("x")
    with pytest.raises(AlteredRunError):
        register.add(copied)
    assert register.runs() == []


def test_what_is_due_and_why(register, filed):
    register.add(filed[2])
    (run,) = register.runs()
    used = {row["layer_id"]: row["sha256"] for row in register.export()["tables"]["lianzhou_run_layers"]}
    day = date.fromisoformat(run.as_of)
    assert register.due(day, layers=used, rulebook_sha256=run.rulebook_sha256) == []
    (late,) = register.due(date(2031, 1, 1))
    assert "had to be repeated" in late.reasons[0]["en"]
    (other,) = register.due(day, layers={**used, "ecological_redline": "0" * 64})
    assert [why["en"] for why in other.reasons] == ["the layer ecological_redline has changed"]
    del used["control_unit"]
    (gone,) = register.due(day, layers=used, rulebook_sha256="0" * 64)
    assert [why["en"] for why in gone.reasons] == [
        f"the rulebook {run.rulebook} has changed", "the layer control_unit is no longer in force",
    ]  # fmt: skip


def enter(place, folders):
    for folder in folders:
        Register(place).add(folder)


def test_many_writers_lose_nothing(filed, tmp_path):
    folders = [renamed(filed[2], tmp_path / f"run{number}", f"{number}") for number in range(12)]
    place = tmp_path / "register.sqlite"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=enter, args=(place, folders[start::4])) for start in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert len(Register(place).runs()) == 12
    assert len(Register(place).find("")) == 24


def test_what_is_no_register_is_refused(tmp_path):
    (tmp_path / "notes.sqlite").write_text("no database, but long enough to be looked at " * 20)
    with pytest.raises(RunError, match="cannot be opened"):
        Register(tmp_path / "notes.sqlite")
