"""`canlian asyncapi`: what each service takes and tells, as AsyncAPI 3 documents. Needs no running system."""

import json
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from canlian_operator.console import say
from canlian_operator.running.parts import PARTS, Kind


def asyncapi(
    folder: Annotated[Path, typer.Argument(help="写到哪个目录 · where to write them", show_default=False)],
) -> None:
    """AsyncAPI 文档 · Write the AsyncAPI document of each service that is installed, as <service>.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if part.kind is Kind.SERVICE and part.installed:
            # by name, as `canlian run` starts it: no part is a dependency of this command
            service = import_module(f"{part.module}.app").service
            file = folder / f"{part.name}.json"
            document = json.dumps(service.asyncapi(), ensure_ascii=False, indent=2, sort_keys=True)
            file.write_text(f"{document}\n", encoding="utf-8")
            say(str(file))
