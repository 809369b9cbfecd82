"""How Sphinx makes the site: the README, the lessons with their stored outputs, docs/, and the library's reference.

    make site        build/site/index.html; nothing is executed, and no network is needed

The clone's root is the source, so that the links between README, docs and notebooks are the same here and on GitHub.
What a page links to that is no page itself, such as a file of the library, is linked on GitHub.
"""

import re
import shutil
import tomllib
from os.path import relpath
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
URL = PROJECT["urls"]["Repository"]

project, author, release = "Outline a hand", PROJECT["authors"][0]["name"], PROJECT["version"]
project_copyright = f"{author}, text and figures under CC BY 4.0"
language = "en_GB"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "notebooks/*.ipynb", "notebooks/solutions/*.ipynb"]
exclude_patterns = ["**/.ipynb_checkpoints"]

nb_execution_mode = "off"
nb_ipywidgets_js = {}  # previews stand for widgets
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3
# the glossary's anchors are HTML, which myst does not read; scripts/check_site.py follows every link of the built pages
suppress_warnings = ["myst.xref_missing", "mystnb.unknown_mime_type"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
napoleon_numpy_docstring = False
napoleon_use_ivar = True
autodoc_preserve_defaults = True
maximum_signature_line_length = 80
add_module_names = False
toc_object_entries = False

html_theme = "sphinx_book_theme"
html_title = project
html_favicon = "../web/icon.svg"
html_context = {"default_mode": "auto"}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_theme_options = {
    "repository_url": URL,
    "repository_branch": "main",
    "use_repository_button": True,
    "use_issues_button": True,
    "use_download_button": False,
    "navbar_persistent": [],  # the search has its place in the sidebar
    "launch_buttons": {"colab_url": "https://colab.research.google.com", "binderhub_url": "https://mybinder.org"},
    "show_toc_level": 2,
}

# The README is the first page; GitHub shows it without what follows here.
CONTENTS = """
```{toctree}
:hidden:
:caption: The lessons
:glob:
notebooks/[0-9]*
notebooks/capstone
notebooks/sliders
```

```{toctree}
:hidden:
:caption: Solutions
:glob:
notebooks/solutions/*
```

```{toctree}
:hidden:
:caption: The course
docs/results
docs/model_card
docs/data_card
docs/glossary
docs/peers
docs/own_photos
docs/page
docs/scaling
docs/first_look
docs/troubleshooting
THIRD_PARTY
```

```{toctree}
:hidden:
:caption: To teach it
:glob:
docs/instructors
docs/hub
docs/teaching/*
docs/recap/*
```

```{toctree}
:hidden:
:caption: The library
docs/design
docs/packages
docs/links
docs/api/index
CONTRIBUTING
CHANGELOG
```
"""
LINK = re.compile(r"(\]\()(?!\w+:|#|/)([^)#\s]+)([^)]*\))")


def prepare(app, docname: str, source: list[str]) -> None:
    """Gives the first page its contents, and links what is no page on GitHub."""
    folder = (ROOT / docname).parent

    def on_github(link: re.Match) -> str:
        path = (folder / link[2]).resolve()
        inside = path.is_relative_to(ROOT) and path.exists()
        if not inside or path.suffix in (".md", ".ipynb", ".jpg", ".webp", ".png", ".svg"):
            return link[0]
        return f"{link[1]}{URL}/{'tree' if path.is_dir() else 'blob'}/main/{relpath(path, ROOT)}{link[3]}"

    source[0] = LINK.sub(on_github, source[0])
    if docname == root_doc:
        source[0] += CONTENTS


def finish(app, error) -> None:
    """The first page is the one that a server shows, too."""
    if not error:
        shutil.copy(app.outdir / f"{root_doc}.html", app.outdir / "index.html")


def setup(app) -> None:
    """Called by Sphinx."""
    app.connect("source-read", prepare)
    app.connect("build-finished", finish)
