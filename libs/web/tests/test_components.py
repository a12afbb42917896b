"""The components as pages get them, and the README as its readers get it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from canlian_chassis.settings import Settings
from canlian_events.personal import Sealed
from canlian_events.terms import Domain
from canlian_web.page import context_of
from canlian_web.tool import Tool

HERE = Path(__file__).parents[1]
FACTS = {
    "sealed": Sealed(about="person_0000000001", sealed="x"),
    "nasty": "<b>王</b>",
    "domain": Domain.RIGHTS,
    "at": datetime(2026, 3, 8, 1, 5, tzinfo=UTC),
}
Render = Callable[[str], str]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """What a line of a template comes to, without the blanks between."""
    tool = Tool(
        "test", prefix="/test", package="canlian_example", title="T", routers=[], settings=Settings(data=tmp_path)
    )
    app: FastAPI = tool.app

    def fill(line: str) -> str:
        scope = {"type": "http", "method": "GET", "path": "/test", "query_string": b"", "headers": [], "app": app}
        page = context_of(Request(scope))
        given = {"page": page, "lang": page.lang}
        parts = {
            name: tool.templates.get_template(f"canlian/{name}.html").make_module(given) for name in ("ui", "fields")
        }
        made = tool.templates.from_string(line).render(**given, **parts, **FACTS, form=page.blank(domain="rights"))
        return re.sub(r"\s*\n\s*", "\n", made)

    return fill


def test_a_figure_is_a_link_to_the_list_behind_it(render: Render) -> None:
    made = render('{{ ui.figure("逾期", 1280, href="/late") }}')
    assert 'href="/late"' in made
    assert "1,280" in made


def test_a_rate_says_of_how_many_and_is_silent_on_too_few(render: Render) -> None:
    assert "75%" in render('{{ ui.rate("满意率", 6, 8, least=5) }}')
    assert "8 中的 6" in render('{{ ui.rate("满意率", 6, 8, least=5) }}')
    few = render('{{ ui.rate("满意率", 3, 4, least=5) }}')
    assert "数量太少" in few
    assert "%" not in few


def test_what_people_typed_is_text_everywhere(render: Render) -> None:
    lines = [
        '{{ ui.table(nasty, [nasty], [[nasty], [{"text": nasty, "href": "/x"}]]) }}',
        "{{ ui.summary([(nasty, nasty)]) }}",
        '{{ ui.timeline([{"at": at, "what": nasty, "who": nasty, "note": nasty}]) }}',
        "{{ ui.tag(nasty) }}{{ ui.nothing(nasty) }}{{ ui.figure(nasty, nasty) }}{{ ui.personal(nasty) }}",
        '{{ ui.chart(nasty, [nasty, "n"], [[nasty, 1]]) }}',
        "{{ ui.breadcrumbs([(nasty, '/'), (nasty, none)]) }}",
        '{{ fields.text(form, "a", nasty, hint=nasty) }}{{ fields.radios(form, "b", nasty, [("1", nasty)]) }}',
        '{{ fields.button("/x", nasty, hidden={"a": nasty}, about=nasty) }}',
    ]
    for line in lines:
        made = render(line)
        assert "王" in made
        assert "<b>" not in made


def test_a_sealed_value_is_said_to_be_sealed_wherever_it_stands(render: Render) -> None:
    for line in (
        "{{ ui.table('t', ['a', 'b'], [['x', sealed]]) }}",
        "{{ ui.summary([('a', sealed)]) }}",
        "{{ ui.personal(sealed) }}",
    ):
        made = render(line)
        assert "已加密" in made
        assert "person_" not in made


def test_a_table_without_rows_says_so_and_offers_no_sheet(render: Render) -> None:
    made = render('{{ ui.table("名单", ["a"], [], export="/x", empty="还没有人。") }}')
    assert "还没有人。" in made
    assert "/x" not in made


def test_a_row_may_be_written_by_the_page_itself(render: Render) -> None:
    made = render('{% call(row) ui.table("名单", ["a"], [1, 2]) %}<td>第 {{ row }} 行</td>{% endcall %}')
    assert "<td>第 2 行</td>" in made


def test_a_chart_always_has_its_table(render: Render) -> None:
    made = render('{{ ui.chart("参与率", ["社区", "率"], [["桃源", 0.625], ["和平", none]], unit="%") }}')
    assert "62.5%" in made
    assert "—" in made
    assert 'aria-hidden="true"' in made


def test_the_domains_are_pictures_with_their_names(render: Render) -> None:
    made = render('{{ fields.domains(form, "domain", "需要什么?") }}')
    assert made.count("<svg") == len(Domain)
    assert re.search(r'value="rights" checked', made)
    assert "权益维护" in made


def test_a_form_bears_an_id_so_that_it_counts_once(render: Render) -> None:
    made = render('{% call fields.post("/x", form, send="提交") %}{% endcall %}')
    assert re.search(r'name="command_id" value="[0-9a-f-]{36}"', made)


def test_moments_are_told_by_the_clock_of_the_federation(render: Render) -> None:
    assert render("{{ at | time }} {{ at | day }} {{ domain | say }}") == "2026年3月8日 09:05 3月8日 周日 权益维护"


def test_the_readme_shows_the_example_that_the_tests_run() -> None:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    example = HERE / "example/canlian_example"
    snippets = re.findall(r"```(?:python|html)\n(.*?)```", readme, re.DOTALL)
    sources = [
        (example / "tool.py").read_text(encoding="utf-8"),
        (example / "templates/needs.html").read_text(encoding="utf-8"),
    ]
    assert [any(snippet.strip() in source for source in sources) for snippet in snippets] == [True, True]
