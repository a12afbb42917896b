"""Every text, code and refusal in both languages."""

import string
from datetime import UTC, date, datetime
from enum import Enum
from io import BytesIO

import openpyxl
import pytest

from canlian_events.personal import Sealed
from canlian_events.terms import Channel, DisabilityClass, Domain, Grade, Occasion, Role
from canlian_web.export.sheet import workbook
from canlian_web.language.formats import say_date, say_day, say_money, say_number, say_percent, say_time
from canlian_web.language.i18n import LANGUAGES, Lang, texts_in, untranslated, unused
from canlian_web.language.refusals import ids_in, named, say_refusal, wordings
from canlian_web.language.term_labels import options, say, tables
from canlian_web.masking import masked_id, masked_phone

TERMS = [term for table in tables() for term in table]


@pytest.mark.parametrize("package", ["canlian_web", "canlian_example"])
def test_every_text_has_its_chinese_and_no_chinese_is_left_over(package: str) -> None:
    assert untranslated(package) == []
    assert unused(package) == []


def test_texts_inside_f_strings_are_found_and_those_put_together_are_refused() -> None:
    code = b"""f"{place} {page._('born')}"; N_("a" "b"); page.ngettext("%(num)s row", "%(num)s rows", 3); _(named)"""
    keywords = ("_", "N_", "ngettext")
    found = {text for _, _, text, _ in texts_in(BytesIO(code), keywords, (), {})}
    assert found == {"born", "ab", ("%(num)s row", "%(num)s rows")}
    with pytest.raises(ValueError, match="put together"):
        list(texts_in(BytesIO(b"_(f'born {year}')"), keywords, (), {}))


def test_ids_in_a_refusal_are_named_where_a_name_is_known() -> None:
    facts = {"community": "429999001001", "missing": [{"code": "x", "facts": {"who": "worker_1"}}], "number": 2}
    assert set(ids_in(facts)) == {"429999001001", "x", "worker_1"}
    said = named(facts, {"429999001001": "梧桐社区", "worker_1": "王芳"})
    assert said == {"community": "梧桐社区", "missing": [{"code": "x", "facts": {"who": "王芳"}}], "number": 2}


def test_a_refusal_puts_a_word_into_the_form_of_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(wordings(), "test.plural", {"zh": "{minutes} 分钟", "en": "{minutes:minute|minutes}"})
    assert say_refusal("test.plural", {"minutes": 1}, "en") == "1 minute"
    assert say_refusal("test.plural", {"minutes": 2}, "en") == "2 minutes"
    assert say_refusal("test.plural", {"minutes": 2}, "zh") == "2 分钟"


@pytest.mark.parametrize("term", TERMS, ids=lambda term: f"{type(term).__name__}.{term.name}")
def test_every_code_has_words_in_both_languages(term: Enum) -> None:
    assert any("\u4e00" <= character <= "\u9fff" for character in say(term, "zh"))
    assert say(term, "en").isascii()
    assert "_" not in say(term, "en")
    assert not say(term, "en").isdigit()


def test_codes_that_equal_each_other_keep_their_own_words() -> None:
    assert say(DisabilityClass.VISUAL, "en") == "visual"
    assert say(Grade.ONE, "en") == "grade 1"
    assert Occasion.VISIT == Channel.VISIT  # type: ignore[comparison-overlap]
    assert len({say(term, "en") for term in Domain}) == len(Domain)


def test_several_codes_are_joined_in_the_order_of_their_table() -> None:
    assert say(frozenset({Role.DIRECTOR, Role.STAFF}), "zh") == "残联工作人员、社区主任"
    assert say([Domain.RIGHTS, Domain.DAY_CARE], "en") == "rights protection, day care"
    assert say(None, "zh") == "—"


def test_options_begin_with_a_capital() -> None:
    assert options(Domain, "en")[0] == ("day_care", "Day care")


@pytest.mark.parametrize("code", wordings())
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_refusal_is_worded_and_can_be_filled_in(code: str, lang: Lang) -> None:
    text = wordings()[code][lang]
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    said = say_refusal(code, dict.fromkeys(names, "X"), lang)
    assert "{" not in said
    assert any("\u4e00" <= character <= "\u9fff" for character in text) is (lang == "zh")
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize("code", wordings())
def test_both_languages_tell_the_same_facts(code: str) -> None:
    facts = {
        lang: {name for _, name, _, _ in string.Formatter().parse(wordings()[code][lang]) if name} for lang in LANGUAGES
    }
    assert facts["zh"] == facts["en"]


def test_facts_are_worded_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    text = {"zh": "{due}{domain}{roles}{at}", "en": "{due}|{domain}|{roles}|{at}"}
    monkeypatch.setitem(wordings(), "test.words", text)
    facts = {"due": "2026-03-08", "domain": "day_care", "roles": ["staff", "leader"], "at": "2026-03-08T01:05:00Z"}
    assert say_refusal("test.words", facts, "zh") == "2026年3月8日日间照料残联工作人员、领导小组2026年3月8日 09:05"
    english = "8 March 2026|day care|federation staff, leading group|8 March 2026 09:05"
    assert say_refusal("test.words", facts, "en") == english


def test_a_code_nobody_worded_still_gets_a_sentence() -> None:
    assert say_refusal("moon.is_full", {}, "en").startswith("This cannot be done now.")
    assert "moon.is_full" in say_refusal("moon.is_full", {}, "zh")


def test_a_fact_that_did_not_come_leaves_the_sentence_whole() -> None:
    assert "—" in say_refusal("wrong_role", {}, "zh")


def test_a_fact_is_never_taken_for_a_pattern() -> None:
    assert "{x.__class__}" in say_refusal("wrong_community", {"community": "{x.__class__}"}, "en")


def test_dates_and_numbers_are_written_as_each_language_does() -> None:
    moment = datetime(2026, 3, 8, 23, 30, tzinfo=UTC)
    assert say_date(moment, "zh") == "2026年3月9日"
    assert say_time(moment, "en") == "9 March 2026 07:30"
    assert say_day(date(2026, 3, 8), "zh") == "3月8日 周日"
    assert say_day(date(2026, 3, 8), "en") == "Sun 8 Mar"
    assert say_number(1234567, "zh") == "1,234,567"
    assert say_percent(0.1234, "en") == "12.3%"
    assert say_money(123456, "zh") == "¥1,234.56"
    assert say_date(None, "zh") == "—"


def test_masks_show_enough_to_recognise_and_too_little_to_use() -> None:
    assert masked_phone("13812345678") == "138••••5678"
    assert masked_id("429999196001010011") == "429999••••••••••11"
    assert masked_phone("110") == "•••"
    sealed = Sealed(about="person_0000000001", sealed="x")
    assert masked_phone(sealed) is sealed


def test_a_list_becomes_a_sheet_in_which_no_text_is_a_formula() -> None:
    sealed = Sealed(about="person_0000000001", sealed="x")
    rows = [["=1+1", Domain.RIGHTS, 3, date(2026, 3, 8), None, sealed, "+86\x00"]]
    content = workbook("需求/全部", ["a", "b", "c", "d", "e", "f", "g"], rows, "zh")
    sheet = openpyxl.load_workbook(BytesIO(content)).worksheets[0]
    cells = next(sheet.iter_rows(min_row=2))
    assert [cell.value for cell in cells] == ["=1+1", "权益维护", 3, datetime(2026, 3, 8), None, "已加密", "+86"]  # noqa: DTZ001
    assert cells[0].data_type == "s"
    assert cells[0].quotePrefix
