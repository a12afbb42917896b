"""`make assets`: builds the pages' styles and scripts from npm packages. Needs npm; the result is committed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "assets"
STATIC = Path(__file__).parent / "static"
_LICENCES = {
    "govuk-frontend": "licences/govuk-frontend.txt",  # its npm package comes without the text
    "htmx": "node_modules/htmx.org/LICENSE",
    "echarts": "node_modules/echarts/LICENSE",
    "echarts-notice": "node_modules/echarts/NOTICE",
    "zrender": "node_modules/zrender/LICENSE",
    "tslib": "node_modules/tslib/LICENSE.txt",
}
"""What is built into the files, and the licence that goes with it."""


def main() -> None:
    if shutil.which("npm") is None:
        sys.exit("npm is needed to build the assets: https://nodejs.org. What is committed works without it.")
    (STATIC / "licences").mkdir(exist_ok=True)
    npm("ci")
    npm("exec", "--", "sass", "--load-path=node_modules", "--no-source-map", "--style=compressed", "--quiet-deps",
        "canlian.scss", str(STATIC / "canlian.css"))  # fmt: skip
    for source, built in (("canlian.js", "canlian.js"), ("charts.js", "echarts.js")):
        npm("exec", "--", "esbuild", source, "--bundle", "--minify", "--format=esm", "--target=es2020",
            "--legal-comments=none", f"--outfile={STATIC / built}")  # fmt: skip
    shutil.copyfile(SOURCES / "node_modules/htmx.org/dist/htmx.min.js", STATIC / "htmx.js")
    for name, licence in _LICENCES.items():
        shutil.copyfile(SOURCES / licence, STATIC / "licences" / f"{name}.txt")


def npm(*arguments: str) -> None:
    subprocess.run(["npm", "--no-fund", "--no-audit", "--loglevel=error", *arguments], cwd=SOURCES, check=True)


if __name__ == "__main__":
    main()
