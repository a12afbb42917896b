"""Every text in both languages."""

from canlian_web.language.i18n import untranslated, unused


def test_every_text_has_its_chinese_and_no_chinese_is_left_over() -> None:
    assert untranslated("canlian_person_file") == []
    assert unused("canlian_person_file") == []
