"""A made-up subdistrict as sheets: communities, a roster with a clerk's slips, and resources."""

import csv
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from canlian_events.numbers import check_character
from canlian_sheets import code_words
from canlian_sheets.columns import COMMUNITIES as COMMUNITY_FIELDS
from canlian_sheets.columns import RESOURCES, ROSTER
from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.roster import RosterPerson

Line = dict[str, object]

_CLASS_NAMES = {number: name for name, number in code_words.CLASSES.items()}
_GRADE_NAMES = {number: name for name, number in code_words.GRADES.items()}
_SEX_NAMES = {code: name for name, code in code_words.SEXES.items()}
_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")

_ONE_IN = 12
"""Every so many rows one has a slip that can be mended."""
_WRONG_ONE_IN = 40
"""Every so many rows one is wrong."""
_REPEATED_ONE_IN = 150
_BLANK_ONE_IN = 100


@dataclass(frozen=True)
class Sample:
    """What the roster holds, so that an import of it can be checked."""

    rows: int
    accept: int
    refuse: Mapping[str, int]
    same_as_earlier: int


def make_sample(folder: Path, people: int = 300, seed: int = 1) -> Sample:
    """Write communities.csv, roster.xlsx and resources.xlsx; the same seed writes the same cells."""
    folder.mkdir(parents=True, exist_ok=True)
    write_communities(folder / "communities.csv", seed)
    _write_resources(folder / "resources.xlsx", seed)
    return _write_roster(folder / "roster.xlsx", people, seed)


def write_communities(path: Path, seed: int) -> None:
    names = [person.name for person in made_up_people(2 * len(COMMUNITIES), seed + 1, ["-"])]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([field.zh for field in COMMUNITY_FIELDS])
        for number, (code, name) in enumerate(COMMUNITIES.items()):
            writer.writerow([code, name, names[2 * number], names[2 * number + 1]])


def _write_roster(path: Path, people: int, seed: int) -> Sample:
    book, sheet = new_sheet("残疾人花名册")
    fields = [field.name for field in ROSTER]
    titles = ["序号", *(field.zh for field in ROSTER)]
    last_column = chr(ord("A") + len(titles) - 1)
    sheet.merged_cells.add(f"A1:{last_column}1")
    sheet.append(["持证残疾人花名册（样例，人物均为虚构）"])
    sheet.append(["填报单位：样例街道残疾人联合会", *[None] * 8, "填报日期：2026年1月"])
    sheet.append(titles)
    rows = repeats = 0
    refuse: Counter[str] = Counter()
    for number, person in enumerate(made_up_people(people, seed, list(COMMUNITIES)), 1):
        line, reason = _with_slips(roster_line(person), person, number)
        repeat = reason is None and number % _REPEATED_ONE_IN == 0
        for _ in range(1 + repeat):
            rows += 1
            sheet.append([rows, *(line[field] for field in fields)])
        repeats += repeat
        refuse.update([reason] if reason else [])
        if number % _BLANK_ONE_IN == 0:
            sheet.append([])
    sheet.append(["合计", f"{rows}人"])
    book.save(path)
    return Sample(rows, rows - refuse.total() - repeats, dict(refuse), repeats)


def roster_line(person: RosterPerson) -> Line:
    """A row without slips, by field."""
    line: Line = {field.name: getattr(person, field.name) for field in ROSTER}
    return line | {
        "community": COMMUNITIES[person.community],
        "sex": _SEX_NAMES[person.sex],
        "disability": _CLASS_NAMES[person.disability],
        "grade": _GRADE_NAMES[person.grade],
        "low_income": "是" if person.low_income else "否",
    }


def _with_slips(line: Line, person: RosterPerson, number: int) -> tuple[Line, str | None]:
    """Each kind of slip in turn; with the reason when it is one for refusing the row."""
    if number % _WRONG_ONE_IN == 7:
        reason, wrong = _wrong(person)[number // _WRONG_ONE_IN % 9]
        return line | wrong, reason
    if number % _ONE_IN == 3:
        mendable = _mendable(person)
        return line | mendable[number // _ONE_IN % len(mendable)], None
    return line, None


def _mendable(person: RosterPerson) -> list[Line]:
    born = person.birth_date
    return [
        {"citizen_id": person.citizen_id.translate(_WIDE)},
        {"name": f" {person.name[0]}\u3000{person.name[1:]} "},
        {"certificate_number": f"{person.certificate_number[:6]} {person.certificate_number[6:]} "},
        {"birth_date": f"{born.year}年{born.month}月{born.day}日"},
        {"birth_date": f"{born.year}.{born.month}.{born.day}"},
        {"birth_date": int(f"{born:%Y%m%d}")},
        {"grade": person.grade},
        {"disability": f"{_CLASS_NAMES[person.disability]}残疾"},
        {"phone": int(person.phone or 0)},
        {"community": COMMUNITIES[person.community].removesuffix("社区")},
        {"community": f"样例街道{COMMUNITIES[person.community]}"},
        {"citizen_id": None},
        {"certificate_number": person.certificate_number.lower()},
    ]


def _wrong(person: RosterPerson) -> list[tuple[str, Line]]:
    number = person.certificate_number
    other_check = "0" if number[17] != "0" else "1"
    month_13 = number[:10] + "13" + number[12:17]
    month_13 += check_character(month_13)
    return [
        ("no_name", {"name": None}),
        ("unknown_community", {"community": "别处社区"}),
        ("short_cert", {"certificate_number": number[:8] + number[9:20]}),
        ("bad_check", {"certificate_number": number[:17] + other_check + number[18:], "citizen_id": None}),
        ("bad_birth", {"certificate_number": month_13 + number[18:], "citizen_id": month_13}),
        ("class_conflict", {"disability": _CLASS_NAMES[person.disability % 7 + 1]}),
        ("grade_conflict", {"grade": _GRADE_NAMES[person.grade % 4 + 1]}),
        ("born_conflict", {"birth_date": date(person.birth_date.year - 1, 6, 15)}),
        ("sex_conflict", {"sex": "女" if person.sex == "male" else "男"}),
    ]


def _write_resources(path: Path, seed: int) -> None:
    book, sheet = new_sheet("服务资源")
    sheet.append([field.zh if field.name != "fee" else "收费(元/次)" for field in RESOURCES])
    for line in _resources(random.Random(seed)):
        sheet.append([line[field.name] for field in RESOURCES])
    book.save(path)


def _resources(chance: random.Random) -> Iterator[Line]:
    """The subdistrict's own home serves every domain everywhere; others serve some, in some communities."""
    home: Line = {"provider_name": "样例街道残疾人之家", "provider_number": "S000", "provider_kind": "残疾人之家"}
    for domain in code_words.DOMAINS:
        everywhere: Line = {"communities": "全街道", "classes": "全部", "lowest_grade": "不限", "fee": 0}
        yield home | {"demonstration": "是"} | _service(chance, "残疾人之家", domain, 0) | everywhere
    kinds = ["社会组织", "企业", "医疗机构", "事业单位", "志愿服务队"]
    for number, name in enumerate(["朝露", "远山", "手牵手", "小橘灯", "同舟", "四叶草", "新芽", "向阳坡"], 1):
        provider: Line = {
            "provider_name": f"{name}助残服务中心",
            "provider_number": f"S{number:03d}",
            "provider_kind": kinds[number % len(kinds)],
            "demonstration": "是" if number % 4 == 0 else "否",
        }
        for domain in chance.sample(list(code_words.DOMAINS), chance.randint(2, 4)):
            yield provider | _service(chance, name, domain, number)


def _service(chance: random.Random, name: str, domain: str, number: int) -> Line:
    age_from, age_to = chance.choice([(0, 120), (0, 17), (16, 59), (18, 120), (60, 120)])
    places = list(COMMUNITIES.values())
    features = list(code_words.ACCESS_FEATURES)
    return {
        "service_name": f"{name}·{domain}",
        "domain": domain,
        "layer": chance.choice(list(code_words.LAYERS)),
        "communities": "、".join(chance.sample(places, chance.randint(1, 4))) if chance.random() < 0.6 else "全街道",
        "classes": "、".join(chance.sample(list(code_words.CLASSES), 2)) if chance.random() < 0.6 else "全部",
        "lowest_grade": chance.choice(["不限", "不限", "四级", "三级", "二级"]),
        "age_from": age_from,
        "age_to": age_to,
        "weekly_places": chance.choice([4, 6, 10, 15, 20, 40]),
        "fee": chance.choice([0, 0, 0, 5, 10, 12.5, 30]),
        "access": "、".join(chance.sample(features, chance.randint(1, 3))),
        "opening_hours": chance.choice(["周一至周五 9:00-17:00", "周一至周六 8:30-18:00", "每日 9:00-20:00"]),
        "phone": f"1990009{number:04d}",
        "address": f"{chance.choice(places)}{chance.randint(1, 200)}号",
    }


def new_sheet(title: str) -> tuple[Workbook, Worksheet]:
    """Written row by row, so that a sample of any size fits in memory."""
    book = Workbook(write_only=True)
    return book, cast(Worksheet, book.create_sheet(title))
