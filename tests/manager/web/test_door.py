# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets in, for how long, and who does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests
import trustme
from sqlalchemy import select, update

from callsheet.manager.storage.tables import Audit, Session, User
from callsheet.manager.web import sessions, throttle
from tests.manager.web.page_server import PASSWORDS, PATIENCE, Visit, serving, words

PAGES = ("/", "/problems", "/lists", "/work", "/search", "/do-not-call", "/users", "/audit", "/urgent", "/import",
         "/account", "/live/agents")


def test_nobody_sees_anything_without_signing_in(page):
    visit = Visit(page)
    for path in PAGES:
        answer = visit.get(path)
        assert answer.status_code in (303, 401), path
        assert answer.headers.get("location", "/sign-in").startswith("/sign-in")
    answer = visit.change("/users", {"name": "eve", "role": "manager"})
    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_after_signing_in_the_page_that_was_asked_for_comes(page):
    visit = Visit(page)
    target = visit.get("/lists?x=1").headers["location"]
    assert target == "/sign-in?next=/lists%3Fx%3D1"
    answer = visit.http.post(page + "/sign-in", allow_redirects=False, timeout=PATIENCE,
                             data={"name": "mia", "password": PASSWORDS["mia"], "next": "/lists?x=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/lists?x=1")


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", ""])
def test_signing_in_never_leads_to_another_host(page, target):
    answer = requests.post(page + "/sign-in", allow_redirects=False, timeout=PATIENCE,
                           data={"name": "mia", "password": PASSWORDS["mia"], "next": target})
    assert answer.headers["location"] == "/"


def test_the_cookie_is_random_bound_and_stored_only_as_a_hash(page, peopled):
    visit = Visit(page)
    first = visit.http.post(page + "/sign-in", allow_redirects=False, timeout=PATIENCE,
                            data={"name": "mia", "password": PASSWORDS["mia"], "zone": "Asia/Shanghai"})
    token = first.cookies["callsheet"]
    header = first.headers["set-cookie"]
    assert "HttpOnly" in header and "SameSite=strict" in header and "Path=/" in header
    with peopled.read() as db:
        stored = db.scalars(select(Session)).one()
        assert token not in (stored.sha256, stored.csrf) and stored.sha256 == sessions.digest(token)
        assert db.scalars(select(User.password)).first().startswith("scrypt$")
    again = Visit(page)
    again.sign_in("mia")
    assert again.http.cookies["callsheet"] != token


def test_under_tls_the_cookie_is_secure_and_bound_to_the_host(peopled, tmp_path):
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serving(peopled, ssl_keyfile=tmp_path / "key.pem", ssl_certfile=tmp_path / "cert.pem") as url:
        visit = Visit(url)
        visit.http.verify = str(tmp_path / "ca.pem")
        answer = visit.http.post(url + "/sign-in", allow_redirects=False, timeout=PATIENCE,
                                 data={"name": "mia", "password": PASSWORDS["mia"]})
        assert "__Host-callsheet=" in answer.headers["set-cookie"] and "Secure" in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert visit.get("/").status_code == 200


def test_wrong_names_and_passwords_get_the_same_answer(page):
    answers = [Visit(page).sign_in(name, "wrong password") for name in ("mia", "nobody")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert all("Wrong user name or password." in answer.text for answer in answers)
    assert "nobody" in answers[1].text  # only in the field it was typed into


def test_a_user_s_password_can_be_tried_only_so_often(page, peopled):
    for _ in range(throttle.PER_USER):
        assert Visit(page).sign_in("mia", "guess").status_code == 403
    refused = Visit(page).sign_in("mia")
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    assert Visit(page).sign_in("victor").status_code == 200
    with peopled.write() as db:
        db.execute(update(Audit).values(at=datetime.now(UTC) - throttle.SPAN - timedelta(seconds=1)))
    assert Visit(page).sign_in("mia").status_code == 200


def test_one_address_can_try_only_so_many_names(page):
    for number in range(throttle.PER_ADDRESS):
        assert Visit(page).sign_in(f"name{number}", "guess").status_code == 403
    assert Visit(page).sign_in("victor").status_code == 429


def test_slips_before_the_right_password_are_forgiven(page):
    for _ in range(2):
        for _ in range(throttle.PER_USER - 1):
            Visit(page).sign_in("mia", "slip")
        assert Visit(page).sign_in("mia").status_code == 200


def test_what_is_typed_as_a_name_is_not_written_down_unless_it_is_one(page, peopled):
    Visit(page).sign_in("my secret password", "x")
    Visit(page).sign_in("mia", "x")
    with peopled.read() as db:
        targets = list(db.scalars(select(Audit.target)))
    assert "user:mia" in targets and not any("secret" in target for target in targets)


@pytest.mark.parametrize(("address", "counted"), [
    ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("", "unknown"), ("unix", "unix"),
])
def test_places_that_tries_are_counted_by(address, counted):
    assert throttle.place(address) == counted


@pytest.mark.parametrize("change", [
    {"expires": timedelta(seconds=-1)}, {"created": -timedelta(hours=12, seconds=1)},
])
def test_sessions_end_when_idle_and_in_any_case(manager, peopled, change):
    assert manager.get("/lists").status_code == 200
    with peopled.write() as db:
        db.execute(update(Session).values({key: datetime.now(UTC) + value for key, value in change.items()}))
    assert manager.get("/lists").status_code == 303


def test_use_puts_off_the_idle_end_and_looking_on_does_not(manager, peopled):
    soon = datetime.now(UTC) + timedelta(minutes=5)
    with peopled.write() as db:
        db.execute(update(Session).values(expires=soon))
    with manager.get("/live/agents", stream=True) as stream:
        assert stream.status_code == 200
    with peopled.read() as db:
        assert db.scalars(select(Session.expires)).one() == soon
    manager.get("/lists")
    with peopled.read() as db:
        assert db.scalars(select(Session.expires)).one() > soon


def test_signing_out_ends_the_session_on_the_server(manager, peopled):
    cookie = manager.http.cookies["callsheet"]
    assert manager.change("/sign-out").headers["HX-Redirect"] == "/sign-in"
    with peopled.read() as db:
        assert db.scalars(select(Session)).all() == []
    assert requests.get(manager.url + "/", cookies={"callsheet": cookie}, allow_redirects=False,
                        timeout=PATIENCE).status_code == 303


def test_a_new_password_signs_other_browsers_out(page, manager):
    other = Visit(page)
    other.sign_in("mia")
    wrong = manager.change("/account/password", {"old": "not it", "new": "a much better one"})
    assert wrong.status_code == 422 and "present password is wrong" in words(wrong)
    short = manager.change("/account/password", {"old": PASSWORDS["mia"], "new": "short"})
    assert short.status_code == 422 and "10 to 256" in words(short)
    assert manager.change("/account/password", {"old": PASSWORDS["mia"], "new": "a much better one"}).status_code == 200
    assert manager.get("/lists").status_code == 200
    assert other.get("/lists").status_code == 303
    assert Visit(page).sign_in("mia").status_code == 403
    assert Visit(page).sign_in("mia", "a much better one").status_code == 200


def test_where_nobody_can_sign_in_yet_the_form_says_how(database):
    with serving(database) as url:
        assert "callsheet manager user add" in words(Visit(url).get("/sign-in"))
