"""How the pages are built: ``make docs``; warnings are errors."""

from lianzhou_gis import __version__

project = "lianzhou_gis"
author = "The lianzhou_gis developers"
release = version = __version__
language = "zh_CN"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "哪里可以建 · Where may it be built", "page_width": "1100px"}
html_show_sourcelink = False
html_copy_source = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
# What numpydoc would call a section of its own stays where it stands.
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
# Attributes of several records share a name (site_id, geometry): the text of a page is not ambiguous for it.
suppress_warnings = ["ref.python"]
