# SPDX-License-Identifier: GPL-3.0-or-later
"""Other sites' pages get nothing done, a viewer changes nothing, and no answer leaves without its headers."""

from __future__ import annotations

import re

import pytest
import requests
from fastapi.routing import APIRoute
from sqlalchemy import select

from callsheet.manager.settings import ManagerSettings, ServeSettings
from callsheet.manager.storage.tables import Audit, CallList, DoNotCall, Task, User
from callsheet.manager.web.guard import is_ours
from callsheet.manager.web.pages import ROUTERS
from tests.manager.web.page_server import PASSWORDS, PATIENCE, serving

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
CHANGES = sorted(route.path for route in ROUTES if route.methods & {"POST", "PUT", "DELETE", "PATCH"})
OWN = {"/sign-in", "/sign-out", "/account/view", "/account/password"}
"""Changes a viewer may make: to the own account."""


def test_every_answer_has_the_headers(page, manager):
    for path in ("/", "/sign-in", "/nowhere", "/lists/999", "/static/app.css", "/live/agents"):
        with manager.get(path, stream=True) as answer:
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            if not path.startswith("/static"):
                assert "no-store" in answer.headers["cache-control"], path


def test_files_with_their_sum_in_the_url_may_be_kept(page, manager):
    path = re.search(r'href="(/static/app\.css\?v=[0-9a-f]+)"', manager.get("/").text)[1]
    assert "immutable" in manager.get(path).headers["cache-control"]
    assert manager.get("/static/../app.py").status_code == 404
    assert manager.get("/static/%2e%2e/app.py").status_code == 404


@pytest.mark.parametrize(("host", "ours"), [
    ("127.0.0.1:8470", True), ("[::1]:8470", True), ("localhost", True), ("calls.example.com", True),
    ("CALLS.example.com.:443", True), ("evil.example", False), ("calls.example.com.evil.example", False), ("", False),
    ("[::1", False), ("user@calls.example.com", True),
])
def test_host_names_that_are_ours(host, ours):
    assert is_ours(host, frozenset({"localhost", "calls.example.com"})) is ours


def test_a_name_that_is_not_ours_gets_nothing(peopled):
    settings = ManagerSettings(serve=ServeSettings(url="https://calls.example.com/"))
    with serving(peopled, settings) as url:
        for host, status in (("calls.example.com", 200), ("rebound.example", 421)):
            assert requests.get(url + "/sign-in", headers={"Host": host}, timeout=PATIENCE).status_code == status


def test_other_sites_cannot_post(manager):
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site"}):
        assert manager.change("/users", {"name": "eve", "role": "manager"}, headers=headers).status_code == 403
        assert requests.post(manager.url + "/sign-in", headers=headers, timeout=PATIENCE,
                             data={"name": "mia", "password": PASSWORDS["mia"]}).status_code == 403


def test_no_change_without_the_page_s_token(manager):
    assert len(CHANGES) > 10
    for path in CHANGES:
        path = re.sub(r"\{\w+\}", "1", path)
        for token in ("", "x" * 43, "ü"):
            manager.csrf = token.encode().decode("latin-1")
            assert path == "/sign-in" or manager.change(path, {"name": "eve", "role": "manager"}).status_code == 403, path


def test_a_viewer_changes_nothing(day, viewer):
    for path in set(CHANGES) - OWN:
        path = re.sub(r"\{\w+\}", "1", path)
        assert viewer.change(path, {"name": "eve", "role": "manager", "numbers": "+4930111", "reason": "x", "source": "101",
                                    "target": "102", "list_id": 1, "agent": "101", "number": "+4930111"}).status_code == 403, path
    with day.read() as db:
        assert db.scalars(select(Audit).where(Audit.who == "victor", Audit.action != "sign-in")).all() == []
        assert db.scalars(select(User.name)).all() == ["mia", "victor"]


def test_a_viewer_sees_no_buttons_that_change(day, viewer):
    for path in ("/", "/problems", "/lists", "/lists/1", "/work", "/search?q=101", "/tasks/1", "/do-not-call", "/account"):
        answer = viewer.get(path)
        assert answer.status_code == 200
        posts = set(re.findall(r'hx-(?:post|put|delete|patch)="([^"]+)"', answer.text))
        assert posts <= OWN and "draggable" not in answer.text
        assert not re.search(r'hx-get="/(?:work/move|lists/\d+/|do-not-call/remove)', answer.text)


def test_a_viewer_is_not_shown_what_only_managers_do(day, viewer):
    first = viewer.get("/").text
    for path in ("/users", "/audit", "/urgent", "/import", "/work/move?source=101", "/lists/1/stop",
                 "/do-not-call/remove?number=1"):
        assert viewer.get(path).status_code == 403
        assert f'href="{path.split("?")[0]}"' not in first


HOSTILE = '<img src=x onerror=alert(1)>"\'</script>{{7*7}}'


def test_what_others_wrote_is_never_html(day, manager):
    with day.write() as db:
        task = db.get(Task, 1)
        task.name = task.region = task.note = HOSTILE
        task.details = {"service": HOSTILE, "extra": {HOSTILE: HOSTILE}, "history": [{"text": HOSTILE, "by": HOSTILE}]}
        call_list = db.get(CallList, task.list_id)
        call_list.title, call_list.state, call_list.stop_reason = HOSTILE, "stopped", HOSTILE
        db.add(DoNotCall(canonical=HOSTILE, reason=HOSTILE, source="manager", by=HOSTILE, at=call_list.created))
        db.add(Audit(at=call_list.created, who=HOSTILE[:60], action=HOSTILE[:60], target=HOSTILE, detail={HOSTILE: HOSTILE}))
        path = f"/lists/{call_list.id}"
    for url in ("/", "/lists", path, f"{path}/stop", "/tasks/1", "/search?q=img", "/search?q=" + requests.utils.quote(HOSTILE),
                "/do-not-call?q=" + requests.utils.quote(HOSTILE), "/problems", "/work", "/audit", "/urgent",
                "/work/move?source=" + requests.utils.quote(HOSTILE)):
        text = manager.get(url).text
        assert "<img" not in text and "</script>{{" not in text and '>"\'' not in text, url
        assert url in ("/", "/work", "/urgent") or "&lt;img" in text, url


def test_a_form_that_cannot_be_read_says_which_field(manager):
    answer = manager.change("/urgent", {"list_id": "many", "agent": "101", "number": "1"})
    assert answer.status_code == 422 and "list_id" in answer.text
    answer = manager.change("/do-not-call", {"numbers": "+4930111", "reason": ""})
    assert answer.status_code == 422 and "reason" in answer.text
