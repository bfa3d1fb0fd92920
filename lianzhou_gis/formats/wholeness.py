"""Evidence on whether a file holds all of its records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lianzhou_gis.errors import Issue, Message

__all__ = ["Wholeness", "WholenessFault", "WholenessGround", "wholeness_issues"]


class WholenessGround(StrEnum):
    """What a statement on wholeness rests on."""

    SHAPE_RECORDS = "shape_records"
    SHAPE_INDEX = "shape_index"
    ATTRIBUTE_ROWS = "attribute_rows"
    RECORD_COUNT = "record_count"
    SPATIAL_INDEX = "spatial_index"
    DATABASE_CHECK = "database_check"
    JOURNAL = "journal"
    FILE_BYTES = "file_bytes"
    SERVER_PAGE = "server_page"


@dataclass(frozen=True, slots=True)
class WholenessFault:
    """A sign that records are missing or duplicated.

    Attributes
    ----------
    ground : WholenessGround
    message : Message
        What was found and what to do.
    """

    ground: WholenessGround
    message: Message


@dataclass(frozen=True, slots=True)
class Wholeness:
    """Evidence on the records of one file or layer.

    Attributes
    ----------
    proven : tuple of WholenessGround
        Checks that were made and passed.
    faults : tuple of WholenessFault
        Checks that failed: a layer with any is incomplete.

    Examples
    --------
    >>> whole = Wholeness((WholenessGround.RECORD_COUNT,))
    >>> whole.is_whole, whole.with_fault(WholenessGround.JOURNAL, "sqlite_write_interrupted").is_whole
    (True, False)
    """

    proven: tuple[WholenessGround, ...] = ()
    faults: tuple[WholenessFault, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether there is no fault; passed checks are in ``proven``."""
        return not self.faults

    def with_proof(self, ground: WholenessGround) -> Wholeness:
        """Return the evidence with one more check that passed."""
        return Wholeness((*self.proven, ground), self.faults)

    def with_fault(self, ground: WholenessGround, code: str, **parameters: str | int) -> Wholeness:
        """Return the evidence with one more fault, by the code of its message."""
        fault = WholenessFault(ground, Message.from_code(code, **parameters))
        return Wholeness(self.proven, (*self.faults, fault))

    def joined(self, other: Wholeness) -> Wholeness:
        """Return the evidence of both."""
        return Wholeness((*self.proven, *other.proven), (*self.faults, *other.faults))


def wholeness_issues(wholeness: Iterable[WholenessFault], name: str) -> list[Issue]:
    """Return an Issue for every fault."""
    return [
        Issue("error", f"incomplete_{fault.ground}", name, fault.message.zh, fault.message.en) for fault in wholeness
    ]
