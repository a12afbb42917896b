"""How names sound, without keeping them."""

import weakref

import pytest

from canlian_person_file import phonetics


@pytest.mark.parametrize(
    ("name", "said"), [("张晓明", "zhang xiao ming"), ("单雄信", "shan xiong xin"), ("Li 娜", "li na")]
)
def test_a_name_is_said_and_not_kept(name: str, said: str) -> None:
    class Name(str):
        """One that can be seen to go."""

    asked = Name(name)
    gone = weakref.ref(asked)
    assert phonetics.pinyin(asked) == said
    del asked
    assert gone() is None
