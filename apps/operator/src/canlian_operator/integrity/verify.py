"""`canlian verify`: what is there, against what should be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def verify(
    what: Annotated[
        str, typer.Argument(help="log，或某一部分如 volunteer · log, or a part, e.g. volunteer", show_default=False)
    ],
    export: Annotated[
        Path | None,
        typer.Option(help="核对导出文件，而非运行中的日志 · an export instead of the log", show_default=False),
    ] = None,
    heads: Annotated[
        Path | None,
        typer.Option(help="签名文件；默认为导出文件旁的 .heads · the heads; else beside it", show_default=False),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="签名公钥 PEM；默认用本系统的 · public key; else this system's own", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="结果为 JSON · the result as JSON")] = False,
) -> None:
    """核对 · Check what is there against what should be; exits 1 where they differ.

    log: each message against the signed heads of the log's chain. A part: each row of its views against the log.
    """
    if what != "log":
        from canlian_operator.integrity.verify_views import verify_views  # noqa: PLC0415 - only what is asked for is loaded

        verify_views(what)
        return
    from canlian_operator.integrity.verify_log import verify_log  # noqa: PLC0415

    verify_log(export, heads, key, as_json)
