"""The output of ``screen --against``: what changes between two days, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from lianzhou_gis.cli.tables import plain_table
from lianzhou_gis.vocabulary import DISCLAIMER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rich.table import Table

    from lianzhou_gis.compare import SiteFlips

__all__ = ["flips_document", "flips_table", "flips_text"]


def flips_table(found: Sequence[SiteFlips], days: tuple[date, date], lang: str) -> Table:
    """Return a table with a row for each change."""
    if lang == "zh":
        heads = ("项目", "内容", f"{days[0]}", f"{days[1]}", "原因")
    else:
        heads = ("Site", "What", f"{days[0]}", f"{days[1]}", "Why")
    rows: list[Sequence[Any]] = []
    for site in found:
        whole = "结论" if lang == "zh" else "Verdict"
        if site.before != site.after:
            rows.append((site.site_id, whole, site.before[lang], site.after[lang], ""))
        for flip in site.flips:
            before, after = flip.words
            zones = f"（{'、'.join(flip.zones)}）" if flip.zones else ""
            rows.append((site.site_id, flip.title[lang] + zones, before[lang], after[lang], flip.why[lang]))
    table = plain_table(heads, rows)
    table.show_lines = True
    return table


def flips_text(found: Sequence[SiteFlips], sites: int, lang: str) -> Text:
    """Return the text under the table."""
    rebased = sum(site.rebased for site in found)
    if lang == "zh":
        text = f"{sites} 个项目中 {len(found)} 个有变化；其中另有 {rebased} 项效力不变、依据条文更新。"
    else:
        text = f"{len(found)} of {sites} sites change; for {rebased} more points only the cited article changes."
    return Text(f"{text}\n{DISCLAIMER[lang]}{'。' if lang == 'zh' else '.'}")


def flips_document(found: Sequence[SiteFlips], days: tuple[date, date]) -> dict[str, Any]:
    """Return the same as plain data."""
    return {
        "before": days[0].isoformat(),
        "after": days[1].isoformat(),
        "disclaimer": DISCLAIMER,
        "sites": [
            {
                "site_id": site.site_id,
                "name": site.name,
                "before": site.before,
                "after": site.after,
                "rebased": site.rebased,
                "flips": [{**vars(flip), "zones": list(flip.zones)} for flip in site.flips],
            }
            for site in found
        ],
    }
