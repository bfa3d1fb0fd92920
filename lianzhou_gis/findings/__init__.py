"""Overlaps, facts, rules and access lists become findings, gaps, questions and verdicts."""

from __future__ import annotations

from lianzhou_gis.findings.assessment import Assessment
from lianzhou_gis.findings.assessor import Assessor
from lianzhou_gis.findings.layer_gaps import towns_of
from lianzhou_gis.findings.overrides import read_overrides
from lianzhou_gis.findings.records import AccessComparison, Finding, Gap, Override, Question, Reply
from lianzhou_gis.findings.verdicts import Answer, answer

__all__ = [
    "AccessComparison",
    "Answer",
    "Assessment",
    "Assessor",
    "Finding",
    "Gap",
    "Override",
    "Question",
    "Reply",
    "answer",
    "read_overrides",
    "towns_of",
]
