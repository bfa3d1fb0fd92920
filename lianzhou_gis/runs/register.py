"""The register of runs: which site was screened when, on what, with which verdict; SQLite, or PostgreSQL by its URL.

The register is an index: the run folders hold the evidence. A run is entered once, under its id; entering it again
changes nothing but where it lies.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from lianzhou_gis.errors import FormatError, MissingFileError, RunError
from lianzhou_gis.runs.folder import inspect
from lianzhou_gis.vocabulary import Verdict

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

__all__ = ["DueRun", "Register", "RegisteredRun", "RegisteredSite"]

_BUSY_SECONDS = 60
_VERSION = 1
_METADATA = sa.MetaData()

_RUNS = sa.Table(
    "lianzhou_runs", _METADATA,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("created", sa.String(40), nullable=False),
    sa.Column("as_of", sa.String(10), nullable=False, index=True),
    sa.Column("recheck_by", sa.String(10), nullable=False, index=True),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("software", sa.String(40), nullable=False),
    sa.Column("rulebook", sa.String(40), nullable=False),
    sa.Column("rulebook_sha256", sa.String(64), nullable=False),
    sa.Column("content_sha256", sa.String(64), nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
)  # fmt: skip
_SITES = sa.Table(
    "lianzhou_run_sites", _METADATA,
    sa.Column("run_id", sa.String(64), sa.ForeignKey("lianzhou_runs.run_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("site_id", sa.String(200), primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("area_m2", sa.Float, nullable=False),
    sa.Column("verdict", sa.String(40), nullable=False),
    sa.Column("worst_possible", sa.String(40), nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False),
    sa.Column("label_zh", sa.Text, nullable=False),
    sa.Column("label_en", sa.Text, nullable=False),
)  # fmt: skip
_LAYERS = sa.Table(
    "lianzhou_run_layers", _METADATA,
    sa.Column("run_id", sa.String(64), sa.ForeignKey("lianzhou_runs.run_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("layer_id", sa.String(200), primary_key=True),
    sa.Column("series", sa.Text, nullable=False),
    sa.Column("theme", sa.String(80), nullable=False),
    sa.Column("sha256", sa.String(64)),
    sa.Column("data_date", sa.String(10)),
    sa.Column("valid_to", sa.String(10)),
)  # fmt: skip
_ANSWERS = sa.Table(
    "lianzhou_run_answers", _METADATA,
    sa.Column("run_id", sa.String(64), sa.ForeignKey("lianzhou_runs.run_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("site_id", sa.String(200), primary_key=True),
    sa.Column("fact", sa.String(120), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)  # fmt: skip
_OVERRIDES = sa.Table(
    "lianzhou_run_overrides", _METADATA,
    sa.Column("run_id", sa.String(64), sa.ForeignKey("lianzhou_runs.run_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("site_id", sa.String(200), primary_key=True),
    sa.Column("finding_id", sa.String(40), primary_key=True),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("office", sa.Text, nullable=False),
    sa.Column("person", sa.Text),
    sa.Column("decided_on", sa.String(10), nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
)  # fmt: skip
_TABLES = (_RUNS, _SITES, _LAYERS, _ANSWERS, _OVERRIDES)


@dataclass(frozen=True, slots=True)
class RegisteredRun:
    """A run as the register has it."""

    run_id: str
    folder: str
    as_of: str
    recheck_by: str
    region: str
    software: str
    rulebook: str
    rulebook_sha256: str
    content_sha256: str
    synthetic: bool
    created: str


@dataclass(frozen=True, slots=True)
class RegisteredSite:
    """A site of a run as the register has it."""

    run_id: str
    site_id: str
    name: str | None
    area_m2: float
    verdict: str
    worst_possible: str
    complete: bool
    label_zh: str
    label_en: str
    as_of: str
    folder: str


@dataclass(frozen=True, slots=True)
class DueRun:
    """A run that must be made again, and why."""

    run: RegisteredRun
    reasons: tuple[dict[str, str], ...]


class Register:
    """A register of runs.

    Parameters
    ----------
    place : path or URL
        A file (SQLite), or the URL of a PostgreSQL database (``postgresql://...``).

    Raises
    ------
    RunError
        If it cannot be opened.

    Examples
    --------
    >>> register = Register(getfixture("tmp_path") / "register.sqlite")
    >>> register.runs()
    []
    """

    def __init__(self, place: str | Path) -> None:
        text = str(place)
        self._place = text.rsplit("@", 1)[-1] if "://" in text else Path(text).name
        try:
            self._engine = self._open(text)
            with self._engine.begin() as connection:
                _METADATA.create_all(connection)
        except sa.exc.SQLAlchemyError as error:
            raise self._unreadable(error) from error

    @staticmethod
    def _open(text: str) -> sa.Engine:
        if "://" in text:
            url = sa.make_url(text)
            if url.get_backend_name() == "postgresql":
                url = url.set(drivername="postgresql+psycopg")
            return sa.create_engine(url)
        path = Path(text)
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_SECONDS})

        @sa.event.listens_for(engine, "connect")
        def _configure(connection: sqlite3.Connection, _record: object) -> None:
            # Writers wait for each other; foreign keys are checked; transactions begin where SQLAlchemy says.
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine

    def _unreadable(self, error: Exception) -> RunError:
        problem = str(getattr(error, "orig", None) or error).splitlines()[0]
        return RunError.from_code("register_unreadable", place=self._place, problem=problem)

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise self._unreadable(error) from error

    def add(self, folder: str | Path) -> str:
        """Enter a run folder and return the run's id; an altered run is refused.

        Raises
        ------
        AlteredRunError
            If the run was altered after it was sealed.
        """
        from lianzhou_gis.errors import AlteredRunError

        place = Path(folder)
        document, found = inspect(place)
        if found:
            raise AlteredRunError.from_code(
                "run_altered", folder=place, where=found[0].where, what=found[0], count=len(found)
            )
        self._enter([_rows_of(document, str(place.resolve()))])
        return str(document["run"]["id"])

    def _enter(self, runs: Sequence[Mapping[str, list[dict[str, Any]]]]) -> None:
        with self._transaction() as connection:
            for rows in runs:
                for table in _TABLES:
                    if rows[table.name]:
                        connection.execute(self._upsert(table), rows[table.name])

    def _upsert(self, table: sa.Table) -> sa.Insert:
        insert: PostgresInsert | SqliteInsert = (
            postgresql if self._engine.dialect.name == "postgresql" else sqlite
        ).insert(table)
        if table is _RUNS:
            return insert.on_conflict_do_update(index_elements=["run_id"], set_={"folder": insert.excluded.folder})
        return insert.on_conflict_do_nothing()

    def runs(self) -> list[RegisteredRun]:
        """Return all runs, the newest first."""
        with self._transaction() as connection:
            rows = connection.execute(sa.select(_RUNS).order_by(_RUNS.c.as_of.desc(), _RUNS.c.run_id)).mappings()
            return [RegisteredRun(**row) for row in rows]

    def run(self, run_id: str) -> tuple[RegisteredRun, list[RegisteredSite]]:
        """Return a run with its sites, by its id or the beginning of it.

        Raises
        ------
        RunError
            If there is none, or more than one.
        """
        found = [run for run in self.runs() if run.run_id.startswith(run_id)] if run_id else []
        if len(found) != 1:
            raise RunError.from_code("register_no_run", run=run_id)
        return found[0], self._sites(_SITES.c.run_id == found[0].run_id)

    def find(self, text: str = "", *, verdict: str | None = None) -> list[RegisteredSite]:
        """Return sites whose id or name holds a text, with every run of theirs, the newest first.

        Parameters
        ----------
        text : str
        verdict : str, optional
            Only sites whose ``worst_possible`` is this one.
        """
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        wanted = sa.or_(
            _SITES.c.site_id.like(pattern, escape="\\"), sa.func.coalesce(_SITES.c.name, "").like(pattern, escape="\\")
        )
        if verdict is not None:
            wanted = sa.and_(wanted, _SITES.c.worst_possible == Verdict(verdict).value)
        return self._sites(wanted)

    def _sites(self, wanted: sa.ColumnElement[bool]) -> list[RegisteredSite]:
        query = (
            sa.select(_SITES, _RUNS.c.as_of, _RUNS.c.folder)
            .join(_RUNS, _RUNS.c.run_id == _SITES.c.run_id)
            .where(wanted)
            .order_by(_SITES.c.site_id, _RUNS.c.as_of.desc(), _RUNS.c.run_id)
        )
        with self._transaction() as connection:
            return [RegisteredSite(**row) for row in connection.execute(query).mappings()]

    def due(
        self, today: date, *, layers: Mapping[str, str | None] | None = None, rulebook_sha256: str | None = None
    ) -> list[DueRun]:
        """Return the runs that must be made again: expired, or resting on a layer or rule that has changed.

        Parameters
        ----------
        today : datetime.date
        layers : mapping of layer id to sha256, optional
            The layers in force today; without it layers are not compared.
        rulebook_sha256 : str, optional
            Of the rulebook of today.
        """
        found = []
        with self._transaction() as connection:
            used: dict[str, list[Any]] = {}
            for row in connection.execute(sa.select(_LAYERS).order_by(_LAYERS.c.layer_id)):
                used.setdefault(row.run_id, []).append(row)
        for run in self.runs():
            reasons = list(_reasons(run, used.get(run.run_id, ()), today, layers, rulebook_sha256))
            if reasons:
                found.append(DueRun(run, tuple(reasons)))
        return found

    def export(self) -> dict[str, Any]:
        """Return the whole register as plain data."""
        with self._transaction() as connection:
            tables = {
                table.name: [
                    dict(row)
                    for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
                ]
                for table in _TABLES
            }
        return {"register_version": _VERSION, "tables": tables}

    def import_(self, path: str | Path) -> int:
        """Enter what another register exported; runs that are here already stay as they are. Returns their number.

        Raises
        ------
        MissingFileError, FormatError
            If there is no such file, or it is no export.
        """
        path = Path(path)
        if not path.is_file():
            raise MissingFileError.from_code("file_missing", file=path)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data["register_version"] != _VERSION:
                raise ValueError("another version")
            tables = {
                table.name: [
                    {column.name: row[column.name] for column in table.columns} for row in data["tables"][table.name]
                ]
                for table in _TABLES
            }
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError.from_code("register_import", file=path) from error
        known = {run.run_id for run in self.runs()}
        fresh = {name: [row for row in rows if row["run_id"] not in known] for name, rows in tables.items()}
        self._enter([fresh])
        return len(fresh[_RUNS.name])


def _reasons(
    run: RegisteredRun,
    used: Sequence[Any],
    today: date,
    layers: Mapping[str, str | None] | None,
    rulebook_sha256: str | None,
) -> Iterator[dict[str, str]]:
    if run.recheck_by < today.isoformat():
        yield {"zh": f"已过重核期限 {run.recheck_by}", "en": f"had to be repeated by {run.recheck_by}"}
    if rulebook_sha256 is not None and run.rulebook_sha256 != rulebook_sha256:
        yield {"zh": f"规则库 {run.rulebook} 已更新", "en": f"the rulebook {run.rulebook} has changed"}
    if layers is None:
        return
    for row in used:
        if row.layer_id not in layers:
            yield {"zh": f"图层 {row.layer_id} 不再有效", "en": f"the layer {row.layer_id} is no longer in force"}
        elif layers[row.layer_id] != row.sha256:
            yield {"zh": f"图层 {row.layer_id} 内容已更新", "en": f"the layer {row.layer_id} has changed"}


def _rows_of(document: Mapping[str, Any], folder: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a run by table."""
    run = document["run"]
    run_id = run["id"]
    sites, answers, overrides = [], [], []
    for site in document["sites"]:
        sites.append({
            "run_id": run_id, "site_id": site["site_id"], "name": site["name"], "area_m2": site["area_m2"],
            "verdict": site["verdict"], "worst_possible": site["worst_possible"], "complete": site["complete"],
            "label_zh": site["label"]["zh"], "label_en": site["label"]["en"],
        })  # fmt: skip
        answers += [
            {"run_id": run_id, "site_id": site["site_id"], "fact": fact, "value": json.dumps(value, ensure_ascii=False)}
            for fact, value in site["facts"].items()
        ]
        overrides += [
            {
                "run_id": run_id, "site_id": site["site_id"], "finding_id": item["finding_id"],
                "decision": item["override"]["decision"], "office": item["override"]["office"],
                "person": item["override"]["by"], "decided_on": item["override"]["decided_on"],
                "evidence": item["override"]["evidence"],
            }
            for item in site["findings"]
            if item["override"]
        ]  # fmt: skip
    return {
        _RUNS.name: [
            {
                "run_id": run_id, "folder": folder, "created": run["created"], "as_of": run["as_of"],
                "recheck_by": run["recheck_by"], "region": run["region"], "software": run["software"]["version"],
                "rulebook": run["rulebook"]["version"], "rulebook_sha256": run["rulebook"]["sha256"],
                "content_sha256": document["seal"]["content_sha256"], "synthetic": run["synthetic"],
            }
        ],
        _SITES.name: sites,
        _LAYERS.name: [
            {
                "run_id": run_id, "layer_id": layer["id"], "series": layer["series"], "theme": layer["theme"],
                "sha256": layer["sha256"], "data_date": layer["data_date"], "valid_to": layer["valid_to"],
            }
            for layer in run["layers"]
        ],
        _ANSWERS.name: answers,
        _OVERRIDES.name: overrides,
    }  # fmt: skip
