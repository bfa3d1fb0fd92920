"""Words and numbers that come with the package as YAML, read as plain values.

Reading YAML takes long for every start of a program: parsed documents are cached by the hash of the file's bytes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from lianzhou_gis.cache import Cache

__all__ = ["demo_folder", "read_resource"]

_KIND = "words"
_ROOMS = ("cache.py", "resources.py")


def read_resource(path: Path) -> Any:  # noqa: ANN401 - any YAML
    """Read a YAML file of this package.

    Examples
    --------
    >>> import lianzhou_gis.vocabulary as words
    >>> read_resource(Path(words.__file__).with_name("labels.yaml"))["verdict"]["not_assessed"]["zh"]
    '未核查'
    """
    content = path.read_bytes()
    cache, key = Cache.standard(_ROOMS), {"sha256": hashlib.sha256(content).hexdigest()}
    cached = cache.get(_KIND, key)
    if cached is not None and "data" in cached.meta:
        return cached.meta["data"]
    import yaml

    data = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if _is_plain(data):
        cache.put(_KIND, key, path.name, {"data": data})
    return data


def _is_plain(data: Any) -> bool:  # noqa: ANN401
    """Tell whether JSON gives back the same: no dates, no keys but texts."""
    try:
        return bool(json.loads(json.dumps(data)) == data)
    except (TypeError, ValueError):
        return False


def demo_folder() -> Path:
    """Return the folder of the synthetic demo county: ``layers/`` of the checkout, else the copy in the wheel.

    Returns
    -------
    pathlib.Path
        Holds ``layers.yaml`` and ``demo/sites/``.

    Raises
    ------
    FileNotFoundError
        If an incomplete installation has neither.
    """
    checkout = Path(__file__).parents[1] / "layers"
    installed = Path(__file__).parent / "demo_layers"
    for folder in (checkout, installed):
        if (folder / "layers.yaml").is_file() and (folder / "demo" / "sites").is_dir():
            return folder
    raise FileNotFoundError(installed)
