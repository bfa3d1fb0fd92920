"""Writing and reading the run folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from lianzhou_gis.certificate_record import CertificateRecord, parse_record
from lianzhou_gis.clearance import certificates_of
from lianzhou_gis.errors import AlteredRunError, MissingFileError, RunError
from lianzhou_gis.formats.containers import dataset_files
from lianzhou_gis.formats.postgis_source import mask_password
from lianzhou_gis.runs.certificate_file import CERTIFICATE, certificate_bytes, read_certificate
from lianzhou_gis.runs.document import as_document, plain
from lianzhou_gis.runs.folding import check_fold, check_texts
from lianzhou_gis.runs.identity import check_identity
from lianzhou_gis.runs.layer_styles import STYLES
from lianzhou_gis.runs.repeat import READING, reading_record
from lianzhou_gis.runs.schema import validated
from lianzhou_gis.runs.seal import DOCUMENT, Alteration, check_seal, document_bytes, write_manifest
from lianzhou_gis.runs.signature import check_signature
from lianzhou_gis.runs.stored_sites import SITES, stored_sites_bytes
from lianzhou_gis.runs.working_folder import move_into_place, sweep, working_folder

if TYPE_CHECKING:
    import geopandas as gpd

    from lianzhou_gis.result import Result

__all__ = ["Run", "inspect", "save"]

TABLES = "findings.gpkg"


@dataclass(frozen=True)
class Run:
    """A run as its folder tells it: what maps and reports are made from.

    Attributes
    ----------
    document : dict
        The content of ``result.json``.
    tables : dict of str to GeoDataFrame
        The layers of ``findings.gpkg`` (sites, outfalls, overlaps, totals, findings, gaps, zones), EPSG:4490.
    alterations : tuple of Alteration
        In what the folder is not as it was sealed; every page made of such a run says so.
    certificate : CertificateRecord or None
        On what the clears rest; ``None`` where the folder has none that can be read.
    """

    document: dict[str, Any]
    tables: dict[str, gpd.GeoDataFrame]
    alterations: tuple[Alteration, ...] = ()
    certificate: CertificateRecord | None = None

    @classmethod
    def of(cls, result: Result) -> Run:
        """Return the run of a result, without writing it."""
        from lianzhou_gis.runs.geopackage import layers_of

        record = parse_record(certificates_of(result).record())
        return cls(validated(as_document(result)), layers_of(result), certificate=record)

    def subset(self, site_ids: Collection[str]) -> Run:
        """Return the run with some of its sites only, for maps and comparisons."""
        document = {**self.document, "sites": [site for site in self.document["sites"] if site["site_id"] in site_ids]}
        tables = {
            name: table[table["site_id"].isin(site_ids)] if "site_id" in table.columns else table
            for name, table in self.tables.items()
        }
        return Run(document, tables, self.alterations, self.certificate)

    @classmethod
    def open(cls, folder: str | Path, *, altered: bool = False, remakes: str | None = None) -> Run:
        """Read a run folder.

        Parameters
        ----------
        folder : path
        altered : bool
            Read a run that was altered after it was sealed, too; ``alterations`` then says in what.
        remakes : str, optional
            Name of a page that the caller makes anew from the run: its absence is no alteration.

        Raises
        ------
        MissingFileError
            If the folder or a file in it does not exist.
        RunError
            If ``result.json`` is broken.
        AlteredRunError
            If anything in the folder is not as it was sealed, unless ``altered``.
        """
        folder = Path(folder)
        document, found = inspect(folder)
        found = tuple(item for item in found if (item.code, item.where) != ("file_missing", remakes))
        if found and not altered:
            raise AlteredRunError.from_code(
                "run_altered", folder=folder, where=found[0].where, what=found[0], count=len(found)
            )
        import pyogrio

        names = [str(name) for name in pyogrio.list_layers(folder / TABLES)[:, 0] if name != STYLES]
        tables = {name: pyogrio.read_dataframe(folder / TABLES, layer=name) for name in names}
        return cls(document, tables, found, read_certificate(folder))


def inspect(folder: Path) -> tuple[dict[str, Any], tuple[Alteration, ...]]:
    """Return the document of a run folder, and in what the folder is not as it was sealed; the tables are not read.

    Raises
    ------
    MissingFileError
        If the folder or a file in it does not exist.
    RunError
        If ``result.json`` is broken.
    """
    for name in (DOCUMENT, TABLES):
        if not (folder / name).is_file():
            raise MissingFileError.from_code("run_folder_incomplete", folder=folder, file=name)
    document, content = _read_document(folder)
    found = [
        *check_seal(folder, content, document),
        *check_identity(document),
        *check_fold(document),
        *check_texts(document),
        *check_signature(folder),
    ]
    return document, tuple(found)


def _read_document(folder: Path) -> tuple[dict[str, Any], bytes]:
    try:
        content = (folder / DOCUMENT).read_bytes()
        document = json.loads(content)
        validated(document)
    except (ValueError, ValidationError, RecursionError) as error:
        raise RunError.from_code("run_broken", folder=folder, file=DOCUMENT) from error
    return document, content


def _write_inputs(result: Result, folder: Path) -> None:
    """Copy what was given: site files, facts and catalog, so that the run can be repeated."""
    folder.mkdir()
    copied: dict[str, str] = {}
    sources: dict[str, str] = {}
    in_memory = False
    for item in sorted(result.sites_in.inputs, key=lambda item: (item.name, item.sha256)):
        if item.path is None:
            in_memory = True
            continue
        twin = item.name in copied and copied[item.name] != item.sha256
        copied[item.name] = item.sha256
        before = f"{item.sha256[:8]}-" if twin else ""
        parts = dataset_files(item.path)
        for part in parts:
            inside = part.relative_to(item.path) if item.path.is_dir() else None
            # The parts of a Shapefile share a name of their own.
            own = part.name if len(parts) > 1 else item.name
            target = folder / f"{before}{item.name}" / inside if inside else folder / f"{before}{own}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(part.read_bytes())
        several = len(parts) > 1 and not item.path.is_dir()
        sources[f"{item.name} {item.sha256}"] = before + (item.path.name if several else item.name)
    if in_memory:
        (folder / SITES).write_bytes(stored_sites_bytes(result.sites_in))
    reading = json.dumps(reading_record(result.sites_in, sources), ensure_ascii=False, indent=1)
    (folder / READING).write_text(reading + "\n", encoding="utf-8")
    facts = {"sites": {site: plain(dict(sorted(known.items()))) for site, known in sorted(result.given.items())}}
    (folder / "facts.yaml").write_text(yaml.safe_dump(facts, allow_unicode=True, sort_keys=True), encoding="utf-8")
    if result.assessment.overrides:
        text = yaml.safe_dump({"overrides": plain(result.assessment.overrides)}, allow_unicode=True, sort_keys=True)
        (folder / "overrides.yaml").write_text(text, encoding="utf-8")
    # Bytes as they stand, but for passwords of databases.
    catalog = result.catalog.path.read_bytes().decode("utf-8")
    (folder / "layers.yaml").write_bytes(mask_password(catalog).encode("utf-8"))


def _ensure_writable(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that is in use; with ``overwrite`` remove one that holds a run and nothing else would be lost."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not overwrite:
        raise RunError.from_code("run_folder_in_use", folder=folder)
    if not (folder / DOCUMENT).is_file():
        raise RunError.from_code("run_folder_foreign", folder=folder)


def save(
    result: Result,
    folder: Path,
    *,
    pages: Mapping[str, Callable[[Run], str]],
    overwrite: bool = False,
) -> Path:
    """Write the run folder: built beside its place and moved there whole, so that no half of a run is ever seen.

    Parameters
    ----------
    result : Result
    folder : pathlib.Path
    pages : mapping of file name to callable
        Pages made from the run, such as ``map.html``; given by the caller because maps stand above this room.
    overwrite : bool
        Replace a run that stands there.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    RunError
        If the folder is in use.
    """
    from lianzhou_gis.runs.geopackage import write_geopackage

    sweep(folder)
    _ensure_writable(folder, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    run = Run.of(result)
    with working_folder(folder) as building:
        built = building / "run"
        built.mkdir()
        (built / DOCUMENT).write_bytes(document_bytes(run.document))
        (built / CERTIFICATE).write_bytes(certificate_bytes(result))
        write_geopackage(result, built / TABLES)
        for name, page in pages.items():
            (built / name).write_text(page(run), encoding="utf-8")
        _write_inputs(result, built / "inputs")
        write_manifest(built, run.document)
        move_into_place(built, folder)
    return folder
