# SPDX-License-Identifier: GPL-3.0-or-later
"""Import by the page: how far it is, told while it works, and what came of it."""

from __future__ import annotations

import json
import re
import threading

import pytest
from sqlalchemy import func, select, text

from callsheet.manager.errors import Refused
from callsheet.manager.importer.intake import CHUNK, STAGES
from callsheet.manager.storage.tables import Task
from callsheet.manager.web.pages.imports import REJECTS, comment
from callsheet.manager.web.running import STEADY, Running, Step
from tests.manager.web.page_server import PATIENCE, serving, words


def clients(rows, bad=0):
    """A CSV file with so many rows that can be called, and some that cannot."""
    lines = [f"Callee {n};030 {5000000 + n}" for n in range(rows)] + [f"Nobody {n};xyz" for n in range(bad)]
    return ("name;number\n" + "\n".join(lines) + "\n").encode()


def send(visit, step, data, **options):
    return visit.change(f"/import/{step}", {"country": "DE", "title": "Spring"}, files={"file": ("clients.csv", data)},
                        **options)


def told(answer):
    """What the comments before the page say."""
    return [json.loads(one) for one in re.findall(r"^<!--step (.*)-->$", answer.partition("<!doctype")[0], re.M)]


def stored(database):
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(Task))


def test_a_large_file_tells_how_far_it_is_and_then_what_came_of_it(peopled, manager):
    tried = send(manager, "try", clients(3 * CHUNK, 3))
    assert told(tried.text) and "Import 3000 calls" in words(tried) and stored(peopled) == 0
    done = send(manager, "do", clients(3 * CHUNK, 3))
    assert "Imported 3000 calls." in words(done) and stored(peopled) == 3 * CHUNK
    numbered = [(int(found[1]), one["share"]) for one in told(done.text)
                if (found := re.match(rf"Step (\d) of {len(STAGES)}: ", one["step"]))]
    # In the order of the stages, and never back within one.
    assert numbered and numbered == sorted(numbered)
    assert all(1 <= number <= len(STAGES) and 0 <= share <= 1 for number, share in numbered)


def test_it_is_told_while_the_work_goes_on_and_any_worker_may_do_it(peopled, manager):
    with serving(peopled) as other:
        manager.url = other
        with peopled.write() as db:
            # On SQLite anything makes this the one writer, for whose end the import has to wait.
            db.execute(text("SELECT 1" if peopled.is_sqlite else "LOCK TABLE task IN EXCLUSIVE MODE"))
            answer = send(manager, "do", clients(2 * CHUNK), stream=True)
            lines = answer.iter_lines(decode_unicode=True)
            first = told(next(lines) + "\n")[0]
        assert 0 < first["share"] <= 1 and "rows" in first["text"]
        assert any("Imported 2000 calls." in line for line in lines)


@pytest.mark.parametrize("rows", [1, 2 * CHUNK])
def test_what_is_refused_says_why_and_stores_nothing(peopled, manager, rows):
    answer = send(manager, "do", clients(rows) + b'"never closed')
    assert answer.status_code == (422 if rows == 1 else 200)
    assert 'class="notice bad" data-say' in answer.text and stored(peopled) == 0


def test_what_breaks_off_says_so_and_stores_nothing(peopled, manager, caplog):
    with peopled.write() as db:
        db.execute(text("ALTER TABLE import_run RENAME TO away"))
    answer = send(manager, "do", clients(2 * CHUNK))
    assert "The import broke off on the server." in words(answer) and stored(peopled) == 0
    assert "Callee" not in caplog.text and "an import broke off" in caplog.text


@pytest.mark.parametrize(("language", "step", "dry_run", "said"), [
    ("en", Step("read", 12_000, 48_000, 10.0), False,
     {"share": 0.25, "step": "Step 1 of 3: reading and checking rows",
      "text": "12 000 of at most 48 000 rows · 25 % · about 0:30 left for this step"}),
    ("en", Step("read", 48_000, 48_000, 40.0), False,
     {"share": 1.0, "step": "Step 1 of 3: reading and checking rows",
      "text": "48 000 of 48 000 rows · 100 %"}),
    ("en", Step("compare", 0, 48_000), True,
     {"share": 0.0, "step": "Step 2 of 3: comparing with what is known", "text": "0 of 48 000 rows · 0 %"}),
    ("en", Step("store", 48_000, 48_000), False,
     {"share": 1.0, "step": "Step 3 of 3: storing", "text": "48 000 of 48 000 rows · 100 %"}),
    ("zh", Step("store", 0, 48_000), True, {"share": 0.0, "step": "第 3 步，共 3 步：试保存", "text": "0 / 48 000 行 · 0 %"}),
    ("zh", Step("read", 12_000, 48_000, 10.0), False,
     {"share": 0.25, "step": "第 1 步，共 3 步：读取并检查各行", "text": "12 000 行，最多 48 000 行 · 25 % · 本步约剩 0:30"}),
    ("en", Step(REJECTS), False, {"share": None, "step": "Putting the rejected rows into a file", "text": ""}),
])
def test_a_step_in_words(language, step, dry_run, said):
    assert told(comment(language, step, dry_run).decode()) == [said]


@pytest.mark.parametrize(("step", "share", "rest"), [
    (Step("read", 0, 100, 9.0), 0.0, None), (Step("read", 20, 100, STEADY / 2), 0.2, None),
    (Step("read", 20, 100, 5.0), 0.2, 20.0), (Step("read", 120, 100, 5.0), 1.0, 0.0), (Step("read"), None, None),
])
def test_how_long_it_will_take(step, share, rest):
    assert (step.share, step.rest) == (share, rest)


def test_steps_that_nobody_saw_are_left_out():
    go = threading.Event()

    def work(tell):
        for done in range(1, 1001):
            tell("read", done, 1000)
        assert go.wait(PATIENCE)
        tell("store", 1, 1)
        return "done"

    running = Running(work)
    steps = running.steps()
    first = next(steps)
    while first.done < 1000:
        first = next(steps)
    assert first.stage == "read"
    go.set()
    assert len(list(steps)) <= 1 and running.result() == "done"


def test_work_that_says_nothing_or_fails_comes_to_an_end_too():
    assert (list((quiet := Running(lambda tell: 7)).steps()), quiet.result()) == ([], 7)

    def fails(tell):
        raise Refused("no")

    failed = Running(fails)
    assert list(failed.steps()) == []
    with pytest.raises(Refused, match="no"):
        failed.result()
