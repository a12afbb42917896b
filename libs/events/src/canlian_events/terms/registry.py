"""The code tables of the registry: persons, households, workers, bodies, and why a file is looked at."""

from __future__ import annotations

from typing import Self

from canlian_events.terms.common import DisabilityClass, Term


class WorkerKind(Term):
    STAFF = "staff", "残疾人工作者"
    COMMISSIONER = "commissioner", "专职委员"
    SOCIAL_WORKER = "social_worker", "社工"
    GRID_WORKER = "grid_worker", "网格员"
    DIRECTOR = "director", "社区主任"
    VOLUNTEER = "volunteer", "助残志愿者"


class Post(Term):
    """What somebody is to one community, by name."""

    DIRECTOR = "director", "社区主任"
    GRID_WORKER = "grid_worker", "网格员"
    RESPONSIBLE_MEMBER = "responsible_member", "包保委员"


class Sex(Term):
    MALE = "male", "男"
    FEMALE = "female", "女"


class Hardship(Term):
    """特殊困难家庭: the four kinds, each a care class of its own."""

    MULTIPLE_DISABLED = "multiple_disabled", "一户多残"
    AGED_AND_DISABLED = "aged_and_disabled", "老残一体"
    ORPHANED_OR_SEVERE = "orphaned_or_severe", "孤残重残"
    MULTIPLE_DISABILITIES = "multiple_disabilities", "多重残疾"


class HardshipFact(Term):
    """What about a member puts their household in hardship."""

    DISABLED = "disabled", "家中有残疾成员"
    AGED = "aged", "残疾成员年满60周岁"
    ONLY_CARER_AGED = "only_carer_aged", "唯一的照料人年满60周岁"
    ORPHAN = "orphan", "孤儿且残疾"
    SEVERE = "severe", "残疾等级为一级或二级"
    CLASS_SEVEN = "class_seven", "残疾类别为多重残疾"


class Kinship(Term):
    """What a relative is to the disabled person of the household."""

    SPOUSE = "spouse", "配偶"
    PARENT = "parent", "父母"
    CHILD = "child", "子女"
    SIBLING = "sibling", "兄弟姐妹"
    GRANDPARENT = "grandparent", "祖父母、外祖父母"
    GRANDCHILD = "grandchild", "孙子女、外孙子女"
    OTHER = "other", "其他亲友"


class MemberLeftWhy(Term):
    MOVED_OUT = "moved_out", "迁出"
    DIED = "died", "去世"
    MISTAKE = "mistake", "登记有误"
    ERASED = "erased", "个人信息已删除"
    WITHDRAWN = "withdrawn", "登记已撤销"
    DISSOLVED = "dissolved", "家庭档案已撤销"


class Purpose(Term):
    """What a person consents to, each separately (PIPL art. 29)."""

    SHARE_WITH_PROVIDER = "share_with_provider", "转介时向服务机构提供信息"
    VISITS = "visits", "入户访视"
    CONTACT = "contact", "电话或短信联系"


class FileField(Term):
    """The parts of a person's file, as a showing of it names them."""

    NAME = "name", "姓名"
    CITIZEN_ID = "citizen_id", "身份证号"
    CERTIFICATE = "certificate", "残疾人证号"
    PHONE = "phone", "电话"
    ADDRESS = "address", "住址"
    CONTACT = "contact", "留下的联系方式"
    DISABILITY = "disability", "残疾类别和等级"
    CIRCUMSTANCES = "circumstances", "家庭与生活状况"
    ACCESS_NEEDS = "access_needs", "无障碍需求"
    RECORD = "record", "办理记录"
    WORDS = "words", "本人的话"
    NOTES = "notes", "工作记录"
    ASSESSMENT = "assessment", "评估"


class ShownFor(Term):
    """Why somebody looks at a person's file: each use a stated purpose (PIPL art. 28)."""

    CASEWORK = "casework", "了解情况、安排帮扶"
    NEED = "need", "办理需求"
    VISIT = "visit", "上门访视"
    CALL = "call", "电话联系"
    ASSESSMENT = "assessment", "开展评估"
    REFERRAL = "referral", "办理转介"
    SERVICE = "service", "提供服务"
    FEEDBACK = "feedback", "答复评价"
    APPEAL = "appeal", "办理信访"
    OWN = "own", "本人查阅"
    OVERSIGHT = "oversight", "检查监督"
    REPORT = "report", "制表上报"
    EXCHANGE = "exchange", "与其他系统对接"
    OTHER = "other", "其他"


class ErasureGround(Term):
    """Why personal data is erased. Source: 个人信息保护法 art. 47."""

    REQUEST = "request", "本人要求删除"
    CONSENT_WITHDRAWN = "consent_withdrawn", "本人撤回同意"
    PURPOSE_OVER = "purpose_over", "处理目的已实现、无法实现或不再必要"
    KEPT_LONG_ENOUGH = "kept_long_enough", "保存期限已届满"
    UNLAWFUL = "unlawful", "违法或违约处理"


class MergeGround(Term):
    """Why two files, each with a citizen ID of its own, are of one person."""

    MISTYPED = "mistyped", "证件号码录入有误"
    RENUMBERED = "renumbered", "公安机关更正过身份号码"
    CERTIFIED_TWICE = "certified_twice", "重复办理过残疾人证"


class SpecialKind(Term):
    """专门协会: the five special associations, whose kinds are also the five categories a congress must have."""

    BLIND = "blind", "盲人"
    DEAF = "deaf", "聋人"
    PHYSICAL = "physical", "肢残人"
    INTELLECTUAL = "intellectual", "智力残疾人及亲友"
    PSYCHIATRIC = "psychiatric", "精神残疾人及亲友"

    @classmethod
    def of(cls, disability: DisabilityClass) -> Self | None:
        """The kind of a class: hearing and speech are one; somebody with several belongs to whichever they say."""
        code = {1: "blind", 2: "deaf", 3: "deaf", 4: "physical", 5: "intellectual", 6: "psychiatric"}.get(disability)
        return cls(code) if code else None


class BodyKind(Term):
    """The bodies of a federation, each elected or named for a term."""

    CONGRESS = "congress", "代表大会"
    PRESIDIUM = "presidium", "主席团"
    EXECUTIVE_BOARD = "executive_board", "执行理事会"
    LEADING_GROUP = "leading_group", "领导小组"


class Position(Term):
    """What a member of a body is in it."""

    DELEGATE = "delegate", "代表"
    CHAIR = "chair", "主席"
    VICE_CHAIR = "vice_chair", "副主席"
    DIRECTOR = "board_director", "理事长"
    VICE_DIRECTOR = "vice_board_director", "副理事长"
    HEAD = "head", "组长"
    DEPUTY = "deputy", "副组长"
    MEMBER = "member", "成员"


class Category(Term):
    """Whom a member of a body stands for; somebody may stand for several."""

    DISABLED_PERSON = "disabled_person", "残疾人"
    RELATIVE = "relative", "残疾人亲友"
    ROLE_MODEL = "role_model", "自强模范"
    GRASS_ROOTS = "grass_roots", "基层一线"
    SOCIAL_ORGANISATION = "social_organisation", "社会组织"
    VOLUNTEER = "volunteer", "助残志愿者"
    DEPARTMENT = "department", "政府部门"
    DEPARTMENT_HEAD = "department_head", "承担残疾人工作部门的负责人"
    PARTY_SECRETARY = "party_secretary", "党工委书记"
    OFFICE_DIRECTOR = "office_director", "办事处主任"
    COMMUNITY_SECRETARY = "community_secretary", "社区书记"


class VacancyReason(Term):
    """Why a seat of a body fell vacant."""

    RESIGNED = "resigned", "辞职"
    MOVED_AWAY = "moved_away", "迁出"
    DIED = "died", "去世"
    RECALLED = "recalled", "罢免"
    OFFICE_CHANGED = "office_changed", "职务变动"
    OTHER = "other", "其他"


class Employment(Term):
    EMPLOYED = "employed", "在业"
    UNEMPLOYED = "unemployed", "未就业"
    STUDENT = "student", "在校"
    RETIRED = "retired", "退休"
    UNABLE = "unable", "无劳动能力"


class Schooling(Term):
    NONE = "none", "文盲"
    PRIMARY = "primary", "小学"
    JUNIOR = "junior", "初中"
    SENIOR = "senior", "高中"
    VOCATIONAL = "vocational", "中专"
    COLLEGE = "college", "大专"
    BACHELOR = "bachelor", "本科"
    MASTER = "master", "研究生"
