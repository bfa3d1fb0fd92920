"""Metadata is in setup.cfg; here only what it cannot say: the demo county in ``layers/`` is a package of the wheel."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["lianzhou_gis*"]), "lianzhou_gis.demo_layers"],
    package_dir={"lianzhou_gis.demo_layers": "layers"},
)
