"""The code tables of the services catalog: providers, services and referrals."""

from __future__ import annotations

from canlian_events.terms.common import Term


class Layer(Term):
    """托养照料: the layers of the care network."""

    FAMILY = "family", "家庭"
    COMMUNITY = "community", "社区"
    INSTITUTION = "institution", "机构"


class DeclineReason(Term):
    NO_STAFF = "no_staff", "人手不足"
    NOT_SUITABLE = "not_suitable", "不适合"
    TOO_FAR = "too_far", "距离太远"
    UNREACHABLE = "unreachable", "联系不上本人"
    PERSON_REFUSED = "person_refused", "本人不愿意"
    OTHER = "other", "其他"


class Outcome(Term):
    """How a service ended for the need it answered."""

    MET = "met", "需求已满足"
    PARTLY_MET = "partly_met", "部分满足"
    NOT_MET = "not_met", "未满足"


class ProviderKind(Term):
    MEDICAL = "medical", "医疗机构"
    SOCIAL_ORGANISATION = "social_organisation", "社会组织"
    ENTERPRISE = "enterprise", "企业"
    PUBLIC_INSTITUTION = "public_institution", "事业单位"
    VOLUNTEER_TEAM = "volunteer_team", "志愿服务队"
    MASS_ORGANISATION = "mass_organisation", "群团组织"
    GOVERNMENT = "government", "政府部门"
    SUNSHINE_HOME = "sunshine_home", "残疾人之家"
    SCHOOL = "school", "学校"
    COMMUNITY_ORGANISATION = "community_organisation", "社区组织"
    FEDERATION = "federation", "残联"
    TRADE_UNION = "trade_union", "工会"
    YOUTH_LEAGUE = "youth_league", "共青团"
    WOMENS_FEDERATION = "womens_federation", "妇联"
    LEGAL_AID = "legal_aid", "法律援助"
