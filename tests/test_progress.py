"""Progress shows where somebody watches, and nowhere else."""

import io
import sys
import types

from lianzhou_gis.progress import STEPS, watched


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_pipe_hears_nothing(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    tell = watched()
    for step in STEPS:
        tell(step)
    assert stream.getvalue() == ""


def test_a_terminal_has_a_line_a_step(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    watched("en")("layers")
    watched("zh", quiet=True)("layers")
    assert stream.getvalue() == "reading the layers …\n"


def test_a_notebook_has_a_bar_that_ends_with_the_last_step(monkeypatch):
    bars = []

    class Bar:
        def __init__(self, **options):
            self.total, self.n, self.closed = options["total"], 0, False
            bars.append(self)

        def set_description_str(self, text):
            self.text = text

        def update(self, more):
            self.n += more

        def close(self):
            self.closed = True

    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", types.SimpleNamespace(tqdm=Bar))
    tell = watched()
    tell("sites")
    tell("overlay")
    assert (bars[0].n, bars[0].text, bars[0].closed) == (2, "叠加量算", False)
    tell("findings")
    assert (bars[0].n, bars[0].total, bars[0].closed) == (3, 4, True)
