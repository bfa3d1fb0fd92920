"""The generator makes the committed files again, byte for byte."""

import hashlib
from pathlib import Path

from lianzhou_gis.resources import demo_folder
from tools.county import build

LAYERS = Path(__file__).parents[2] / "layers"


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        # What is published of them is written by hand.
        if path.is_file() and "profiles" not in path.parts
    }


def test_the_committed_layers_are_what_the_generator_makes(tmp_path):
    assert digests(build(tmp_path)) == digests(LAYERS)


def test_a_checkout_uses_its_own_layers():
    assert demo_folder() == LAYERS
