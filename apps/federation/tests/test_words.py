from canlian_web.language.i18n import untranslated, unused


def test_every_text_has_its_chinese() -> None:
    assert untranslated("canlian_federation", "canlian_person_file") == []
    assert unused("canlian_federation") == []
