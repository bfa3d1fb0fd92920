"""Check that the id of a run follows from its fingerprint, and the fingerprint from what the run states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from lianzhou_gis.fingerprint import Fingerprint
from lianzhou_gis.runs.seal import DOCUMENT, Alteration

__all__ = ["check_identity"]


def check_identity(document: Mapping[str, Any]) -> Iterator[Alteration]:
    """Yield where the id does not follow from the fingerprint, or a part of it not from the document.

    Parts that rest on the layers themselves are compared when the run is repeated.

    Parameters
    ----------
    document : mapping
        The content of ``result.json``, valid by its schema.
    """
    run = document["run"]
    stated = Fingerprint(run["fingerprint"])
    if stated.sha256[:16] != run["id"]:
        yield Alteration(
            "identity_altered", DOCUMENT, "运行号与指纹不符", "the id of the run does not follow from its fingerprint"
        )
    computed = Fingerprint.from_inputs(
        as_of=date.fromisoformat(run["as_of"]),
        scope=run["scope"],
        rulebook=run["rulebook"],
        parameters=run["parameters"],
        inputs=frozenset((item["name"], item["sha256"]) for item in run["inputs"]),
        facts={site["site_id"]: site["facts"] for site in document["sites"]},
    )
    for name, digest in computed.parts.items():
        if stated.parts.get(name) != digest:
            yield Alteration(
                "fingerprint_differs", f"{DOCUMENT}, {name}", f"{name} 与指纹所载不同",
                f"{name} is not what the fingerprint was made of",
            )  # fmt: skip
