"""What stands on every page of every document of a run: marks, warnings, seal, disclaimer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lianzhou_gis.reports.content import Block, Margins, Paper
from lianzhou_gis.runs.recheck import recheck_warning
from lianzhou_gis.runs.seal import short_seal
from lianzhou_gis.vocabulary import CLASSIFIED, DISCLAIMER, label

if TYPE_CHECKING:
    from datetime import date

    from lianzhou_gis.runs import Run

__all__ = ["OFFICIAL_MARGINS", "Frame"]

# GB/T 9704: 37/35/28/26 mm, type area 156 x 225 mm; for letters and chapters.
OFFICIAL_MARGINS = Margins(top=37.0, bottom=35.0, left=28.0, right=26.0)
_PRELIMINARY = "预筛"
_SYNTHETIC = "演示数据"
_INTERNAL = "内部资料"


@dataclass(frozen=True)
class Frame:
    """The frame of a run's documents.

    Attributes
    ----------
    outward : bool
        The document leaves the office: it is not marked as internal, and holds nothing that must stay inside.
    today : datetime.date
        To tell whether the day by which the run must be repeated has passed.
    """

    run: Run
    today: date
    outward: bool = False
    margins: Margins = field(default_factory=lambda: Margins(top=22.0, bottom=26.0))

    @property
    def marks(self) -> tuple[str, ...]:
        """The words in the box at the head of a page."""
        record = self.run.document["run"]
        classified = record["secrecy"] in CLASSIFIED
        secrecy = label("secrecy", record["secrecy"])["zh"] if classified else None if self.outward else _INTERNAL
        synthetic = _SYNTHETIC if record["synthetic"] else None
        return tuple(mark for mark in (_PRELIMINARY, synthetic, secrecy) if mark)

    @property
    def warning(self) -> str | None:
        """The sentence across every page, if there is one."""
        if self.run.alterations:
            return "本核查结果在封印后被改动，不得作为依据"
        return recheck_warning(self.run.document, self.today, "zh")

    @property
    def footer(self) -> tuple[str, ...]:
        """The lines at the foot of the first page; the first of them stands on every page."""
        document = self.run.document
        seal = short_seal(document)
        synthetic = "合成演示数据，不反映真实区划。" if document["run"]["synthetic"] else ""
        return (
            f"{DISCLAIMER['zh']}。未签字盖章前为预筛。{synthetic}",
            f"运行号 {document['run']['id']}　封印 {seal}，可用 lianzhou-gis verify 核验。",
        )

    def code(self) -> str:
        """Return the text of the QR code."""
        document = self.run.document
        return f"lianzhou-gis verify\nrun {document['run']['id']}\nseal {document['seal']['content_sha256']}"

    def paper(
        self,
        title: str,
        blocks: Sequence[Block],
        *,
        subject: str,
        fit_first_page: bool = False,
        official: bool = False,
    ) -> Paper:
        """Return a document in this frame; ``official`` sets it as GB/T 9704 asks."""
        look = {"body_pt": 16.0, "leading_pt": 28.0, "table_pt": 10.5} if official else {}
        return Paper(
            title=title,
            blocks=tuple(blocks),
            marks=self.marks,
            footer=self.footer,
            day=self.run.document["run"]["as_of"],
            subject=subject,
            warning=self.warning,
            code=self.code(),
            margins=OFFICIAL_MARGINS if official else self.margins,
            numbered_with_dashes=official,
            fit_first_page=fit_first_page,
            **look,
        )
