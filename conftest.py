"""Fixtures and rules that hold for the tests of every folder."""

pytest_plugins = ("tests.support.needs", "tests.support.postgres")
