"""``python -m tools.county [FOLDER]``: make the demo layers anew (default ``layers``)."""

from __future__ import annotations

import sys

from tools.county import build

if __name__ == "__main__":
    print(build(sys.argv[1] if len(sys.argv) > 1 else "layers"))
