"""The same home, however it is written, and never two homes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canlian_federation.households.addresses import home_of, is_vague

HOME = "幸福路12号3栋2单元402室"


@pytest.mark.parametrize(
    "written",
    [
        HOME,
        "幸福路１２号３栋２单元４０２室",
        " 幸福路 12 号 3 栋 2 单元 402 室 ",
        "幸福路12号3幢2单元402",
        "幸福路12号3号楼2单元402号",
        "幸福路12-3-2-402",
        "幸福路12号－3－2－402室",
        "幸福路12号三栋二单元402室",
        "幸福路十二号3栋2单元四〇二室",
        "幸福路12号3栋2门402房",
        "幸福路12号，3栋2单元（402）",
        "幸福路12号3栋2单元0402室",
        "湖北省武汉市江汉区幸福路12号3栋2单元402室",
        "武汉市江汉区某某街道新华社区幸福路12号3栋2单元402室",
    ],
)
def test_one_home_is_one_home_however_it_is_written(written: str):
    assert home_of(written) == home_of(HOME)


@pytest.mark.parametrize(
    "other",
    [
        "幸福路12号3栋2单元401室",
        "幸福路12号3栋1单元402室",
        "幸福路12号2栋2单元402室",
        "幸福路13号3栋2单元402室",
        "幸福二路12号3栋2单元402室",
        "幸福路123号2单元402室",
        "幸福路12号3栋2单元402",
        "幸福小区12号3栋2单元402室",
    ],
)
def test_another_home_is_another(other: str):
    assert (home_of(other) == home_of(HOME)) == (other == "幸福路12号3栋2单元402")


@pytest.mark.parametrize("nowhere", [None, "", "  ", "新华社区", "幸福路", "不详", "一元路"])
def test_an_address_without_a_number_names_no_home(nowhere: str | None):
    assert home_of(nowhere) is None


def test_a_neighbourhood_of_a_kind_of_name_keeps_it():
    assert home_of("东湖花园小区3栋501") != home_of("西湖花园小区3栋501")
    assert home_of("前进一路3号") != home_of("前进二路3号")
    assert home_of("武汉市青山小区3栋501") == home_of("青山小区3栋501")


def test_a_house_without_a_flat_is_vague():
    assert is_vague(str(home_of("幸福路12号")))
    assert not is_vague(str(home_of(HOME)))


def test_numbers_that_are_spoken_are_numbers():
    assert home_of("幸福路二十三号") == home_of("幸福路23号")
    assert home_of("幸福路一百零五号") == home_of("幸福路105号")
    assert home_of("幸福路十号") == home_of("幸福路10号")


WRITTEN = st.text(alphabet="幸福路小区号栋单元室一二十０1２34-－ 　,，()abA第", max_size=30)


@given(WRITTEN)
def test_what_was_made_equal_stays_so(written: str):
    home = home_of(written)
    assert home is None or home_of(home) == home


@given(st.integers(1, 300), st.integers(1, 30), st.integers(1, 9), st.integers(1, 3000))
def test_different_numbers_are_different_homes(house: int, building: int, entrance: int, flat: int):
    written = f"幸福路{house}号{building}栋{entrance}单元{flat}室"
    assert home_of(written) == f"幸福路{house}-{building}-{entrance}-{flat}"
