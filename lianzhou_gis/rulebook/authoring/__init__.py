"""Checks, worked cases, pages and the coverage matrix of a rulebook: for its authors, never part of a screening."""
