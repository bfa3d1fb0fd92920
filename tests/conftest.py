"""Shared shapes and places of the tests."""
