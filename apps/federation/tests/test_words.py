from canlian_web.i18n import untranslated, unused


def test_every_text_has_its_chinese() -> None:
    assert untranslated("canlian_federation") == []
    assert unused("canlian_federation") == []
