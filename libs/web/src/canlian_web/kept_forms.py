"""What was typed, kept for some minutes where the page it was typed into cannot be answered at once.

That is so where a form has mistakes, where whoever typed was no longer signed in, and where the language is changed
over a form that was answered with mistakes. One way for all: what was typed is kept, the browser is sent (303) to the
page the form stood on, with `?kept=` and a random id after it, and that GET shows it. So no page that a form was
answered with stands in the browser's history as a POST, and Back asks nobody to confirm that a form is sent again.

Where a form has mistakes the page that was made to answer it is kept as well and given out as it is: running its route
once more could do twice what it did besides. In the other cases the form's own page is made anew by its GET route,
whose blank form (`page.blank`) then holds what was typed; a POST route never runs for showing something again. Its
mistakes are said again when it is sent again. A page that draws no such form offers to send what was typed as it is.

The form shown again has the command id it had, for as long as it is kept: whoever goes back from the page after it and
sends it again makes no second command. So it is not thrown away when it was sent, only after `MINUTES`.

What was typed is personal. It is in no address, no log and no cookie: it lies in a file readable by nobody else, sealed
with a key that only the browser has, in a cookie no script reads. The id is in the address so that several tabs keep
several forms; by itself it opens nothing. It is shown to the account alone that the form was drawn for (a form says for
whom by a hash), so whoever signs in next at a shared computer does not see it; and never without the rights that the
page was made with. Files that were chosen are not kept, and the page says so. Passwords are not kept, nor anything else
of the edge's own forms, which is the tool without a prefix. Where nothing can be kept, or a browser does not say which
page a form stood on, the form is answered at once, as it would be without all this.

Processes of a tool share what is kept by sharing the data folder. Those that do not, on several machines, must each get
all requests of a browser, or the form is shown blank.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import os
import re
import secrets
import tempfile
import time
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from canlian_chassis.settings import Settings
from canlian_events.meta import Actor
from canlian_web.forms import COMMAND_ID, SHOWN_TO, Typed, typed_in

QUERY = "kept"
COOKIE = "kept_forms"
MINUTES = 15
_MOST = 1000
"""Forms kept at once; beyond that the oldest go."""
_LARGEST = 2**18
"""Bytes of one as it lies on the disk; a form larger than that is answered at once."""
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_SECRET = re.compile("password|secret")


@dataclass(frozen=True)
class KeptForm:
    """`data`: name and value as the form was sent, the command id among them. `action`: where it was sent to.

    `body`: the page that answered it, for an actor of whom `rights` holds and in the language `lang`; or nothing.
    """

    id: str
    page: str
    action: str
    data: list[tuple[str, str]]
    lacks_files: bool = False
    body: str = ""
    status: int = 200
    lang: str = ""
    rights: str = ""

    @property
    def address(self) -> str:
        """Where it is shown."""
        return f"{self.page}{'&' if '?' in self.page else '?'}{urlencode({QUERY: self.id})}"

    @property
    def command_id(self) -> str:
        return dict(self.data).get(COMMAND_ID, "")

    @property
    def typed(self) -> Typed:
        return typed_in(FormData([*self.data]))

    def is_for(self, actor: Actor) -> bool:
        """Whether the form was drawn for this account."""
        return dict(self.data).get(SHOWN_TO) == shown_to(self.command_id, actor)

    def answered(self, page: Response, lang: str, actor: Actor) -> KeptForm:
        return replace(
            self, body=bytes(page.body).decode(), status=page.status_code, lang=lang, rights=rights_of(actor)
        )


def shown_to(command_id: str, actor: Actor) -> str:
    """What a form says of whom it was drawn for. It differs from form to form, so it tells nobody who that is."""
    return hashlib.sha256(f"{command_id} {actor.id}".encode()).hexdigest()[:32]


def rights_of(actor: Actor) -> str:
    held = sorted(actor.roles), sorted(actor.communities), actor.provider_id, sorted(actor.held)
    return hashlib.sha256(repr((actor.id, held)).encode()).hexdigest()


def begin(request: Request, data: FormData, prefix: str, routes: list[BaseRoute]) -> KeptForm | None:
    """The form just posted, as it would be kept; None where it cannot be."""
    kind = request.headers.get("accept", "")
    page = _page_before(request)
    if not prefix or not page or "application/json" in kind or "hx-request" in request.headers:
        return None
    if COMMAND_ID not in data or any(_SECRET.search(name) for name in data) or not _is_page(page, routes):
        return None
    typed = [(name, value) for name, value in data.multi_items() if isinstance(value, str)]
    action = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return KeptForm(secrets.token_urlsafe(16), page, action, typed, lacks_files=len(typed) < len(data.multi_items()))


def _page_before(request: Request) -> str:
    """The page the form stood on, without what this module and the choice of a language put into its address."""
    before = urlsplit(request.headers.get("referer", ""))
    if before.netloc not in {request.headers.get("host"), request.headers.get("x-forwarded-host")}:
        return ""
    query = [
        (name, value) for name, value in parse_qsl(before.query, keep_blank_values=True) if name not in {QUERY, "lang"}
    ]
    return (before.path or "/") + (f"?{urlencode(query)}" if query else "")


def _is_page(address: str, routes: list[BaseRoute]) -> bool:
    scope = {"type": "http", "method": "GET", "path": urlsplit(address).path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


def keep(kept: KeptForm, request: Request, response: Response, settings: Settings) -> bool:
    """Keep it, and have the browser keep the key. False where that cannot be."""
    key = _key_of(request) or secrets.token_bytes(32)
    nonce = secrets.token_bytes(12)
    plain = zlib.compress(json.dumps(asdict(kept), ensure_ascii=False).encode())
    if len(plain) > _LARGEST:
        return False
    try:
        folder = _folder(settings)
        _make_room(folder)
        handle = os.open(folder / kept.id, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(nonce + AESGCM(key).encrypt(nonce, plain, kept.id.encode()))
    except OSError:
        return False
    secure = request.headers.get("x-forwarded-proto") == "https"
    text = base64.urlsafe_b64encode(key).decode()
    response.set_cookie(COOKIE, text, MINUTES * 60, path="/", secure=secure, httponly=True, samesite="lax")
    return True


def find(request: Request, settings: Settings) -> KeptForm | None:
    """What the address asks to be shown, where this browser has its key and its time is not over."""
    id, key = request.query_params.get(QUERY, ""), _key_of(request)
    if request.method != "GET" or key is None or not _ID.fullmatch(id):
        return None
    try:
        path = _folder(settings) / id
        if path.stat().st_mtime < time.time() - MINUTES * 60:
            path.unlink(missing_ok=True)
            return None
        sealed = path.read_bytes()
        kept = json.loads(zlib.decompress(AESGCM(key).decrypt(sealed[:12], sealed[12:], id.encode())))
    except (OSError, InvalidTag, ValueError, zlib.error):
        return None
    found = KeptForm(**kept | {"data": [(name, value) for name, value in kept["data"]]})
    return found if urlsplit(found.page).path == request.url.path else None


def _key_of(request: Request) -> bytes | None:
    try:
        key = base64.urlsafe_b64decode(request.cookies.get(COOKIE, ""))
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == 32 else None


def _folder(settings: Settings) -> Path:
    """Beside the tool's other data; where that cannot be written, as in a container, in the system's own place."""
    folder = settings.data / "kept-forms"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        folder = Path(tempfile.gettempdir()) / "canlian-kept-forms"
        folder.mkdir(exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(folder)
    return folder


def _make_room(folder: Path) -> None:
    """Throw away what is over, and the oldest where there are too many. Another process may do so at the same time."""
    files: list[tuple[float, Path]] = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            files.append((path.stat().st_mtime, path))
    files.sort()
    over = time.time() - MINUTES * 60
    for number, (when, path) in enumerate(files):
        if when < over or len(files) - number >= _MOST:
            with contextlib.suppress(OSError):
                path.unlink()
