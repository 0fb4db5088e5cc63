# SPDX-License-Identifier: GPL-3.0-or-later
"""Lease files under every interleaving that chance finds: never two phones that may dial, and never nobody for ever."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.model.lease_world import LENGTH, Phone, World

JUMPS = (0.5, 2.0, 10.0, 61.0, 400.0, 1900.0, LENGTH + 300, 30_000.0, 100_000.0)
SHORT = (0.5, 2.0, 10.0, 61.0, 61.0, 200.0, 500.0)
"""Where every renewal on the way is made."""
SKEWS = st.sampled_from((-59.0, 0.0, 59.0))
ROOMY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def moves(world: World, phone: Phone, *, faults: bool) -> list[str]:
    """What this phone could do next."""
    if not phone.on:
        return ["switch on"]
    if phone.steps is not None:
        return ["step", *(["lose", "cut"] if faults else [])]
    found = ["cut"]
    if phone.may_dial:
        found += ["dial", "dial"]
    if phone.since is not None and phone.signed_in:
        found += ["renew" if phone.renew_at else "claim", "release"]
    if not phone.signed_in:
        found.append("claim")
        if phone.refused is not None:
            found += ["take-over", "take-over"]
            holder = next((other for other in world.phones if other.name == phone.refused.holder), None)
            if holder is not None and not holder.on:
                found.append("force")
    return found


def move(phone: Phone, what: str, number: int) -> None:
    match what:
        case "step":
            phone.step()
        case "lose":
            phone.step(lost=True)
        case "cut":
            phone.cut()
        case "switch on":
            phone.on = True
        case "dial":
            task = f"t{number}"
            if task not in phone.own | phone.known:
                phone.own.add(task)
        case "release":
            phone.release()
        case _:
            phone.ask(what)


def follow(phone: Phone) -> str:
    """What a phone that is left alone does by itself; empty: nothing."""
    if not phone.on:
        return ""
    if phone.steps is not None:
        return "step"
    if phone.signed_in and phone.since is not None and (phone.asked_by or phone.refused is not None):
        return "release"
    if phone.signed_in and phone.since is not None and not phone.renew_at:
        return "claim"  # it was switched on again
    if phone.signed_in and phone.renew_at and phone.world.time >= phone.renew_at:
        return "renew"
    return ""


@given(st.data(), st.lists(SKEWS, min_size=3, max_size=3))
@settings(ROOMY, max_examples=100)
def test_never_two_with_lost_answers_cuts_delays_and_force(data: st.DataObject, skews: list[float]) -> None:
    world = World(3, exclusive=True, skews=tuple(skews))
    for number in range(data.draw(st.integers(10, 90))):
        if data.draw(st.integers(0, 9)) < 2:
            world.time += data.draw(st.sampled_from(JUMPS))
            if data.draw(st.booleans()):
                world.wipe_dead()
        else:
            phone = data.draw(st.sampled_from(world.phones))
            move(phone, data.draw(st.sampled_from(moves(world, phone, faults=True))), number % 12)
        world.check()
    someone_gets_it(world)


@given(st.data(), st.lists(SKEWS, min_size=3, max_size=3))
@settings(ROOMY, max_examples=40)
def test_never_two_where_two_may_create_one_file(data: st.DataObject, skews: list[float]) -> None:
    """As on nginx and FTP. Phones that have the lease reach the server when they are due; writing may take long."""
    world = World(3, exclusive=False, skews=tuple(skews))
    for number in range(data.draw(st.integers(10, 90))):
        if data.draw(st.integers(0, 9)) < 3:
            elapse(world, data.draw(st.sampled_from(SHORT)))
        else:
            phone = data.draw(st.sampled_from(world.phones))
            move(phone, data.draw(st.sampled_from(moves(world, phone, faults=False))), number % 12)
        world.check()
    for phone in world.phones:
        phone.landing = None
    someone_gets_it(world)


def elapse(world: World, seconds: float) -> None:
    """Time passes, and whoever has the lease does what is due; those who are about to create a file are slow."""
    end = world.time + seconds
    while True:
        for phone in world.phones:
            while (phone.landing is None or phone.signed_in) and (what := follow(phone)):
                move(phone, what, 0)
                world.check()
        due = [phone.renew_at for phone in world.phones
               if phone.on and phone.signed_in and phone.steps is None and phone.renew_at > world.time]
        if world.time >= end:
            return
        world.time = min([end, *due])
        world.check()


def someone_gets_it(world: World) -> None:
    """Whatever came before: an agent who asks at a phone that works, and says who is switched off, gets the lease."""
    for phone in world.phones:
        if phone.steps is not None:
            phone.finish()
        world.check()
    for phone in world.phones[:2]:
        if phone.on and not phone.signed_in:
            phone.cut()
    asker = world.phones[2]
    if not asker.on:
        asker.on = True
    if asker.signed_in and asker.since is not None:
        asker.release()
        asker.finish()
    for _ in range(40):
        others = [phone for phone in world.phones if phone is not asker]
        holder = next((phone for phone in others if asker.refused and phone.name == asker.refused.holder), None)
        asker.ask("claim" if asker.refused is None else "force" if holder is None or not holder.on else "take-over")
        asker.finish()
        world.check()
        if asker.signed_in:
            elapse(world, 200.0)
            if asker.may_dial:
                return
        elapse(world, 70.0)
    raise AssertionError("nobody gets the lease any more")
