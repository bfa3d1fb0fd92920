"""``python -m lianzhou_gis``: the same as the command ``lianzhou-gis``."""

from __future__ import annotations

from lianzhou_gis.cli import main

if __name__ == "__main__":
    main()
