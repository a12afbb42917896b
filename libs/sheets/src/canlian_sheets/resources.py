"""Providers and their services: one row a service, the provider's facts said again in each."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from canlian_sheets import cells, code_words
from canlian_sheets.columns import RESOURCES
from canlian_sheets.entry import Entry
from canlian_sheets.outcomes import Accepted, Dropped, Outcome, Refused, Repeat
from canlian_sheets.places import Places
from canlian_sheets.tables import Preview, entries, find_complete_table, preview

_EVERYWHERE = frozenset(["全街道", "全部", "全部社区", "所有社区", "全辖区", "不限"])
_EVERYONE = frozenset(["全部", "不限", "所有", "全部类别", "各类", "各类别"])
_ANY = frozenset(["不限", "无", "全部", "-", "/"])
_TITLES = {field.name: field.zh for field in RESOURCES}


@dataclass(frozen=True, slots=True)
class ProviderLine:
    number: str
    name: str
    kind: str | None
    """A code of `code_words.PROVIDER_KINDS`."""
    demonstration: bool
    phone: str | None


@dataclass(frozen=True, slots=True)
class ServiceLine:
    name: str
    domain: str
    """A code of `code_words.DOMAINS`."""
    layer: str | None
    """A code of `code_words.LAYERS`."""
    communities: tuple[str, ...]
    """12-digit codes; empty: the whole subdistrict."""
    classes: tuple[int, ...]
    """Disability classes 1 to 7; empty: every class."""
    lowest_grade: int | None
    """The mildest grade still served (1 to 4); None: any."""
    age_from: int | None
    age_to: int | None
    weekly_places: int
    fee: int | None
    """Fen a session; 0 is free, None not said."""
    access: tuple[str, ...]
    """Codes of `code_words.ACCESS_FEATURES`."""
    access_note: str | None
    """What the sheet says of access that has no code."""
    opening_hours: str | None
    phone: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class ResourceLine:
    provider: ProviderLine
    service: ServiceLine


def read_resources(
    data: bytes, filename: str, communities: Mapping[str, str], mapping: Mapping[str, int] | None = None
) -> Outcome[ResourceLine]:
    """`communities` is name to 12-digit code. Raises `Unreadable` when the file as a whole cannot be read."""
    table = find_complete_table(data, filename, RESOURCES, mapping)
    places = Places(communities)
    dropped: list[Dropped] = []
    providers: dict[str, tuple[int, ProviderLine]] = {}
    services: dict[tuple[str, str], Accepted[ResourceLine]] = {}
    read: list[Accepted[ResourceLine] | Refused | Repeat] = []
    for row in entries(table, ("provider_name", "provider_number", "service_name"), dropped):
        entry = Entry(row, table.recognised.columns)
        line = _line(entry, places, providers)
        if line is None:
            read.append(entry.refused())
            continue
        key = (line.provider.number, line.service.name)
        if (same := services.get(key)) is None:
            providers.setdefault(line.provider.number, (row.row_no, line.provider))
            services[key] = entry.accepted(line)
            read.append(services[key])
        elif same.value == line:
            read.append(Repeat(row.row_no, same.row_no))
        else:
            entry.refuse("repeat_service", row=same.row_no)
            read.append(entry.refused())
    return Outcome(
        table.sheet.name,
        table.header_row,
        table.header,
        table.recognised,
        tuple(read),
        tuple(dropped),
        table.other_sheets,
    )


def preview_resources(data: bytes, filename: str, mapping: Mapping[str, int] | None = None) -> Preview:
    return preview(data, filename, RESOURCES, mapping)


def _line(entry: Entry, places: Places, providers: Mapping[str, tuple[int, ProviderLine]]) -> ResourceLine | None:
    provider = _provider(entry)
    if provider is not None and provider.number in providers:
        row, known = providers[provider.number]
        differing = [
            name for name in ("name", "kind", "demonstration") if getattr(known, name) != getattr(provider, name)
        ]
        if differing:
            columns = {"name": "provider_name", "kind": "provider_kind"}
            shown = "、".join(_TITLES[columns.get(name, name)] for name in differing)
            entry.refuse("provider_conflict", row=row, fields=shown)
    service = _service(entry, places)
    if provider is None or service is None or entry.problems:
        return None
    return ResourceLine(provider, service)


def _provider(entry: Entry) -> ProviderLine | None:
    name, number = entry.text("provider_name"), entry.text("provider_number")
    if name is None:
        entry.refuse("no_provider")
    if number is None:
        entry.refuse("no_provider_number")
    kind = None
    if not entry.blank("provider_kind"):
        kind = code_words.provider_kind(cells.word(entry.cell("provider_kind")))
        if kind is None:
            allowed = "、".join(code_words.PROVIDER_KINDS)
            entry.refuse("bad_kind", found=entry.shown("provider_kind"), allowed=allowed)
    demonstration = cells.yes_no(entry.cell("demonstration"))
    if demonstration is None and not entry.blank("demonstration"):
        entry.refuse("bad_yes_no", column=_TITLES["demonstration"], found=entry.shown("demonstration"))
    if name is None or number is None:
        return None
    number = unicodedata.normalize("NFKC", number).replace(" ", "").upper()
    return ProviderLine(number, name, kind, bool(demonstration), cells.phone(entry.cell("phone"))[0])


def _service(entry: Entry, places: Places) -> ServiceLine | None:
    name = entry.text("service_name")
    if name is None:
        entry.refuse("no_service")
    domain = code_words.domain(cells.word(entry.cell("domain")))
    if domain is None:
        entry.refuse("bad_domain", found=entry.shown("domain"), allowed="、".join(code_words.DOMAINS))
    layer = code_words.layer(cells.word(entry.cell("layer")))
    if layer is None and not entry.blank("layer"):
        entry.refuse("bad_layer", found=entry.shown("layer"))
    age_from, age_to = _ages(entry)
    weekly_places = cells.whole_number(entry.cell("weekly_places"), "人次|个|人|名")
    if weekly_places is None or weekly_places > 100_000:
        entry.refuse("bad_places", found=entry.shown("weekly_places"))
    fee = cells.fen(entry.cell("fee"))
    if fee is None and not entry.blank("fee"):
        entry.refuse("bad_fee", found=entry.shown("fee"))
    access, access_note = _access(entry)
    communities, classes, lowest_grade = _communities(entry, places), _classes(entry), _lowest_grade(entry)
    if name is None or domain is None or weekly_places is None or entry.problems:
        return None
    service = ServiceLine(
        name=name,
        domain=domain,
        layer=layer,
        communities=communities,
        classes=classes,
        lowest_grade=lowest_grade,
        age_from=age_from,
        age_to=age_to,
        weekly_places=weekly_places,
        fee=fee,
        access=access,
        access_note=access_note,
        opening_hours=entry.text("opening_hours"),
        phone=entry.phone("phone"),
        address=entry.text("address"),
    )
    return None if entry.problems else service


def _communities(entry: Entry, places: Places) -> tuple[str, ...]:
    names = cells.words(entry.cell("communities"))
    if not names:
        entry.refuse("no_community")
    if any(name in _EVERYWHERE for name in names):
        return ()
    codes: list[str] = []
    for name in names:
        code, mended = places.find(name)
        if code is None:
            entry.refuse("unknown_community", value=name)
            continue
        if mended:
            entry.mend("communities", "wording")
        codes.append(code)
    return tuple(dict.fromkeys(codes))


def _classes(entry: Entry) -> tuple[int, ...]:
    names = cells.words(entry.cell("classes"))
    if any(name in _EVERYONE for name in names):
        return ()
    found: set[int] = set()
    for name in names:
        disability, _ = code_words.disability(name)
        if disability is None:
            entry.refuse("bad_class", column="classes", found=name)
        else:
            found.add(disability)
    return tuple(sorted(found))


def _lowest_grade(entry: Entry) -> int | None:
    text = cells.word(entry.cell("lowest_grade"))
    if not text or text in _ANY:
        return None
    grade = code_words.grade(text)
    if grade is None:
        entry.refuse("bad_grade", column="lowest_grade", found=entry.shown("lowest_grade"))
    return grade


def _ages(entry: Entry) -> tuple[int | None, int | None]:
    ages: list[int | None] = []
    for field in ("age_from", "age_to"):
        age = cells.whole_number(entry.cell(field), "周岁|岁")
        said = not entry.blank(field) and cells.word(entry.cell(field)) not in _ANY
        if said and (age is None or age > 150):
            entry.refuse("bad_age", found=entry.shown(field))
        ages.append(age)
    lower, upper = ages
    if lower is not None and upper is not None and lower > upper and not entry.problems:
        entry.refuse("bad_age", found=f"{lower}–{upper}")
    return lower, upper


def _access(entry: Entry) -> tuple[tuple[str, ...], str | None]:
    if entry.blank("access"):
        return (), None
    codes, others = [], []
    for name in cells.words(entry.cell("access")):
        code = code_words.access_feature(name)
        if code is None:
            others.append(name)
        else:
            codes.append(code)
    if others:
        entry.mend("access", "kept_as_text")
    return tuple(dict.fromkeys(codes)), "、".join(others) or None
