"""Who can sign in to the demonstration: one name for each role, all with the same password."""

from dataclasses import dataclass

from canlian_accounts import DEMO_PASSWORD, Accounts
from canlian_chassis.settings import Settings
from canlian_events.meta import Actor
from canlian_operator.demonstration.cast import DIRECTORS, GRID_WORKERS, SOCIAL_WORKERS, STAFF, VOLUNTEERS


@dataclass(frozen=True)
class SignIn:
    login: str
    zh: str
    en: str


SIGN_INS = (
    SignIn("staff", "残联工作人员", "federation staff"),
    SignIn("social", "社工", "social worker"),
    SignIn("grid", "网格员", "grid worker"),
    SignIn("director", "社区主任", "community director"),
    SignIn("volunteer", "助残志愿者", "volunteer"),
    SignIn("provider", "服务机构", "service provider"),
    SignIn("resident", "居民", "resident"),
)
_WORKERS = {
    "staff": STAFF,
    "social": SOCIAL_WORKERS[0],
    "grid": GRID_WORKERS[0],
    "director": DIRECTORS[0],
    "volunteer": VOLUNTEERS[0],
}


def sign_in_names() -> list[tuple[str, str]]:
    """Each name to sign in with, and who that is."""
    return [(f"{one.login} / {DEMO_PASSWORD}", f"{one.zh} · {one.en}") for one in SIGN_INS]


def ensure_accounts(settings: Settings, others: dict[str, tuple[Actor, str]]) -> None:
    """Makes what is missing. `others`: login → who it is and their name, for those who are no workers."""
    accounts = Accounts(settings)
    people = {login: (worker.actor, worker.name) for login, worker in _WORKERS.items()} | others
    for one in SIGN_INS:
        actor, name = people[one.login]
        if accounts.get(one.login) is None:
            accounts.ensure_demo_account(
                one.login,
                actor_id=actor.id,
                roles=actor.roles,
                communities=actor.communities,
                provider_id=actor.provider_id,
                display_name=name,
            )
