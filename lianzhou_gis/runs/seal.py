"""The seal of a run: hashes by which any change of a run folder is found.

``result.json`` carries the SHA-256 of its own content (without ``run.created`` and the seal itself, so that equal runs
have equal seals) and one of that hash with the moment of the run; ``manifest.json`` carries the first and the SHA-256
of every other file. Neither needs a secret: whoever rewrites all of it consistently is found by the signature
(:mod:`lianzhou_gis.runs.signature`), or by repeating the run (:mod:`lianzhou_gis.runs.verify`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "DERIVED",
    "DOCUMENT",
    "MANIFEST",
    "SIGNATURE",
    "Alteration",
    "check_seal",
    "content_sha256",
    "document_bytes",
    "manifest_bytes",
    "reseal",
    "seal_of",
    "short_seal",
    "write_manifest",
]

DOCUMENT = "result.json"
MANIFEST = "manifest.json"
SIGNATURE = "signature.json"
# Documents made from the run later; each carries the seal of the run that it was made from.
DERIVED = "reports"
_VERSION = "1"
_LARGEST_MANIFEST = 20_000_000


@dataclass(frozen=True, slots=True)
class Alteration:
    """One thing in which a run folder is not as it was sealed.

    Attributes
    ----------
    code : str
        Lower snake case, stable.
    where : str
        The file, and the place in it.
    """

    code: str
    where: str
    zh: str
    en: str

    def text(self, lang: str) -> str:
        """Return the sentence in ``"zh"`` or ``"en"``."""
        return self.zh if lang == "zh" else self.en


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def content_sha256(document: Mapping[str, Any]) -> str:
    """Return the hash of a document's content, without the moment of the run and the seal.

    Examples
    --------
    >>> content_sha256({"run": {"created": "a"}, "sites": []}) == content_sha256({"run": {"created": "b"}, "sites": []})
    True
    """
    run = {key: value for key, value in document["run"].items() if key != "created"}
    rest = {key: value for key, value in document.items() if key not in ("seal", "run")}
    return hashlib.sha256(_canonical({**rest, "run": run})).hexdigest()


def seal_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the seal of a document: the hash of its content, and one that also covers the moment of the run."""
    content = content_sha256(document)
    return {"content_sha256": content, "moment_sha256": _moment_sha256(content, document)}


def _moment_sha256(content: str, document: Mapping[str, Any]) -> str:
    return hashlib.sha256(f"{content} {document['run']['created']}".encode()).hexdigest()


def short_seal(document: Mapping[str, Any]) -> str:
    """Return the seal as pages show it: 16 hex in groups of four.

    Examples
    --------
    >>> short_seal({"seal": {"content_sha256": "0123456789abcdef" * 4}})
    '0123 4567 89AB CDEF'
    """
    digest = str(document["seal"]["content_sha256"])[:16].upper()
    return " ".join(digest[place : place + 4] for place in range(0, 16, 4))


def document_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the bytes of ``result.json``: any other spelling of the same content is an alteration."""
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files that a manifest covers, by name; those in hidden folders too."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name in (DOCUMENT, MANIFEST, SIGNATURE) or name.split("/")[0] == DERIVED:
            continue
        if path.is_symlink() or not path.is_dir():
            yield name, path


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def manifest_bytes(folder: Path, document: Mapping[str, Any]) -> bytes:
    """Return the manifest of a folder as it stands."""
    record = {
        "manifest_version": _VERSION,
        "run_id": document["run"]["id"],
        "content_sha256": document["seal"]["content_sha256"],
        "files": [
            {"name": name, "bytes": path.stat().st_size, "sha256": _sha256(path)} for name, path in _files(folder)
        ],
    }
    sealed = {**record, "seal": hashlib.sha256(_canonical(record)).hexdigest()}
    return (json.dumps(sealed, ensure_ascii=False, indent=1) + "\n").encode()


def write_manifest(folder: Path, document: Mapping[str, Any]) -> None:
    """Write ``manifest.json``; the folder must be complete."""
    (folder / MANIFEST).write_bytes(manifest_bytes(folder, document))


def reseal(folder: Path, document: Mapping[str, Any], written: Path) -> None:
    """Write the manifest again after a page was made anew in the folder of an unaltered, unsigned run.

    Parameters
    ----------
    written : pathlib.Path
        The page; nothing happens where it stands elsewhere.
    """
    name = _inside(folder, written)
    if name is not None and name.split("/")[0] != DERIVED and not (folder / SIGNATURE).exists():
        write_manifest(folder, document)


def _inside(folder: Path, path: Path) -> str | None:
    """Return the name of a path inside a folder, ``None`` where it lies elsewhere."""
    whole, root = path.resolve(), folder.resolve()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else None


def check_seal(folder: Path, content: bytes, document: Mapping[str, Any]) -> list[Alteration]:
    """Return in what a folder differs from its seal, without repeating anything.

    Parameters
    ----------
    folder : pathlib.Path
    content : bytes
        Of ``result.json``.
    document : dict
        What it holds.
    """
    found = list(_check_document(content, document))
    try:
        with (folder / MANIFEST).open("rb") as stream:
            raw = stream.read(_LARGEST_MANIFEST)
        manifest = json.loads(raw)
        listed = {str(item["name"]): (int(item["bytes"]), str(item["sha256"])) for item in manifest["files"]}
        unsealed = {key: value for key, value in manifest.items() if key != "seal"}
        intact = manifest["seal"] == hashlib.sha256(_canonical(unsealed)).hexdigest()
        known = manifest["manifest_version"] == _VERSION and len(listed) == len(manifest["files"])
    except FileNotFoundError:
        return [*found, Alteration("manifest_missing", MANIFEST, "封印清单缺失", "the manifest is missing")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [*found, Alteration("manifest_broken", MANIFEST, "封印清单损坏", "the manifest is broken")]
    if not intact or not known:
        found.append(
            Alteration(
                "manifest_altered", MANIFEST, "封印清单与其自身校验值不符", "the manifest is not as it was sealed"
            )
        )
    if (
        manifest.get("content_sha256") != document["seal"]["content_sha256"]
        or manifest.get("run_id") != document["run"]["id"]
    ):
        found.append(
            Alteration("manifest_of_another_run", MANIFEST, "封印清单属于另一次核查", "the manifest is of another run")
        )
    return [*found, *_check_files(folder, listed)]


def _check_document(content: bytes, document: Mapping[str, Any]) -> Iterator[Alteration]:
    if content_sha256(document) != document["seal"]["content_sha256"]:
        yield Alteration(
            "content_altered", DOCUMENT, "核查结果内容与封印的校验值不符", "its content is not what was sealed"
        )
    elif _moment_sha256(document["seal"]["content_sha256"], document) != document["seal"]["moment_sha256"]:
        yield Alteration(
            "moment_altered", DOCUMENT, "核查时间与封印的校验值不符", "the moment of the run is not what was sealed"
        )
    elif document_bytes(document) != content:
        yield Alteration(
            "spelling_altered", DOCUMENT, "核查结果文件的写法被改动", "the file is written otherwise than it was sealed"
        )


def _check_files(folder: Path, listed: Mapping[str, tuple[int, str]]) -> Iterator[Alteration]:
    present = dict(_files(folder))
    for name in sorted(listed.keys() - present.keys()):
        yield Alteration("file_missing", name, "封印清单所列文件缺失", "a file that the manifest lists is missing")
    for name in sorted(present.keys() - listed.keys()):
        yield Alteration("file_added", name, "封印后增加的文件", "a file that was added after the run was sealed")
    for name in sorted(present.keys() & listed.keys()):
        path = present[name]
        size, digest = listed[name]
        if path.is_symlink() or not path.is_file() or path.stat().st_size != size or _sha256(path) != digest:
            yield Alteration("file_altered", name, "文件内容与封印的校验值不符", "the file is not what was sealed")
