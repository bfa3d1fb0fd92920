"""On a cluster of real processes a batch says what it says on one core, whoever dies meanwhile."""

import json
import os
import signal
import subprocess
import time
from datetime import date

import pytest

from lianzhou_gis.batch import run_batch
from lianzhou_gis.batch.cluster import run_on_cluster
from lianzhou_gis.batch.source import SiteSource
from lianzhou_gis.batch.work import Task
from lianzhou_gis.errors import RunError
from lianzhou_gis.formats.facts import facts_from_mapping
from lianzhou_gis.screening import Screener

from .conftest import CATALOG, CHUNK, COUNT, DAY, bytes_of, make_sites, tables
from .test_batch import DEADLY, command, marks

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers, each a process of its own; a nanny brings back who dies."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path_factory.mktemp("dask")),
    ) as found:
        yield found


def pids(cluster):
    with distributed.Client(cluster.scheduler_address) as client:
        return list(client.run(os.getpid).values())


def test_a_cluster_gives_the_same_bytes(cluster, parquet, undisturbed, tmp_path):
    reported = []
    found = run_batch(
        parquet,
        CATALOG,
        tmp_path / "out",
        as_of=DAY,
        chunk=CHUNK,
        scheduler=cluster.scheduler_address,
        progress=reported.append,
    )
    assert found.sites == COUNT and found.failed == 0
    assert bytes_of(tmp_path / "out") == bytes_of(undisturbed)
    for name in ("summary.json", "summary.csv", "map.html", "rules.json"):
        assert (tmp_path / "out" / name).read_bytes() == (undisturbed / name).read_bytes()
    assert [state.done for state in reported] == list(range(CHUNK, COUNT + 1, CHUNK))
    assert reported[-1].left_s == 0.0 and reported[-1].rate > 0.0


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_worker_that_is_killed_loses_nothing(cluster, parquet, undisturbed, tmp_path):
    folder = tmp_path / "out"
    before = set(pids(cluster))
    asked = command(parquet, folder, "--scheduler", cluster.scheduler_address)
    asked[asked.index("--chunk") + 1] = "3"
    running = subprocess.Popen(asked, stderr=subprocess.PIPE)
    while not marks(folder) and running.poll() is None:
        time.sleep(0.01)
    victim = sorted(before)[0]
    os.kill(victim, signal.SIGKILL)
    done = len(marks(folder))
    _, reported = running.communicate(timeout=300)
    assert running.returncode == 0, reported.decode()
    assert 0 < done < COUNT // 3, "it was done before a worker could be killed"
    assert victim not in pids(cluster)
    ids = tables(folder)["sites"]["site_id"]
    assert len(ids) == ids.nunique() == COUNT
    for name, frame in tables(folder).items():
        assert frame.to_json() == tables(undisturbed)[name].to_json()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_what_a_cluster_began_is_ended_on_one_core(ending, cluster, parquet, undisturbed, tmp_path):
    for attempt in range(4):
        folder = tmp_path / f"out{attempt}"
        running = subprocess.Popen(
            command(parquet, folder, "--scheduler", cluster.scheduler_address), stderr=subprocess.DEVNULL
        )
        while not marks(folder) and running.poll() is None:
            time.sleep(0.001)
        running.send_signal(ending)
        # On a busy machine the batch may have ended before the signal came.
        if running.wait(timeout=60) != 0:
            break
    assert running.returncode == (130 if ending == signal.SIGINT else -signal.SIGKILL)
    assert not (folder / "summary.json").exists()
    run_batch(parquet, CATALOG, folder, as_of=DAY, chunk=CHUNK, workers=1)
    assert bytes_of(folder) == bytes_of(undisturbed)
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8"))["sites"] == COUNT


def test_two_batches_share_a_cluster(cluster, parquet, tmp_path):
    """What is asked of a chunk is part of its name: the answer of another day is never taken for it."""
    for day in ("2026-08-14", "2026-11-23"):
        run_batch(
            parquet, CATALOG, tmp_path / day, as_of=day, chunk=30, themes=["water_source_zone"],
            scheduler=cluster.scheduler_address,
        )  # fmt: skip
        run_batch(
            parquet, CATALOG, tmp_path / f"{day}-alone", as_of=day, chunk=30, themes=["water_source_zone"], workers=1
        )
        assert bytes_of(tmp_path / day) == bytes_of(tmp_path / f"{day}-alone")


def test_a_site_that_ends_every_worker_is_found(tmp_path, monkeypatch):
    (tmp_path / "deadly_work.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    from deadly_work import deadly

    make_sites(8).drop(columns="site_id").to_parquet(tmp_path / "sites.parquet")
    source = SiteSource.open(tmp_path / "sites.parquet")
    ground = Screener.prepare(CATALOG, as_of="2026-11-23", themes=("no_burn_zone",)).fingerprint.sha256
    found = []
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
    ):
        task = Task(
            CATALOG,
            date(2026, 11, 23),
            ("no_burn_zone",),
            "x",
            "0",
            None,
            None,
            facts_from_mapping(None, "facts"),
            (),
            ground,
        )
        run_on_cluster(task, source.chunks(4, source.ids()), found.append, cluster.scheduler_address, deadly)
    assert sorted((done.number, done.sites, done.failed) for done in found) == [(0, 4, [2]), (1, 4, [])]


def test_a_worker_without_the_catalog_is_stated(cluster, parquet):
    task = Task(
        "nowhere/layers.yaml",
        date(2026, 11, 23),
        None,
        "x",
        "0",
        None,
        None,
        facts_from_mapping(None, "facts"),
        (),
        "0",
    )
    with pytest.raises(RunError, match="the catalog at the same path"):
        run_on_cluster(task, iter(()), lambda done: None, cluster.scheduler_address)


def test_no_scheduler_and_no_worker_are_stated(parquet, tmp_path):
    with pytest.raises(RunError, match="no connection"):
        run_batch(parquet, CATALOG, tmp_path / "a", as_of=DAY, scheduler="tcp://127.0.0.1:9")
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None) as empty,
        pytest.raises(RunError, match="no workers"),
    ):
        run_batch(parquet, CATALOG, tmp_path / "b", as_of=DAY, scheduler=empty.scheduler_address)
