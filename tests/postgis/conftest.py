"""A PostgreSQL with PostGIS of our own: in a temporary folder, on a private socket and port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

DATABASE = "land"


@dataclass(frozen=True)
class Server:
    """A running server; ``owner`` may write, ``reader`` (who has a password) may read what is granted."""

    folder: Path
    port: int

    def url(self, tail="", *, user="owner"):
        return f"postgresql://{user}@/{DATABASE}?host={self.folder}&port={self.port}{tail}"

    def tcp(self, user="reader", password="", port=None, database=DATABASE):
        return f"postgresql://{user}:{password}@127.0.0.1:{port or self.port}/{database}"

    def run(self, *statements, user="owner"):
        with psycopg.connect(self.url(user=user), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def ask(self, query):
        with psycopg.connect(self.url()) as connection:
            return connection.execute(query).fetchall()


def _programs():
    """The folder of initdb of a version that has PostGIS."""
    for control in sorted(Path("/usr/share/postgresql").glob("*/extension/postgis.control"), reverse=True):
        programs = Path("/usr/lib/postgresql") / control.parent.parent.name / "bin"
        if (programs / "initdb").exists():
            return programs
    if shutil.which("pg_config"):
        share, programs = (
            Path(subprocess.run(["pg_config", what], capture_output=True, text=True, check=True).stdout.strip())
            for what in ("--sharedir", "--bindir")
        )
        if (share / "extension" / "postgis.control").exists() and (programs / "initdb").exists():
            return programs
    return None


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def server():
    programs = _programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL with PostGIS is missing, and in CI nothing may be left out")
        pytest.skip("PostgreSQL with PostGIS is missing: sh tests/postgis/install.sh")
    # initdb refuses to run as root; the path of a socket must be short.
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="lzpg-", dir="/tmp"))
    port = _free_port()
    try:
        if who:
            shutil.chown(folder, "postgres", "postgres")
        folder.chmod(0o755)

        def call(program, *words):
            subprocess.run(
                [programs / program, *words], check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=120, **who
            )

        data = folder / "data"
        call("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        (data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        settings = f"-k {folder} -h 127.0.0.1 -p {port} -c fsync=off -c full_page_writes=off -c max_connections=20"
        call("pg_ctl", "-D", data, "-o", settings, "-l", folder / "log", "-w", "-t", "60", "start")
        try:
            made = Server(folder, port)
            with psycopg.connect(
                f"postgresql://postgres@/postgres?host={folder}&port={port}", autocommit=True
            ) as admin:
                admin.execute("CREATE ROLE owner LOGIN")
                admin.execute("CREATE ROLE reader LOGIN PASSWORD 'open-sesame'")
                admin.execute(f"CREATE DATABASE {DATABASE} OWNER owner")
                admin.execute("CREATE DATABASE bare")
            with psycopg.connect(made.url(user="postgres"), autocommit=True) as admin:
                admin.execute("CREATE EXTENSION postgis")
            yield made
        finally:
            call("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def schema(server):
    """The name of a schema for one test."""
    name = f"t{uuid.uuid4().hex[:10]}"
    server.run(f"CREATE SCHEMA {name}")
    yield name
    server.run(f"DROP SCHEMA {name} CASCADE")
