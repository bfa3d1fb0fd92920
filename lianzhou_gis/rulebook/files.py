"""The files of a rulebook's folder, and what is read of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from lianzhou_gis.errors import MissingFileError
from lianzhou_gis.rulebook.facts import FactVocabulary
from lianzhou_gis.rulebook.implications import Implication
from lianzhou_gis.rulebook.model import Law, Rule

__all__ = ["SHIPPED", "Contents", "Files"]

SHIPPED = Path(__file__).parent


class Contents(NamedTuple):
    """Parsed contents of a rulebook's files: rules and implications by id."""

    rules: tuple[Rule, ...]
    facts: FactVocabulary
    laws: Mapping[str, Law]
    implications: tuple[Implication, ...]
    checked_for: timedelta


class Files(NamedTuple):
    """The files of one rulebook."""

    facts: Path
    laws: Path
    horizon: Path
    rules: tuple[Path, ...]
    implications: tuple[Path, ...]

    @classmethod
    def of(cls, folder: Path) -> Files:
        """Return the files of a folder; a horizon that it does not state is that of the rulebook that is shipped.

        Raises
        ------
        MissingFileError
            If the folder has no rules.
        """
        rules = sorted(path for path in (folder / "rules").glob("*.yaml") if not path.name.endswith(".cases.yaml"))
        for needed in (folder / "facts.yaml", folder / "laws.yaml"):
            if not needed.is_file() or not rules:
                raise MissingFileError.from_code("rulebook_files_missing", folder=folder)
        horizon = folder / "horizon.yaml" if (folder / "horizon.yaml").is_file() else SHIPPED / "horizon.yaml"
        implications = sorted((folder / "implications").glob("*.yaml"))
        return cls(folder / "facts.yaml", folder / "laws.yaml", horizon, tuple(rules), tuple(implications))

    def sha256(self) -> str:
        """Return the hash of the bytes of all files; ends of lines do not count."""
        digest = hashlib.sha256()
        for path in (self.facts, self.laws, self.horizon, *self.rules, *self.implications):
            digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
        return digest.hexdigest()

    def key(self, sha256: str) -> dict[str, Any]:
        """Return the key of these files and their bytes: names with the folder, which the hash leaves out."""
        return {
            "sha256": sha256,
            "rules": [path.name for path in self.rules],
            "implications": [path.name for path in self.implications],
        }
