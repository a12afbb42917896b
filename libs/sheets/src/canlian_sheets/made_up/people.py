"""Made-up people, in the shares of the country's certificate holders (domain.md: made-up people for a demonstration).

Region code 429999 is not assigned, so no number made with it can belong to anyone.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

from canlian_events.numbers import make_citizen_id
from canlian_sheets.roster import RosterPerson

T = TypeVar("T")

REGION = "429999"
COMMUNITIES = {
    f"{REGION}001{number:03d}": name
    for number, name in enumerate(
        ["梧桐社区", "桂花社区", "临湖社区", "松涛社区", "望江社区", "青石社区", "晓园社区", "荷塘社区"], 1
    )
}
"""Code to name."""
TODAY = date(2026, 1, 1)
"""The day the samples are made for: a sample does not change with the calendar."""

CLASS_SHARES = {1: 11, 2: 9, 3: 2, 4: 53, 5: 9, 6: 11, 7: 5}
GRADE_SHARES = {1: 14, 2: 31, 3: 25, 4: 30}

_AGE_SHARES = {(3, 17): 6, (18, 44): 22, (45, 59): 28, (60, 74): 29, (75, 95): 15}
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾"
_GIVEN = "安宁和平春华秋实明远思齐立新文博雅静晓晨云帆雨桐建国志强桂兰秀珍海涛玉芬家乐小满若水"
_ETHNICITIES = {"汉族": 93, "土家族": 3, "回族": 2, "苗族": 1, "满族": 1}
_EDUCATIONS = ("文盲", "小学", "初中", "高中", "中专", "大专", "本科")
_STREETS = ("沿河路", "学府街", "光明巷", "长堤路", "柳荫巷", "新民街")


def made_up_people(n: int, seed: int, communities: Sequence[str]) -> Iterator[RosterPerson]:
    """`n` people over the communities (12-digit codes); the same seed gives the same people."""
    chance = random.Random(seed)
    taken: set[str] = set()
    for _ in range(n):
        yield _person(chance, chance.choice(communities), taken)


def _person(chance: random.Random, community: str, taken: set[str]) -> RosterPerson:
    citizen_id, born = _new_id(chance, taken)
    disability, grade = _weighted(chance, CLASS_SHARES), _weighted(chance, GRADE_SHARES)
    age = TODAY.year - born.year
    has_guardian = age < 18 or disability in (5, 6, 7) or chance.random() < 0.1
    earliest = max(born + timedelta(days=700), date(TODAY.year - 12, 1, 1))
    return RosterPerson(
        community=community,
        name=_name(chance),
        sex="male" if int(citizen_id[16]) % 2 else "female",
        citizen_id=citizen_id,
        birth_date=born,
        disability=disability,
        grade=grade,
        certificate_number=f"{citizen_id}{disability}{grade}{'B1' if chance.random() < 0.01 else ''}",
        certificate_issued=earliest + timedelta(days=chance.randrange(max((TODAY - earliest).days, 1))),
        phone=_phone(chance),
        address=_address(chance),
        guardian_name=_name(chance) if has_guardian else None,
        guardian_phone=_phone(chance) if has_guardian else None,
        ethnicity=_weighted(chance, _ETHNICITIES),
        low_income=chance.random() < 0.2,
        education=None if age < 7 else "小学" if age < 13 else chance.choice(_EDUCATIONS),
        employment=_employment(chance, age, grade),
    )


def _new_id(chance: random.Random, taken: set[str]) -> tuple[str, date]:
    while True:
        youngest, oldest = _weighted(chance, _AGE_SHARES)
        born = TODAY - timedelta(days=chance.randint(youngest * 365 + 300, oldest * 365))
        citizen_id = make_citizen_id(REGION, born, chance.randint(0, 999))
        if citizen_id not in taken:
            taken.add(citizen_id)
            return citizen_id, born


def _name(chance: random.Random) -> str:
    return chance.choice(_SURNAMES) + "".join(chance.sample(_GIVEN, chance.choice((1, 2, 2))))


def _address(chance: random.Random) -> str:
    block, floor, door = chance.randint(1, 9), chance.randint(1, 6), chance.randint(1, 4)
    return f"{chance.choice(_STREETS)}{chance.randint(1, 200)}号{block}栋{floor}0{door}室"


def _phone(chance: random.Random) -> str:
    return f"19900{chance.randrange(10**6):06d}"


def _employment(chance: random.Random, age: int, grade: int) -> str:
    if age < 16:
        return "在校"
    if age >= 60:
        return "退休"
    return chance.choice(("无劳动能力", "未就业") if grade == 1 else ("在业", "未就业", "未就业", "无劳动能力"))


def _weighted(chance: random.Random, shares: dict[T, int]) -> T:
    return chance.choices(list(shares), weights=list(shares.values()))[0]
