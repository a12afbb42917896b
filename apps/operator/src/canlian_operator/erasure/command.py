"""`canlian erase` and `canlian erasures`: a person's data destroyed, certified, and checked by whoever doubts it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from canlian_events.terms import ErasureGround
from canlian_operator.connection import Link, with_system
from canlian_operator.console import by_language, console, errors, fail, language, moment, note, say
from canlian_operator.environment import read_settings

if TYPE_CHECKING:
    from canlian_chassis.erasure.certificate import Checked, ErasureProof
    from canlian_events.registry.person import ErasePerson

erasures_app = typer.Typer(help="个人信息删除 · Erasures: listed, certified, checked, enforced", no_args_is_help=True)
OPENING = ("social-worker", "volunteer", "neighbours", "provider", "federation")
"""The tools whose views open personal values."""
SECONDS_TO_REBUILD = 120.0
LOOK_EVERY = 0.2


def erase(
    person: Annotated[str, typer.Argument(help="人员编号 · the person's id", show_default=False)],
    ground: Annotated[ErasureGround, typer.Option(help="依据 · the ground", show_default=False)],
    wait: Annotated[
        float, typer.Option(min=0, help="最多等几秒视图重建 · seconds to wait for the views")
    ] = SECONDS_TO_REBUILD,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 · do not ask")] = False,
) -> None:
    """删除个人信息 · Destroy a person's data for ever, and print the certificate.

    Nothing can bring it back: not a backup, not a rebuild. What was counted stays counted.
    """
    from canlian_events.registry.person import ErasePerson  # noqa: PLC0415 - quick to start without it

    try:
        command = ErasePerson(person_id=person, ground=ground)
    except ValueError:
        fail(
            f"“{person}”不是人员编号：应如 person_01a2b3c4，可在人员页面的网址里找到。",
            f"“{person}” is no person's id: it looks like person_01a2b3c4, and is in the address of the person's page.",
            code=2,
        )
    if not yes:
        _ask(person)
    certificate = with_system(lambda link: _erase(link, command, wait))
    if certificate.head is None:
        note(
            f"证明里还没有日志指纹：半分钟后用 canlian erasures certify {person} 再出具一次。",
            "The certificate does not name the log's signed head yet: "
            f"in half a minute make it again with canlian erasures certify {person}.",
        )
    typer.echo(certificate.model_dump_json(indent=2))


@erasures_app.command("list")
def list_() -> None:
    """列出已删除的 · List whose keys were destroyed, when, and by the event at which position."""
    from canlian_chassis.keys.store import Keys  # noqa: PLC0415 - quick to start without it

    settings = read_settings()
    if not (settings.key_folder / "master.key").exists():
        # opening a store makes it: the next command would take it for the system's own
        fail(
            f"{settings.key_folder} 里没有主密钥。请用 CANLIAN_DATA 指明系统的数据目录。",
            f"There is no master key in {settings.key_folder}. Name the system's data folder with CANLIAN_DATA.",
        )
    for stone in Keys.of(settings).erased():
        say(f"{stone.subject}  @{stone.position}  {moment(stone.destroyed_at)}")


@erasures_app.command("certify")
def certify(
    person: Annotated[str, typer.Argument(help="人员编号 · the person's id", show_default=False)],
) -> None:
    """出具证明 · Print the certificate of an erasure, made now, and keep it under data/erasures."""
    typer.echo(with_system(lambda link: _certify(link, person)).model_dump_json(indent=2))


@erasures_app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="证明文件 · the certificate", show_default=False)],
    export: Annotated[
        Path | None,
        typer.Option(help="用导出文件核对，而非运行中的日志 · an export instead of the log", show_default=False),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="签名公钥；默认用本系统的 erasures.pub.pem · the public key", show_default=False),
    ] = None,
) -> None:
    """核对证明 · Check a certificate against the log; exits 1 where it does not hold. Needs no secret."""
    import canlian_events.language  # noqa: F401, PLC0415 - which events erase
    from canlian_chassis.erasure.certificate import KEY  # noqa: PLC0415 - quick to start without it
    from canlian_chassis.keys.signing import public_key  # noqa: PLC0415

    settings = read_settings()
    certificate = _read(file)
    try:
        public = public_key(key or settings.key_folder / f"{KEY}.pub.pem")
    except (OSError, ValueError) as error:
        fail(f"读不到公钥：{error}。用 --key 指明。", f"No public key: {error}. Name it with --key.", code=2)
    found = with_system(lambda link: _live(link, certificate, public)) if export is None else None
    _tell(certificate, found or _exported(export or file, certificate, public))


@erasures_app.command("enforce")
def enforce() -> None:
    """再次销毁 · Destroy again the keys an old copy of the key store brought back. Services do so when they start."""

    async def work(link: Link) -> list[str]:
        from canlian_chassis.erasure.enforce import enforce_erasures  # noqa: PLC0415 - quick to start without it
        from canlian_chassis.keys.store import Keys  # noqa: PLC0415

        return await enforce_erasures(link.log, await asyncio.to_thread(Keys.of, link.settings))

    back = with_system(work)
    for subject in back:
        typer.echo(subject)
    note(f"再次销毁了 {len(back)} 把密钥。", f"{len(back)} keys were destroyed again.")


def _ask(person: str) -> None:
    """Ends the command unless somebody is there who is sure."""
    if not sys.stdin.isatty():
        fail(
            "这不能撤销：没有人可以确认时，请加 --yes。",
            "It cannot be undone: where nobody can be asked, say --yes.",
            code=2,
        )
    asked = by_language(
        f"永久删除 {person} 的个人信息，不能撤销。确定吗", f"Erase the data of {person} for ever. Are you sure"
    )
    if not typer.confirm(asked, err=True):
        raise typer.Exit(1)


async def _erase(link: Link, command: ErasePerson, wait: float) -> ErasureProof:
    person = command.person_id
    done = await link.client.send(command, token=link.token())
    note(f"已删除，日志位置 {done.position}", f"erased, at position {done.position} of the log")
    if left := await _rebuilt(link, person, wait):
        note(
            f"这些视图还没有重建，完成后用 canlian erasures certify {person} 出具证明：{', '.join(left)}",
            f"These views are not rebuilt yet; certify again when they are: {', '.join(left)}",
        )
    return await _certify(link, person)


async def _rebuilt(link: Link, person: str, wait: float) -> list[str]:
    """The tools that still have a database from before, when the time is over."""
    from canlian_chassis.erasure.issue import views_without  # noqa: PLC0415 - quick to start without it
    from canlian_chassis.views.databases import Databases  # noqa: PLC0415

    def left() -> list[str]:
        without = {view.name for view in views_without(link.settings, person)}
        found = []
        for tool in OPENING:
            databases = Databases(link.settings, tool)
            found += [tool] * any(str(one.name) not in without for one in databases.all())
            databases.close()
        return found

    tools = await asyncio.to_thread(left)
    for _ in range(round(wait / LOOK_EVERY)):
        if not tools:
            break
        await asyncio.sleep(LOOK_EVERY)
        tools = await asyncio.to_thread(left)
    return tools


async def _certify(link: Link, person: str) -> ErasureProof:
    from canlian_chassis.erasure.issue import NotErased, keep  # noqa: PLC0415 - quick to start without it
    from canlian_chassis.keys.store import Keys  # noqa: PLC0415

    keys = await asyncio.to_thread(Keys.of, link.settings)
    try:
        return await keep(link.nc, keys, link.settings, person)
    except NotErased:
        fail(f"{person} 的个人信息没有删除。", f"The data of {person} was not erased.")


async def _live(link: Link, certificate: ErasureProof, key: object) -> Checked:
    from canlian_chassis.erasure.certificate import Check  # noqa: PLC0415 - quick to start without it
    from canlian_operator.integrity.export import everything  # noqa: PLC0415

    found = Check(certificate, key)  # type: ignore[arg-type]
    async for batch in everything(link, 0, min(found.last, await link.log.last_position())):
        for entry in batch:
            found.take(entry)
    return found.end()


def _exported(export: Path, certificate: ErasureProof, key: object) -> Checked:
    from canlian_chassis.erasure.certificate import Check  # noqa: PLC0415 - quick to start without it
    from canlian_operator.integrity.export import read_line  # noqa: PLC0415

    found = Check(certificate, key)  # type: ignore[arg-type]
    try:
        with export.open("rb") as lines:
            for line in lines:
                found.take(read_line(line))
    except (OSError, ValueError) as error:
        fail(f"读不了导出文件 {export}：{error}", f"The export {export} cannot be read: {error}", code=2)
    return found.end()


def _read(file: Path) -> ErasureProof:
    from canlian_chassis.erasure.certificate import ErasureProof  # noqa: PLC0415 - quick to start without it

    try:
        return ErasureProof.model_validate_json(file.read_bytes())
    except OSError:
        fail(
            f"读不到文件 {file}。证明在数据目录的 erasures 里，或用 canlian erasures certify 再出具。",
            f"There is no file {file} to be read. Certificates are in `erasures` of the data folder; "
            "`canlian erasures certify` makes one again.",
            code=2,
        )
    except ValueError:
        fail(
            f"{file} 不是删除证明。证明是 canlian erase 打印的 JSON，须原样保存。",
            f"{file} is no certificate of erasure: that is the JSON which `canlian erase` prints, as it is.",
            code=2,
        )


_WRONG = {
    "signature": ("签名不是这把公钥的，或证明被改动过", "it is not signed by this key, or was changed"),
    "event": ("日志的那个位置没有这条删除事件", "the log has no such event at that position"),
    "said": ("办理人、时间或依据与日志不符", "who, when or why is not what the log says"),
    "counts": ("加密内容的数目与日志不符", "the log holds other numbers of sealed values"),
    "released": ("有的号码没有在那里释放", "a claim was not given back where it says"),
    "chain": ("签名链与日志不符", "the log is not the one whose chain was signed"),
}


def _tell(certificate: ErasureProof, checked: Checked) -> None:
    first = certificate.destroyed[0]
    if checked.wrong:
        for code in checked.wrong:
            errors.print(f"✗ {_WRONG[code][language() != 'zh']} ({code})", markup=False, style="red")
        raise typer.Exit(1)
    said = by_language(
        f"证明属实：{first.subject} 于日志位置 {first.position} 删除，{first.sealed} 处加密内容不可再读",
        f"the certificate holds: {first.subject} was erased at position {first.position}; "
        f"{first.sealed} sealed values cannot be read any more",
    )
    console.print(f"✓ {said}", markup=False, style="green")
