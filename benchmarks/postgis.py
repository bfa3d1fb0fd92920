"""A PostgreSQL with PostGIS of our own for a measurement: in a temporary folder, gone afterwards."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["REPEATS", "processor_seconds", "run", "server"]

# The join over cut zones takes seconds: it is run so often on the same tables, and the median taken.
REPEATS = 3

_PLAIN = """SELECT s.id, z.id, ST_Area(ST_Intersection(s.geometry, z.geometry))
FROM sites s JOIN {name} z ON ST_Intersects(s.geometry, z.geometry)"""
_TILED = """SELECT s.id, z.id, sum(ST_Area(ST_Intersection(s.geometry, z.geometry)))
FROM sites s JOIN {name} z ON ST_Intersects(s.geometry, z.geometry) GROUP BY s.id, z.id"""


def programs() -> Path:
    """Return the folder of initdb of a version that has PostGIS."""
    for control in sorted(Path("/usr/share/postgresql").glob("*/extension/postgis.control"), reverse=True):
        found = Path("/usr/lib/postgresql") / control.parent.parent.name / "bin"
        if (found / "initdb").exists():
            return found
    raise FileNotFoundError("PostgreSQL with PostGIS is not installed: make database")


@contextmanager
def server() -> Iterator[Any]:
    """Yield a connection; shared memory and planner are set as for a machine of a few GB."""
    import psycopg

    folder = Path(tempfile.mkdtemp(prefix="pg"))
    # PostgreSQL refuses to run as root.
    own = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if own:
        shutil.chown(folder, "postgres", "postgres")
    data, begin = folder / "data", programs()
    subprocess.run([*own, begin / "initdb", "-D", data, "-A", "trust", "-U", "bench"], check=True, capture_output=True)
    settings = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off"}
    settings |= {"shared_buffers": "1GB", "work_mem": "256MB", "maintenance_work_mem": "512MB", "jit": "off"}
    told = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    running = subprocess.Popen([*own, begin / "postgres", "-D", data, *told], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                connection = psycopg.connect(f"postgresql://bench@/postgres?host={folder}", autocommit=True)
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        with connection:
            connection.execute("CREATE EXTENSION postgis")
            yield connection
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(folder, ignore_errors=True)


def processor_seconds(connection: Any) -> float:  # noqa: ANN401 - of psycopg
    """Return the seconds of the processor that the server has spent on a connection (Linux)."""
    ticks = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


def run(files: list[tuple[str, Path]], subdivided: bool) -> tuple[float, dict[str, tuple[Any, Any, Any]]]:
    """Load the files, cut the zones if asked, index, then time the join of every layer."""
    import pyarrow.parquet as pq

    with server() as connection:
        for name, path in files:
            connection.execute(f"CREATE TABLE raw_{name} (id bigint, geometry bytea)")
            with connection.cursor().copy(f"COPY raw_{name} FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int8", "bytea"])
                table = pq.read_table(path)
                for row in zip(table["id"].to_pylist(), table["geometry"].to_pylist(), strict=True):
                    copy.write_row(row)
            shape = "ST_GeomFromWKB(geometry)"
            cut = f"ST_Subdivide({shape}, 256)" if subdivided and name != "sites" else shape
            connection.execute(f"CREATE TABLE {name} AS SELECT id, {cut} AS geometry FROM raw_{name}")
            connection.execute(f"CREATE INDEX ON {name} USING gist (geometry)")
            connection.execute(f"VACUUM ANALYZE {name}")
        names = [name for name, _ in files if name != "sites"]
        query = _TILED if subdivided else _PLAIN
        taken = []
        for _ in range(REPEATS if subdivided else 1):
            started = time.perf_counter()
            rows = {name: connection.execute(query.format(name=name)).fetchall() for name in names}
            taken.append(time.perf_counter() - started)
        passed = statistics.median(taken)
    found = {name: np.array(own, dtype=np.float64).reshape(-1, 3) for name, own in rows.items()}
    return passed, {name: (own[:, 0].astype(int), own[:, 1].astype(int), own[:, 2]) for name, own in found.items()}
