"""What is handed to people: cards in a notebook."""

from lianzhou_gis.reports.cards import (
    catalog_card,
    evidence_card,
    layer_card,
    result_card,
    rule_card,
    rulebook_card,
    sites_card,
)

__all__ = ["catalog_card", "evidence_card", "layer_card", "result_card", "rule_card", "rulebook_card", "sites_card"]
