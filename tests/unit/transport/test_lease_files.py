# SPDX-License-Identifier: GPL-3.0-or-later
"""Lease files step by step: what a phone finds, writes and says in cases with a name. Chance has its turn in the model."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callsheet.adapters.transport.lanes import sort
from callsheet.adapters.transport.lease_steps import NotKept
from callsheet.formats.lease import read_file, write_lease
from callsheet.formats.names import lease_name
from callsheet.ports import Waiting
from tests.model.lease_world import LENGTH, Phone, World


@pytest.fixture
def world() -> World:
    return World(3, exclusive=True, skews=(0.0, 30.0, -30.0))


def ask(phone: Phone, action: str) -> None:
    phone.ask(action)
    phone.finish()
    phone.world.check()


def names(world: World) -> list[str]:
    return sorted(name.removeprefix("lease-101-") for name in world.server.files)


def states(world: World) -> list[tuple[str, str]]:
    return [(file.phone, file.state) for file in world.server.read().values()]


def leave(phone: Phone) -> None:
    phone.release()
    phone.finish()


def test_a_file_is_named_after_agent_day_and_number() -> None:
    day = datetime(2026, 11, 25, tzinfo=UTC).date()
    assert lease_name("1 0/1", day, 1) == "lease-1_0_1-20261125-01.json"


def test_a_phones_own_file_of_today_is_used_again(world: World) -> None:
    a, b, _ = world.phones
    ask(a, "claim")
    leave(a)
    ask(a, "claim")
    assert names(world) == ["20261125-01.json"]
    leave(a)
    ask(b, "claim")
    assert states(world) == [("p0", "released"), ("p1", "held")]


def test_wishes_are_served_in_their_order(world: World) -> None:
    a, b, c = world.phones
    ask(a, "claim")
    for phone in (b, c):
        ask(phone, "claim")
        ask(phone, "take-over")
    ask(a, "renew")
    assert a.asked_by == "p1"
    leave(a)
    ask(c, "take-over")
    assert c.refused and c.refused.holder == "p1"
    ask(b, "take-over")
    assert b.signed_in
    assert b.asked_by == "p2", "whose turn is next is asked for at once"


def test_a_wish_that_is_given_up_stands_in_nobodys_way(world: World) -> None:
    a, b, c = world.phones
    ask(a, "claim")
    ask(b, "take-over")
    b.give_up()
    leave(a)
    ask(c, "claim")
    assert c.may_dial


def test_a_wish_whose_phone_is_gone_ends_by_itself(world: World) -> None:
    a, b, c = world.phones
    ask(a, "claim")
    ask(b, "take-over")
    b.cut()
    leave(a)
    ask(c, "claim")
    assert not c.signed_in
    world.time += 500.0
    ask(c, "claim")
    assert c.may_dial


def test_only_the_phone_that_the_agent_was_told_of_is_pushed_aside(world: World) -> None:
    a, b, c = world.phones
    ask(a, "claim")
    ask(c, "claim")
    a.cut()
    ask(b, "claim")
    ask(b, "force")
    assert b.may_dial
    ask(c, "force")
    assert not c.signed_in
    assert c.refused and c.refused.holder == "p1"


def test_after_midnight_the_lease_moves_to_a_file_of_the_new_day(world: World) -> None:
    a, b, _ = world.phones
    ask(a, "claim")
    since = a.since
    world.time += 1500.0
    for _ in range(2):
        ask(a, "renew")
        world.time += 60.0
    assert names(world) == ["20261125-01.json", "20261126-01.json"]
    assert states(world) == [("p0", "released"), ("p0", "held")]
    assert a.since == since and a.may_dial
    ask(b, "claim")
    assert b.refused and b.refused.holder == "p0"
    leave(a)
    assert {state for _, state in states(world)} == {"released"}


def test_an_agent_who_never_leaves_is_found_after_days(world: World) -> None:
    a, b, _ = world.phones
    ask(a, "claim")
    for _ in range(4 * 24 * 2):
        world.time += 1800.0
        ask(a, "renew")
        assert a.may_dial
    ask(b, "claim")
    assert b.refused and b.refused.holder == "p0"


def test_a_file_that_somebody_deleted_is_claimed_anew(world: World) -> None:
    a, b, _ = world.phones
    ask(a, "claim")
    world.server.files.clear()
    ask(a, "renew")
    assert a.may_dial
    world.server.files.clear()
    b.ask("claim")
    b.finish()
    ask(a, "renew")
    assert b.may_dial
    assert not a.may_dial, "whose file was deleted while it was in force learns of the other when it renews"


def test_a_file_that_cannot_be_read_is_some_phones_and_can_be_forced(world: World) -> None:
    a, b, _ = world.phones
    ask(a, "claim")
    (name,) = world.server.files
    world.server.files[name] = world.server.files[name][:40]
    ask(b, "claim")
    assert b.refused and b.refused.holder == "?"
    a.cut()
    ask(b, "force")
    assert b.may_dial


def test_a_server_that_keeps_nothing_is_no_place_for_leases(world: World) -> None:
    a = world.phones[0]

    class Sieve(dict[str, bytes]):
        def __setitem__(self, name: str, body: bytes) -> None:
            pass

    world.server.files = Sieve()
    with pytest.raises(NotKept):
        ask(a, "claim")


def test_what_comes_late_reaches_the_one_who_took_over(world: World) -> None:
    a, b, c = world.phones
    ask(a, "claim")
    a.own = {"t1"}
    ask(a, "renew")
    a.own = {"t1", "t2"}
    a.cut()
    ask(b, "claim")
    ask(b, "force")
    assert b.known == {"t1"}
    a.on = True
    ask(a, "claim")
    leave(a)
    ask(b, "renew")
    assert b.known == {"t1", "t2"}
    leave(b)
    ask(c, "claim")
    assert c.known == {"t1", "t2"}


def test_who_worked_while_we_were_out_of_touch_is_heard(world: World) -> None:
    a, b, _ = world.phones
    ask(a, "claim")
    world.time += LENGTH + 200.0
    ask(b, "claim")
    b.own = {"t5"}
    leave(b)
    ask(a, "renew")
    assert a.may_dial
    assert a.known == {"t5"}


def test_a_forced_file_keeps_its_word_when_it_is_released(world: World) -> None:
    """Else the phone that was pushed aside, and whose file still says that it has the lease, would come before the next."""
    a, b, c = world.phones
    ask(a, "claim")
    ask(b, "claim")
    a.cut()
    ask(b, "force")
    leave(b)
    ask(c, "claim")
    assert c.may_dial
    assert [file.forced for file in world.server.read().values()] == [False, True, False]


def slowly_over_another(world: World) -> tuple[Phone, Phone]:
    """The second one's file lands, late, over that of the first, who dials and does not know of it yet."""
    first, second, _ = world.phones
    for phone in (first, second):
        phone.ask("claim")
        while phone.landing is None:
            phone.step()
    first.finish()
    world.time += 10.0
    ask(first, "renew")
    second.finish()
    world.check()
    assert first.may_dial and second.signed_in and not second.may_dial
    return first, second


@pytest.mark.parametrize("restarted", [False, True])
def test_whose_file_may_lie_over_anothers_does_not_dial_by_claiming_again(restarted: bool) -> None:
    world = World(3, exclusive=False, skews=(0.0, 0.0, 0.0))
    first, second = slowly_over_another(world)
    if restarted:
        second.cut()
        second.on = True
    else:
        leave(second)
    ask(second, "claim")
    assert second.signed_in and not second.may_dial
    world.time += 60.0
    ask(first, "renew")
    assert first.refused
    leave(first)
    world.time = second.renew_at
    ask(second, "renew")
    assert second.may_dial


def test_a_power_cut_just_after_signing_in_costs_no_more_than_the_few_seconds_it_takes_to_be_certain() -> None:
    world = World(3, exclusive=False, skews=(0.0, 0.0, 0.0))
    phone = world.phones[0]
    ask(phone, "claim")
    assert phone.signed_in and not phone.may_dial
    phone.cut()
    phone.on = True
    world.time += 4.0
    ask(phone, "claim")
    assert phone.may_dial


def test_a_file_of_the_new_day_does_not_say_when_that_of_the_old_one_was_certain() -> None:
    world = World(1, exclusive=False, skews=(0.0,))
    phone = world.phones[0]
    world.time = 1199.0
    ask(phone, "claim")
    world.time = 1200.5
    phone.ask("renew")
    while len(world.server.files) < 2:
        phone.step()
    new = read_file(world.server.files["lease-101-20261126-01.json"])
    assert new.unsettled and new.certain is None


def test_who_finds_a_file_that_may_hide_another_waits_too() -> None:
    world = World(3, exclusive=False, skews=(0.0, 0.0, 0.0))
    first, second = slowly_over_another(world)
    leave(second)
    third = world.phones[2]
    ask(third, "claim")
    world.time += 5.0
    ask(third, "renew")
    assert first.may_dial and not third.may_dial


def test_a_last_word_that_fits_into_no_open_file_is_told_by_a_new_one(world: World) -> None:
    """After midnight the file of the day before is released already, and nobody reads it again."""
    a, b, _ = world.phones
    ask(a, "claim")
    world.time += 1500.0
    for _ in range(2):
        ask(a, "renew")
    a.own = {"t1"}
    del world.server.files["lease-101-20261126-01.json"]
    b.ask("claim")
    b.finish()
    leave(a)
    assert b.may_dial and not b.known
    ask(b, "renew")
    assert b.known == {"t1"}


def test_a_phone_that_writes_after_all_is_not_pushed_aside(world: World) -> None:
    a, b, _ = world.phones
    ask(a, "claim")
    ask(b, "claim")
    world.time += 5.0
    ask(a, "renew")
    ask(b, "force")
    assert b.refused and not b.signed_in
    a.cut()
    ask(b, "force")
    assert b.may_dial, "the agent has seen when it was heard of last, and says so again"


def test_files_survive_being_written(world: World) -> None:
    ask(world.phones[0], "claim")
    for body in world.server.files.values():
        assert write_lease(read_file(body)) == body


def upload(id: int, name: str, agent: str = "101", folder: str = "") -> Waiting:
    return Waiting(id, name, agent, folder, "application/json", "", 1)


def test_a_release_waits_for_all_that_was_done_under_the_lease() -> None:
    done, others = upload(1, "result-1.json"), upload(2, "result-2.json", "102")
    release, later = upload(3, "release-1.json", folder="https://m/lease"), upload(4, "status-1.json")
    found = sort((done, others, release, later))
    assert [item.id for items in found.values() for item in items] == [1, 4, 2]
    assert sort((others, release, later))["101", "https://m/lease"] == [release]
    assert sort((done, release), frozenset({1}))["101", "https://m/lease"] == [release], "what is refused holds up nothing"
