"""The table of commands: every name leads to a command that explains itself."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from canlian_operator.console import moment
from canlian_operator.main import COMMANDS, app


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_where_the_table_says_and_explains_itself(name: str) -> None:
    said = CliRunner().invoke(app, [name, "--help"])
    assert said.exit_code == 0, said.output
    assert f"Usage: root {name}" in said.output or f"canlian {name}" in said.output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    group = typer.main.get_command(app)
    command = group.get_command(typer.Context(group), name)  # type: ignore[attr-defined]
    said = " ".join(command.help.split("\n\n")[0].split())
    assert said == COMMANDS[name][1]


def test_the_list_of_commands_imports_none_of_them() -> None:
    program = "import sys; from typer.testing import CliRunner; from canlian_operator.main import app; " + (
        "said = CliRunner().invoke(app, ['--help']).output; "
        "sys.exit('load-demo' not in said or 'canlian_operator.demonstration.seed_data' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_name_that_no_command_has_is_refused() -> None:
    said = CliRunner().invoke(app, ["tokn"])
    assert (said.exit_code, "tokn" in said.output) == (2, True)


def test_a_token_is_made_without_importing_a_database() -> None:
    program = "import sys, canlian_operator.main, canlian_operator.access.token; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_folder_that_holds_no_system_gets_no_key_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANLIAN_DATA", str(tmp_path / "mistyped"))
    said = CliRunner().invoke(app, ["erasures", "list"])
    assert (said.exit_code, "CANLIAN_DATA" in said.output) == (1, True)
    assert not (tmp_path / "mistyped").exists()


def test_who_cannot_be_meant_is_refused_in_a_sentence() -> None:
    said = CliRunner().invoke(app, ["erase", "person_?", "--ground", "request"])
    assert (said.exit_code, "is no person's id" in said.output) == (2, True)


def test_nothing_is_erased_where_nobody_can_be_asked() -> None:
    said = CliRunner().invoke(app, ["erase", "person_01a2b3c4", "--ground", "request"])
    assert (said.exit_code, "--yes" in said.output) == (2, True)


def test_what_is_no_certificate_is_said_in_a_sentence(tmp_path: Path) -> None:
    wrong = tmp_path / "diary.json"
    wrong.write_text('{"dear": "diary"}')
    for file, words in ((wrong, "is no certificate of erasure"), (tmp_path / "missing.json", "There is no file")):
        said = CliRunner().invoke(app, ["erasures", "check", str(file)])
        assert (said.exit_code, words in said.output, "validation error" in said.output) == (2, True, False)


def test_times_are_on_the_federations_clock_wherever_the_terminal_is() -> None:
    assert moment(datetime(2026, 3, 8, 20, 30, tzinfo=UTC)) == "2026-03-09 04:30:00"
