"""The commands against a running system: its real services and its exchange, empty at first."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.support.system import System, running_system

from canlian_operator.demonstration.cast import CODES
from canlian_sheets.columns import ROSTER
from canlian_sheets.made_up.people import made_up_people
from canlian_sheets.made_up.subdistrict import roster_line

PARTS = ("registry", "assistance", "services-catalog", "evaluation", "exchange")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    data = tmp_path_factory.mktemp("whole") / "data"
    with running_system(data, PARTS, {"CANLIAN_LANG": "en"}) as system:
        yield system


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory, system: System) -> Path:
    """The sample's folder, with its communities opened."""
    folder = tmp_path_factory.mktemp("sample")
    assert system.told("sample", str(folder), "--people", "120")
    assert counts(system, "communities", folder / "communities.csv")["created"] == len(CODES)
    return folder


def counts(system: System, kind: str, file: Path, *options: str) -> dict[str, int]:
    read: dict[str, int] = json.loads(system.told("import", kind, str(file), "--json", *options))
    return read


def test_a_roster_is_tried_brought_in_and_brought_in_again(system: System, sheets: Path) -> None:
    roster, back = sheets / "roster.xlsx", sheets / "back.xlsx"
    tried = counts(system, "roster", roster, "--dry-run")
    done = counts(system, "roster", roster, "--refused", str(back))
    again = counts(system, "roster", roster)
    assert tried == done
    assert done["created"] > 100
    assert done["refused"]
    assert (again["created"], again["updated"]) == (0, 0)
    assert again["unchanged"] == done["created"] + done["unchanged"]
    assert back.read_bytes().startswith(b"PK")


def test_an_import_is_undone_by_its_name_once(system: System, sheets: Path) -> None:
    titles = {field.name: field.zh for field in ROSTER}
    lines = [roster_line(person) for person in made_up_people(3, 977, list(CODES))]
    file = sheets / "three.csv"
    rows = [titles[name] for name in lines[0]], *([str(value or "") for value in line.values()] for line in lines)
    file.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    done = system.command("import", "roster", str(file))
    named = re.search(r"import undo (import_\w+)", done.stderr)
    assert named, done.stderr
    assert json.loads(system.told("import", "undo", named[1], "--json")) == {"withdrawn": 3, "restored": 0, "kept": []}
    assert json.loads(system.told("import", "undo", named[1], "--json"))["withdrawn"] == 3
    assert counts(system, "roster", file)["created"] == 3
    unknown = system.command("import", "undo", "import_00000000")
    assert unknown.returncode == 1
    assert "no such import" in unknown.stderr


def test_resources_are_brought_in_and_again_change_nothing(system: System, sheets: Path) -> None:
    first = counts(system, "resources", sheets / "resources.xlsx")
    again = counts(system, "resources", sheets / "resources.xlsx")
    assert first["created"] == again["unchanged"] == first["rows"]


def test_a_file_that_is_no_sheet_is_refused_in_a_sentence(system: System, tmp_path: Path) -> None:
    (tmp_path / "roster.xlsx").write_text("<html>")
    done = system.command("import", "roster", str(tmp_path / "roster.xlsx"))
    assert done.returncode == 1
    assert "not a sheet that can be read" in done.stderr


def test_a_token_opens_the_api(system: System, sheets: Path) -> None:
    token = system.told("token", "--role", "staff", "--community", CODES[0][:9]).strip()
    url = f"http://{system.part('exchange').address}/api/v1/communities"
    answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=10)
    assert answer.status_code == httpx.codes.OK
    assert CODES[0] in answer.text


def test_the_demonstration_walks_the_loop_twice(system: System, sheets: Path) -> None:
    first, second = (json.loads(system.told("demo", "--json")) for _ in range(2))
    for walked in (first, second):
        assert walked["ok"]
        assert [step["title"] for step in walked["steps"] if not step["ok"]] == []
        caused = {step["events"][0] for step in walked["steps"] if step["caused_by"]}
        assert {"NextMatchProposed", "NeedMet", "FeedbackAsked", "NeedRaised"} <= caused
    rates = second["rates"]
    assert rates["after"]["participation"]["numerator"] == rates["before"]["participation"]["numerator"] + 1
    assert rates["after"]["satisfaction"]["numerator"] == rates["before"]["satisfaction"]["numerator"] + 2


def test_the_tail_of_the_log_can_be_read_to_its_end(system: System, sheets: Path) -> None:
    lines = system.told("events", "tail", "--after", "0", "--type", "CommunityOpened", "--json", "--once").splitlines()
    assert [json.loads(line)["data"]["community"] for line in lines] == list(CODES)


def test_a_services_views_are_rebuilt_while_it_runs(system: System, sheets: Path) -> None:
    assert "rebuilt" in system.told("rebuild", "services-catalog")


def test_what_is_there_is_no_place_for_a_demonstration(system: System, sheets: Path) -> None:
    before = system.last_position()
    system.told("load-demo")
    assert system.last_position() == before
