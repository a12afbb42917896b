"""Assessment instruments (评估工具): data, so that a tool can draw the form and a service can check the answers.

A version that was used stays here for ever, since answers refer to it; `withdrawn` says that it is not started again.
"""

from __future__ import annotations

from dataclasses import dataclass

from canlian_events.terms import Domain


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer an item allows."""

    value: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `domain` is the service domain it asks about, if it does."""

    code: str
    zh: str
    en: str
    choices: tuple[Choice, ...]
    domain: Domain | None = None

    @property
    def allowed(self) -> tuple[int, ...]:
        return tuple(choice.value for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Level:
    """A band of the result."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """`items` are asked in this order; `min_age` is the youngest it may be used for, in whole years."""

    code: str
    version: str
    zh: str
    en: str
    items: tuple[Item, ...]
    levels: tuple[Level, ...]
    min_age: int = 0
    withdrawn: bool = False
    preamble_zh: str | None = None
    preamble_en: str | None = None

    def item(self, code: str) -> Item | None:
        return next((item for item in self.items if item.code == code), None)

    def level(self, code: str) -> Level | None:
        return next((level for level in self.levels if level.code == code), None)


_DIFFICULTY = (
    Choice(1, "没有困难", "No, no difficulty"),
    Choice(2, "有一些困难", "Yes, some difficulty"),
    Choice(3, "有很大困难", "Yes, a lot of difficulty"),
    Choice(4, "完全不能做", "Cannot do it at all"),
)

WG_SS = Instrument(
    code="wg-ss",
    version="2016",
    zh="华盛顿小组残疾统计简表",
    en="Washington Group Short Set on Functioning",
    min_age=5,
    preamble_zh="以下问题询问您是否因健康问题而在从事某些活动时有困难。",
    preamble_en="The next questions ask about difficulties you may have doing certain activities because of a health "
    "problem.",
    items=(
        Item(
            "seeing",
            "即使戴眼镜，您看东西是否有困难？",
            "Do you have difficulty seeing, even if wearing glasses?",
            _DIFFICULTY,
        ),
        Item(
            "hearing",
            "即使使用助听器，您听声音是否有困难？",
            "Do you have difficulty hearing, even if using a hearing aid?",
            _DIFFICULTY,
        ),
        Item("walking", "您走路或上台阶是否有困难？", "Do you have difficulty walking or climbing steps?", _DIFFICULTY),
        Item(
            "remembering",
            "您记忆或集中注意力是否有困难？",
            "Do you have difficulty remembering or concentrating?",
            _DIFFICULTY,
        ),
        Item(
            "self_care",
            "您生活自理（例如全身洗澡或穿衣）是否有困难？",
            "Do you have difficulty (with self-care such as) washing all over or dressing?",
            _DIFFICULTY,
        ),
        Item(
            "communicating",
            "使用您的日常语言，您与人交流（例如理解别人或被别人理解）是否有困难？",
            "Using your usual (customary) language, do you have difficulty communicating, for example understanding or "
            "being understood?",
            _DIFFICULTY,
        ),
    ),
    levels=(
        Level("no_disability", "未达到残疾界定", "Below the cut-off for disability"),
        Level("disability", "达到残疾界定", "Has a disability by this cut-off"),
    ),
)

_NEED = (
    Choice(0, "不需要", "Not needed"),
    Choice(1, "需要", "Needed"),
    Choice(2, "急需", "Urgent"),
)
_DOMAINS_EN = {
    Domain.DAY_CARE: "Day care",
    Domain.POLICY_ADVICE: "Policy advice",
    Domain.REHABILITATION: "Rehabilitation guidance",
    Domain.PSYCHOLOGICAL: "Psychological support",
    Domain.EDUCATION: "Education and training",
    Domain.EMPLOYMENT: "Sheltered employment",
    Domain.RIGHTS: "Protection of rights",
    Domain.ASSISTIVE_DEVICES: "Assistive devices",
    Domain.CULTURE_SPORT: "Culture and sport",
}

SERVICE_NEEDS = Instrument(
    code="service-needs",
    version="1",
    zh="服务需求清单",
    en="Service needs checklist",
    items=tuple(Item(domain.value, domain.zh, _DOMAINS_EN[domain], _NEED, domain) for domain in Domain),
    levels=(
        Level("none", "暂无需求", "Nothing needed"),
        Level("needed", "有需求", "Something is needed"),
        Level("urgent", "有急需", "Something is urgent"),
    ),
)

INSTRUMENTS: dict[tuple[str, str], Instrument] = {
    (instrument.code, instrument.version): instrument for instrument in (WG_SS, SERVICE_NEEDS)
}
"""Every version there ever was, by code and version."""


def instrument(code: str, version: str) -> Instrument | None:
    return INSTRUMENTS.get((code, version))


def offered() -> list[Instrument]:
    """Those that may be started: not withdrawn."""
    return [instrument for instrument in INSTRUMENTS.values() if not instrument.withdrawn]
