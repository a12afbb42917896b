"""`canlian keys`: the master key that wraps everybody's keys."""

from typing import Annotated

import typer

from canlian_operator.console import by_language, console, fail, note
from canlian_operator.environment import read_settings

keys_app = typer.Typer(help="密钥库 · The key store", no_args_is_help=True)


@keys_app.command("rotate")
def rotate(
    prepare: Annotated[
        bool, typer.Option("--prepare", help="只生成，先分发到其他机器 · only make it, to be copied to other machines")
    ] = False,
) -> None:
    """更换主密钥 · Wrap every key by a new master key, while the system goes on.

    A rotation that was cut short is ended by the next.
    """
    from canlian_chassis.keys.master_keys import MasterMissing, Masters  # noqa: PLC0415
    from canlian_chassis.keys.store import Keys  # noqa: PLC0415 - quick to start without it

    settings = read_settings()
    if not (settings.key_folder / "master.key").exists():
        fail(
            f"{settings.key_folder} 里没有主密钥。请用 CANLIAN_DATA 指明系统的数据目录。",
            f"There is no master key in {settings.key_folder}. Name the system's data folder with CANLIAN_DATA.",
        )
    if prepare:
        Masters(settings.key_folder).prepare()
        next_ = settings.key_folder / "master.next.key"
        note(f"已生成 {next_}，复制到其他机器后再更换。", f"{next_} is made: copy it to the others, then rotate.")
        return
    try:
        count = Keys.of(settings).rotate()
    except MasterMissing as missing:
        fail(f"密钥库的主密钥不在：{missing}", f"{missing}")
    done = by_language(f"已用新的主密钥重新封装 {count} 把密钥", f"{count} keys are wrapped by a new master key")
    console.print(f"✓ {done}", markup=False, style="green")
    note(
        f"请立即备份 {settings.key_folder / 'master.key'}，与密钥库、日志的备份分开存放。",
        f"Back up {settings.key_folder / 'master.key'} now, apart from the backups of the key store and of the log.",
    )
