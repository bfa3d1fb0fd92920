"""Verification of a run folder: hashes, verdicts, tables, signature, certificate, and the run repeated."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianzhou_gis.errors import LianzhouError, Message
from lianzhou_gis.runs.byte_difference import FileDifference, file_difference
from lianzhou_gis.runs.certificate_file import CertificateCheck, check_certificate, read_certificate
from lianzhou_gis.runs.difference import RunDifference, compare_documents
from lianzhou_gis.runs.folder import TABLES, inspect
from lianzhou_gis.runs.repeat import repeat
from lianzhou_gis.runs.seal import DOCUMENT, MANIFEST, Alteration, check_seal, document_bytes, seal_of
from lianzhou_gis.runs.signature import check_signature, signer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.progress import Progress
    from lianzhou_gis.runs.folder import Run

__all__ = ["Repetition", "Verification", "verify"]

_BY_SITE = ("findings", "gaps", "access", "totals")


@dataclass(frozen=True)
class Repetition:
    """A run that was made again.

    Attributes
    ----------
    differences : tuple of FileDifference
        Files whose bytes differ, or that only one of the two has; the moment of the run left out.
    difference : RunDifference
        What that means for the sites, and what it is due to.
    """

    differences: tuple[FileDifference, ...]
    difference: RunDifference

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that differ."""
        return tuple(item.name for item in self.differences)


@dataclass(frozen=True)
class Verification:
    """What was found.

    Attributes
    ----------
    document : dict
        Content of ``result.json``.
    alterations : tuple of Alteration
    certificate : CertificateCheck
        What the independent checker says of the clears; with layers, it reads them itself.
    signer : (str, str) or None
        Who signed, and the public key.
    repetition : Repetition or None
        ``None`` where no layers were given.
    not_repeated : LianzhouError or None
        Why the run could not be repeated though layers were given.
    """

    document: dict[str, Any]
    alterations: tuple[Alteration, ...]
    certificate: CertificateCheck
    signer: tuple[str, str] | None
    repetition: Repetition | None = None
    not_repeated: LianzhouError | None = None

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong, as far as it was checked."""
        return (
            not self.alterations
            and self.certificate.state != "disagrees"
            and self.not_repeated is None
            and (self.repetition is None or not self.repetition.files)
        )


def verify(
    folder: str | Path,
    *,
    catalog: Catalog | None = None,
    trusted: Sequence[str] = (),
    pages: Mapping[str, Callable[[Run], str]] | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Verify a run folder.

    Parameters
    ----------
    folder : path
    catalog : Catalog, optional
        The layers: the run is repeated with them, and compared byte for byte.
    trusted : sequence of str
        Public keys; where given, the run must be signed with one of them.
    pages : mapping of file name to callable, optional
        Pages of the run, as :func:`lianzhou_gis.runs.save` takes them.

    Raises
    ------
    MissingFileError, RunError
        If the folder is no run, or ``result.json`` is broken.
    """
    folder = Path(folder)
    document, found = inspect(folder)
    signed = check_signature(folder, trusted) if trusted else []
    alterations = (*found, *(item for item in signed if item not in found), *_check_tables(folder, document))
    certificate = _certificate(folder, document, catalog)
    signer = signer_of(folder)
    if catalog is None:
        return Verification(document, alterations, certificate, signer)
    try:
        repetition = _repetition(folder, document, catalog, pages or {}, progress)
    except LianzhouError as error:
        return Verification(document, alterations, certificate, signer, not_repeated=error)
    return Verification(document, alterations, certificate, signer, repetition)


def _certificate(folder: Path, document: Mapping[str, Any], catalog: Catalog | None) -> CertificateCheck:
    import pyogrio

    try:
        tables = {name: pyogrio.read_dataframe(folder / TABLES, layer=name) for name in ("sites", "outfalls", "zones")}
        return check_certificate(read_certificate(folder), document, tables, catalog)
    except (KeyError, ValueError, OSError, RuntimeError, AttributeError) as error:
        message = Message.from_code("certificate_failed", problem=type(error).__name__)
        return CertificateCheck("disagrees", (message,))


def _check_tables(folder: Path, document: Mapping[str, Any]) -> Iterator[Alteration]:
    """Yield where ``findings.gpkg`` and ``result.json`` do not list the same."""
    import pyogrio

    try:
        sites = pyogrio.read_dataframe(folder / TABLES, layer="sites", read_geometry=False)
        verdicts = dict(zip(sites["site_id"], zip(sites["verdict"], sites["worst_possible"], strict=True), strict=True))
        stated = {site["site_id"]: (site["verdict"], site["worst_possible"]) for site in document["sites"]}
        if verdicts != stated:
            yield _tables_differ("sites")
        for name in _BY_SITE:
            table = pyogrio.read_dataframe(folder / TABLES, layer=name, read_geometry=False)
            counted = table["site_id"].value_counts().to_dict()
            if any(len(site[name]) != counted.get(site["site_id"], 0) for site in document["sites"]):
                yield _tables_differ(name)
            elif name == "findings":
                effects = dict(zip(table["finding_id"], table["effect"], strict=True))
                stated_effects = {
                    item["finding_id"]: item["effect"] for site in document["sites"] for item in site[name]
                }
                if effects != stated_effects:
                    yield _tables_differ(name)
    except (KeyError, ValueError, OSError, RuntimeError):
        yield Alteration("tables_broken", TABLES, "结果表无法读取", "the tables cannot be read")


def _tables_differ(name: str) -> Alteration:
    return Alteration(
        "tables_differ", f"{TABLES}, {name}", f"与 {DOCUMENT} 所列不同", f"does not list what {DOCUMENT} lists"
    )


def _repetition(
    folder: Path,
    document: Mapping[str, Any],
    catalog: Catalog,
    pages: Mapping[str, Callable[[Run], str]],
    progress: Progress | None,
) -> Repetition:
    from lianzhou_gis.runs.folder import save

    result = repeat(folder, document, catalog, progress=progress)
    with tempfile.TemporaryDirectory() as place:
        again = save(result, Path(place) / "run", pages=pages)
        other, _ = inspect(again)
        # Bytes of the document differ by its moment alone: that of the earlier run is put in.
        other["run"]["created"] = document["run"]["created"]
        other["seal"] = seal_of(other)
        content = document_bytes(other)
        (again / DOCUMENT).write_bytes(content)
        # The new folder against the manifest of the earlier one.
        (again / MANIFEST).write_bytes((folder / MANIFEST).read_bytes())
        differing = {item.where for item in check_seal(again, content, other) if item.where != MANIFEST}
        # A page that nobody here can make again is not compared.
        differing -= {DOCUMENT, *(item.name for item in folder.glob("*.html") if item.name not in pages)}
        if content != (folder / DOCUMENT).read_bytes():
            differing.add(DOCUMENT)
        found = tuple(file_difference(name, folder / name, again / name) for name in sorted(differing))
        return Repetition(found, compare_documents(document, other))
