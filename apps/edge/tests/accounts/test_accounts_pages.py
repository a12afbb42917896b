"""One's own account, and the accounts that staff keep, through the real Caddy."""

import re
import time
from html import unescape
from io import BytesIO

import httpx
import pyotp
import pytest
from apps.edge.tests.system import PASSWORD, System
from openpyxl import load_workbook

from canlian_accounts.throttling import TRIES_ALLOWED
from canlian_events.terms import Role

STAFF = "worker_0000000021"
HERE = "429999001003"


@pytest.fixture
def staff(system: System) -> httpx.Client:
    add(system, "keeper", STAFF, Role.STAFF, "429999001")
    return system.signed_in("keeper")


def add(system: System, login: str, actor: str, role: Role, *communities: str) -> None:
    system.accounts.upsert_account(login, actor_id=actor, roles=[role], communities=communities, password=PASSWORD)


def href(page: httpx.Response, text: str) -> str:
    found = re.search(rf'href="(/federation/accounts/[0-9a-f]+)">{text}<', page.text)
    assert found, page.text
    return found[1]


def words(page: httpx.Response) -> str:
    return unescape(page.text)


def test_the_page_of_ones_account_lists_where_one_is_signed_in(system: System) -> None:
    add(system, "two.places", "worker_0000000022", Role.GRID_WORKER, HERE)
    phone = system.browser(**{"User-Agent": "Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile"})
    phone.post("/sign-in", data={"login": "two.places", "password": PASSWORD})
    desk = system.signed_in("two.places")
    page = desk.get("/account")
    assert page.status_code == 200
    assert "Chrome · Android" in page.text
    assert "127.0.0.0/24" in page.text
    assert desk.post("/account/sessions/end", data={"session": "others"}).status_code == 303
    assert phone.get("/account").status_code == 303
    assert desk.get("/account").status_code == 200


def test_a_password_is_changed_and_its_rules_are_said_beside_the_field(system: System) -> None:
    add(system, "changing", "worker_0000000023", Role.VOLUNTEER, HERE)
    client = system.signed_in("changing")
    for typed, again, said in (
        ("short", "short", "密码至少 8 个字符"),
        ("changing-2026", "changing-2026", "不能有登录名或姓名"),
        ("blue river stone", "blue river", "两次输入的新密码不一样"),
    ):
        answer = client.post("/account/password", data={"old": PASSWORD, "new": typed, "again": again})
        assert answer.status_code == 422
        assert said in answer.text
        assert f'value="{typed}"' not in answer.text
    new = {"new": "blue river stone", "again": "blue river stone"}
    assert "现在的密码不对" in client.post("/account/password", data=new | {"old": "wrong"}).text
    done = client.post("/account/password", data=new | {"old": PASSWORD})
    assert done.status_code == 303
    assert client.get("/account").status_code == 200


def test_a_second_factor_is_set_up_and_asked_for_and_its_paper_code_works_once(system: System) -> None:
    add(system, "two.factors", "worker_0000000024", Role.SOCIAL_WORKER, HERE)
    client = system.signed_in("two.factors")
    page = client.get("/account/second-factor")
    assert "<svg" in page.text
    secret = re.search(r"密钥：([A-Z2-7 ]+)", page.text)
    assert secret is not None
    totp = pyotp.TOTP(secret[1].replace(" ", ""))
    assert "验证码不对" in client.post("/account/second-factor", data={"code": "abc"}).text
    shown = client.post("/account/second-factor", data={"code": totp.now()})
    codes = re.findall(r"<code>([a-z0-9-]+)</code>", shown.text)
    assert len(codes) == 10
    half = system.browser()
    sent = {"login": "two.factors", "password": PASSWORD, "next": "/social-worker/needs"}
    assert half.post("/sign-in", data=sent).headers["location"] == "/sign-in/code?next=%2Fsocial-worker%2Fneeds"
    assert half.get("/account").status_code == 303
    assert half.post("/sign-in/code", data={"code": "000 000"}).status_code == 409
    in_ = half.post("/sign-in/code", data={"code": codes[0], "next": "/social-worker/needs"})
    assert in_.headers["location"] == "/social-worker/needs"
    assert "还剩 9 个恢复码" in half.get("/account").text
    assert half.post("/account/second-factor/off", data={"code": codes[0]}).status_code == 422
    assert half.post("/account/second-factor/off", data={"code": codes[1]}).status_code == 303


def test_the_cookie_of_a_session_is_secure_where_the_page_is(system: System) -> None:
    sent = {"login": "social.worker", "password": PASSWORD}
    plain = system.browser().post("/sign-in", data=sent).headers["set-cookie"]
    behind = {"X-Forwarded-Proto": "https"}
    secure = system.browser().post("/sign-in", data=sent, headers=behind).headers["set-cookie"]
    assert "Secure" not in plain
    for wanted in ("Secure", "HttpOnly", "SameSite=lax"):
        assert wanted in secure


@pytest.mark.parametrize("login", ["locking", "nobody.at.all"])
def test_who_guesses_is_told_the_same_whether_there_is_such_an_account(system: System, login: str) -> None:
    add(system, "locking", "worker_0000000025", Role.VOLUNTEER, HERE)
    client = system.browser()
    tell = [client.post("/sign-in", data={"login": login, "password": "guess"}).text for _ in range(TRIES_ALLOWED + 1)]
    assert all("账号或密码不对" in said for said in tell[:-1])
    assert "请 1 分钟后再试" in tell[-1]
    system.accounts._lockout.unlock(login)


def test_staff_add_an_account_whose_first_password_is_changed_at_once(system: System, staff: httpx.Client) -> None:
    listed = words(staff.get("/federation/accounts"))
    menu = listed[listed.index('<nav class="nav"') : listed.index("</nav>")]
    assert re.search(r'href="/federation">总览<', menu), "the accounts have the menu of the federation's tool"
    assert 'href="/federation/accounts" aria-current="page"' in menu
    assert 'href="/federation/looked"' in menu
    sent = {"login": "newcomer", "display_name": "新同事", "roles": ["grid_worker"], "communities": HERE}
    shown = staff.post("/federation/accounts/new", data=sent | {"actor_id": "worker_0000000026"})
    password = re.search(r"<code>([a-z0-9-]+)</code>", shown.text)
    assert password is not None, shown.text
    assert staff.post("/federation/accounts/new", data=sent).status_code == 422
    newcomer = system.browser()
    first = newcomer.post("/sign-in", data={"login": "newcomer", "password": password[1]})
    assert first.headers["location"] == "/account/password"
    assert newcomer.get("/volunteer").json()["headers"].get("x-canlian-name") is None
    new = {"old": password[1], "new": "green hill lamp", "again": "green hill lamp"}
    assert newcomer.post("/account/password", data=new).headers["location"] == "/social-worker"
    assert "新同事" in words(newcomer.get("/account"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"roles": []}, "角色：请填写"),
        ({"login": "张 三/"}, "登录名只能用汉字、字母、数字"),
        ({"communities": "plane trees"}, "社区代码不对"),
        ({"communities": []}, "请选择社区"),
        ({"communities": "310000001001"}, "只能授予自己负责的社区"),
        ({"roles": ["operator"]}, "这个角色由系统管理员授予"),
        ({"roles": ["resident"]}, "要写明编号"),
    ],
)
def test_what_is_wrong_with_an_account_is_said(staff: httpx.Client, wrong: dict[str, object], said: str) -> None:
    sent = {"login": "wrongly", "roles": ["grid_worker"], "communities": HERE} | wrong
    answer = staff.post("/federation/accounts/new", data=sent)
    assert answer.status_code == 422
    assert said in answer.text


def test_staff_reset_lock_out_and_let_in_and_each_act_is_kept(system: System, staff: httpx.Client) -> None:
    add(system, "kept", "worker_0000000027", Role.VOLUNTEER, HERE)
    signed_in = system.signed_in("kept")
    one = href(staff.get("/federation/accounts"), "kept")
    assert "kept" not in one
    assert staff.post(f"{one}/disable").status_code == 303
    assert signed_in.get("/account").status_code == 303
    assert staff.post(f"{one}/enable").status_code == 303
    assert re.search(r"<code>[a-z0-9-]+</code>", staff.post(f"{one}/password").text)
    acts = [(act.what, act.by) for act in system.accounts.acts({"worker_0000000027"})][:3]
    assert acts == [("password_reset", STAFF), ("enabled", STAFF), ("disabled", STAFF)]
    changed = {"roles": ["grid_worker"], "communities": HERE, "actor_id": "worker_0000000027"}
    assert staff.post(one, data=changed).status_code == 303
    account = system.accounts.get("kept")
    assert account is not None
    assert account.roles == ["grid_worker"]
    page = words(staff.get("/federation/accounts"))
    assert "重设密码" in page
    book = load_workbook(BytesIO(staff.get("/federation/accounts/accounts.xlsx").content))
    assert "kept" in {row[0].value for row in book.active.iter_rows(min_row=2)}  # type: ignore[union-attr]


def test_staff_see_no_accounts_of_others_and_do_not_lock_themselves_out(system: System, staff: httpx.Client) -> None:
    add(system, "elsewhere", "worker_0000000028", Role.STAFF, "310000001")
    system.accounts.upsert_account("root", actor_id="operator_1", roles=[Role.OPERATOR], password=PASSWORD)
    page = staff.get("/federation/accounts")
    assert "elsewhere" not in page.text
    assert ">root<" not in page.text
    mine = href(page, "keeper")
    assert staff.post(f"{mine}/disable").status_code == 409
    assert staff.post(mine, data={"roles": ["leader"], "communities": "429999001"}).status_code == 422


def test_only_staff_keep_accounts(system: System) -> None:
    assert system.signed_in("social.worker").get("/federation/accounts").status_code == 403
    assert system.browser().get("/federation/accounts").status_code == 303


def test_time_tells_nothing_about_an_account(system: System) -> None:
    def took(login: str) -> float:
        began = time.perf_counter()
        system.browser().post("/sign-in", data={"login": login, "password": "guess"})
        return time.perf_counter() - began

    known, unknown = min(took("social.worker") for _ in range(3)), min(took("nobody.here") for _ in range(3))
    assert 0.2 < known / unknown < 5, "hashing takes some hundred milliseconds, all else a few"
