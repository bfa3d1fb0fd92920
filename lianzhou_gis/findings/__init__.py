"""Overlaps, facts, rules and access lists become decisions: findings, gaps, questions and verdicts."""

from __future__ import annotations

from lianzhou_gis.findings.assessment import Assessment
from lianzhou_gis.findings.decision_rows import Evaluation
from lianzhou_gis.findings.evaluation import Evaluator
from lianzhou_gis.findings.gaps import towns_of
from lianzhou_gis.findings.overrides import read_overrides
from lianzhou_gis.findings.questions import QuestionPlanner
from lianzhou_gis.findings.records import AccessComparison, Finding, Gap, Override, Question, Reply
from lianzhou_gis.findings.rendering import RecordTable
from lianzhou_gis.findings.verdicts import Answer, answer_of

__all__ = [
    "AccessComparison",
    "Answer",
    "Assessment",
    "Evaluation",
    "Evaluator",
    "Finding",
    "Gap",
    "Override",
    "Question",
    "QuestionPlanner",
    "RecordTable",
    "Reply",
    "answer_of",
    "read_overrides",
    "towns_of",
]
