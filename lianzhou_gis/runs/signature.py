"""A detached ed25519 signature of a run, verified offline.

``signature.json`` holds the public key, the signature over the hash of ``result.json`` and the manifest's bytes, and
the name of who signed. The private key never enters a run folder. Trust in a public key is the reader's: it is compared
with the keys they name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from lianzhou_gis.errors import FormatError, MissingFileError, RunError, extra
from lianzhou_gis.runs.seal import DOCUMENT, MANIFEST, SIGNATURE, Alteration

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["check_signature", "make_key", "public_text", "sign_run", "signer_of"]

_PURPOSE = b"lianzhou-gis run\n"


def _ed25519() -> ModuleType:
    return extra("cryptography.hazmat.primitives.asymmetric.ed25519", "reports")


def _serialization() -> ModuleType:
    return extra("cryptography.hazmat.primitives.serialization", "reports")


def make_key(path: str | Path) -> str:
    """Write a new private key as PEM, readable by its owner only, and return its public key as text.

    Raises
    ------
    RunError
        If the file exists: a key is never overwritten.
    MissingExtraError
        If cryptography is not installed.
    """
    path, forms = Path(path), _serialization()
    key = _ed25519().Ed25519PrivateKey.generate()
    content = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RunError.from_code("key_exists", file=path) from error
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    return public_text(key)


def public_text(key: Ed25519PrivateKey) -> str:
    """Return the public key of a private one as base64."""
    forms = _serialization()
    raw = key.public_key().public_bytes(forms.Encoding.Raw, forms.PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def _private_key(path: Path) -> Ed25519PrivateKey:
    if not path.is_file():
        raise MissingFileError.from_code("file_missing", file=path)
    try:
        key = _serialization().load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise FormatError.from_code("key_unreadable", file=path) from error
    if not isinstance(key, _ed25519().Ed25519PrivateKey):
        raise FormatError.from_code("key_kind", file=path)
    return key  # type: ignore[no-any-return]


def sign_run(folder: str | Path, key: str | Path, *, signer: str) -> str:
    """Sign the manifest of an unaltered run; returns the public key.

    Parameters
    ----------
    folder : path
    key : path
        Of the private key.
    signer : str
        Office or person, as it stands in ``signature.json``.

    Raises
    ------
    AlteredRunError
        If the run was altered: such a run is not signed.
    """
    from lianzhou_gis.runs.folder import Run

    folder = Path(folder)
    Run.open(folder)
    private = _private_key(Path(key))
    name = " ".join(signer.split())
    signature = private.sign(_message(folder, name))
    record = {
        "algorithm": "ed25519",
        "signer": name,
        "public_key": public_text(private),
        "signature": base64.b64encode(signature).decode(),
    }
    (folder / SIGNATURE).write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return record["public_key"]


def _message(folder: Path, signer: str) -> bytes:
    document = hashlib.sha256((folder / DOCUMENT).read_bytes()).hexdigest()
    return _PURPOSE + f"{signer}\n{document}\n".encode() + (folder / MANIFEST).read_bytes()


def signer_of(folder: str | Path) -> tuple[str, str] | None:
    """Return who signed a run, and the public key; ``None`` where nobody did."""
    path = Path(folder) / SIGNATURE
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return str(record["signer"]), str(record["public_key"])
    except (ValueError, KeyError, TypeError, OSError):
        return "?", "?"


def check_signature(folder: str | Path, trusted: Sequence[str] = ()) -> list[Alteration]:
    """Return what is wrong with the signature of a run; a run without one has nothing wrong unless keys are named.

    Parameters
    ----------
    folder : path
    trusted : sequence of str
        Public keys as base64; where given, the run must be signed with one of them.
    """
    folder = Path(folder)
    path = folder / SIGNATURE
    if not path.exists():
        if trusted:
            return [Alteration("signature_missing", SIGNATURE, "缺少签名", "the run is not signed")]
        return []
    broken = [Alteration("signature_broken", SIGNATURE, "签名文件损坏", "the signature file is broken")]
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        signature = base64.b64decode(record["signature"], validate=True)
        public = base64.b64decode(record["public_key"], validate=True)
        message = _message(folder, str(record["signer"]))
        if record["algorithm"] != "ed25519":
            return broken
        key = _ed25519().Ed25519PublicKey.from_public_bytes(public)
    except (ValueError, KeyError, TypeError, OSError):
        return broken
    try:
        key.verify(signature, message)
    except extra("cryptography.exceptions", "reports").InvalidSignature:
        return [
            Alteration(
                "signature_wrong", SIGNATURE, "签名与封印清单不符", "the signature does not belong to this manifest"
            )
        ]
    if trusted and record["public_key"] not in trusted:
        return [
            Alteration(
                "signature_unknown",
                SIGNATURE,
                "签名者不在所列的公钥之中",
                "signed with a key that is not among those named",
            )
        ]
    return []
