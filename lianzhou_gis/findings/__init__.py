"""Overlaps, facts, rules and access lists become findings, gaps, questions and verdicts."""

from __future__ import annotations

from lianzhou_gis.findings.assessment import Assessment, assess
from lianzhou_gis.findings.layer_gaps import towns_of
from lianzhou_gis.findings.records import Finding, Gap, Override, Question
from lianzhou_gis.findings.verdicts import Answer, answer

__all__ = ["Answer", "Assessment", "Finding", "Gap", "Override", "Question", "answer", "assess", "towns_of"]
