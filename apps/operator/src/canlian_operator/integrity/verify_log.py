"""`canlian verify log`: the log's chain worked out again, from the running log or from an export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from canlian_chassis.keys.signing import public_key
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.chain import Head
from canlian_chassis.log.heads import Heads, public_key_file
from canlian_operator.connection import Link, with_system
from canlian_operator.console import by_language, console, fail, moment
from canlian_operator.environment import read_settings
from canlian_operator.integrity.chain_check import Check, Finding
from canlian_operator.integrity.export import everything, heads_file, progress, read_heads, read_line

SHOWN = 20
"""Findings said one by one; of more, how many."""


def verify_log(export: Path | None, heads: Path | None, key: Path | None, as_json: bool) -> None:
    """Says what was found, and exits 1 if anything is wrong."""
    if export is None:
        check = with_system(lambda link: _live(link, _key(key, key_folder(link.settings))))
    else:
        public = _key(key, key_folder(read_settings()))
        check = _exported(export, heads or heads_file(export), public)
    _tell(check, as_json)


async def _live(link: Link, key: Ed25519PublicKey) -> Check:
    check, kept = Check(key), Heads(link.nc).all()
    signed = await Heads(link.nc).last()
    # in this order: what was signed before the end was asked for lies before the end
    end = await link.log.last_position()
    with progress(by_language("核对", "verify")) as moved:
        async for batch in everything(link, 0, end):
            while check.expected < batch[-1].position and (found := await anext(kept, None)):
                check.expect(found.head)
            for entry in batch:
                check.take(entry)
            moved(check.position, max(end, check.position))
    check.end(max(end, signed.head.position if signed else 0))
    return check


def _exported(export: Path, heads: Path, key: Ed25519PublicKey) -> Check:
    for file in (export, heads):
        if not file.is_file():
            fail(
                f"没有文件 {file}。用 canlian events export 导出日志，签名在旁边的 .heads。",
                f"There is no file {file}. `canlian events export` writes the log, and its heads beside it.",
                code=2,
            )
    try:
        return check_export(export, list(read_heads(heads)), key)
    except ValueError as error:
        fail(f"{heads} 不是签名文件：{error}", f"{heads} does not hold heads: {error}", code=2)


def check_export(export: Path, heads: list[Head], key: Ed25519PublicKey) -> Check:
    check, size, done = Check(key), export.stat().st_size, 0
    for head in heads:
        check.expect(head)
    with export.open("rb") as lines, progress(by_language("核对", "verify")) as moved:
        for number, line in enumerate(lines, 1):
            try:
                check.take(read_line(line))
            except ValueError:
                check.unreadable(number)
            done += len(line)
            if number % 1000 == 0:
                moved(done, size)
    check.end(check.expected)
    return check


def _key(given: Path | None, keys: Path) -> Ed25519PublicKey:
    file = given or public_key_file(keys)
    try:
        return public_key(file)
    except (OSError, ValueError) as error:
        fail(
            f"读不到签名公钥 {file}：{error}。用 --key 指明。",
            f"The public key {file} cannot be read: {error}. Name it with --key.",
            code=2,
        )


def is_right(check: Check) -> bool:
    """A log with nothing in it is; one of which nothing is signed is not."""
    return not check.findings and (check.heads > 0 or check.messages == 0)


def _tell(check: Check, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_told(check), ensure_ascii=False))
    else:
        _say(check)
    if not is_right(check):
        raise typer.Exit(1)


def _say(check: Check) -> None:
    for finding in check.findings[:SHOWN]:
        console.print(f"✗ {worded(finding)}", markup=False, style="red")
    if more := len(check.findings[SHOWN:]):
        console.print(by_language(f"✗ 另有 {more} 处", f"✗ and {more} more"), markup=False, style="red")
    if check.agreed is None:
        said = by_language("✗ 没有一个签名与日志相符。", "✗ No signed head agrees with the log.")
        console.print(said, markup=False, style="red")
        return
    last, key = place(check.agreed), f"{check.agreed.key[:16]}…"
    said = by_language(
        f"已核对 {check.messages} 条，{check.heads} 个签名相符，最后一个在{last}；公钥 {key}",
        f"{check.messages} messages read; heads that agree: {check.heads}, the last at {last}; key {key}",
    )
    console.print(said if check.findings else f"✓ {said}", markup=False, style=None if check.findings else "green")
    if newer := check.position - check.agreed.position:
        console.print(
            by_language(f"  其后 {newer} 条尚无签名", f"  {newer} newer ones are under no head yet"), markup=False
        )


def place(head: Head | None) -> str:
    """Where in the log a head is, and when that was."""
    if head is None:
        return by_language("日志开头", "the beginning")
    at = moment(head.moment)
    return by_language(f"位置 {head.position}（{at}）", f"position {head.position} ({at})")


def worded(finding: Finding) -> str:
    first, last = finding.first, finding.last
    match finding.kind:
        case "changed":
            return by_language(
                f"{place(finding.after)}与{place(finding.before)}之间的内容被改动：与签名不符。",
                f"Between {place(finding.after)} and {place(finding.before)} something was changed: "
                "it is not what was signed.",
            )
        case "gap":
            return by_language(f"缺少位置 {first} 至 {last}。", f"Positions {first} to {last} are missing.")
        case "order":
            return by_language(
                f"位置 {first} 出现两次或次序不对。", f"Position {first} is there twice, or out of order."
            )
        case "unreadable":
            return by_language(f"第 {first} 行无法读取。", f"Line {first} cannot be read.")
        case "cut" if finding.before is None:
            return by_language(
                f"到位置 {first} 就结束了，应到 {last}：后面被截去。",
                f"It ends at position {first} and should go on to {last}: the rest was cut off.",
            )
        case "cut":
            signed = by_language(
                f"，而签名到{place(finding.before)}", f"; heads are signed up to {place(finding.before)}"
            )
            return by_language(
                f"到位置 {first} 就结束了{signed if finding.before else ''}：后面被截去，或导出早于签名。",
                f"It ends at position {first}{signed if finding.before else ''}: the rest was cut off, "
                "or the export is older than the heads.",
            )
        case "bad_head":
            return by_language(
                f"{place(finding.before)}的签名无效：不是这把钥匙所签，或次序不对。",
                f"The head at {place(finding.before)} is not valid: signed by another key, changed, or out of order.",
            )


def _told(check: Check) -> dict[str, Any]:
    return {
        "ok": is_right(check),
        "messages": check.messages,
        "position": check.position,
        "heads": check.heads,
        "signed_to": _noted(check.agreed),
        "findings": [
            {
                "kind": finding.kind,
                "first": finding.first,
                "last": finding.last,
                "after": _noted(finding.after),
                "before": _noted(finding.before),
            }
            for finding in check.findings
        ],
    }


def _noted(head: Head | None) -> dict[str, Any] | None:
    return {"position": head.position, "at": head.at, "hash": head.hash} if head else None
