# SPDX-License-Identifier: GPL-3.0-or-later
"""From a settings file to a phone: which adapter goes behind which port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from callsheet.adapters.clock import SystemClock
from callsheet.adapters.dhcp import LeaseWatcher
from callsheet.adapters.identity import Identity, identity
from callsheet.adapters.network import NetworkWatcher
from callsheet.adapters.sip import PjSip
from callsheet.adapters.store import SqliteStore, add_recent
from callsheet.adapters.transport import FileTransport
from callsheet.adapters.watchdog import Watchdog
from callsheet.core.numbers import canonical
from callsheet.core.processor import Processor
from callsheet.core.queue.memory import counts
from callsheet.formats.dhcp import Offer
from callsheet.formats.settings import Settings
from callsheet.phone.loop import Phone
from callsheet.phone.notices import Notices
from callsheet.ports import Ports
from callsheet.simulator.autopilot import Autopilot, Habits
from callsheet.simulator.handset import SimulatedHandset

if TYPE_CHECKING:
    from callsheet.adapters.handset import Handset


class NoHardware(RuntimeError):
    """This build does not know its pins."""


class Built(Struct):
    """A phone, and what belongs to it but is none of its ports."""

    phone: Phone
    page: str
    """Where the simulated handset is; empty with a real one."""
    start: tuple[Callable[[], object], ...]
    close: tuple[Callable[[], object], ...]


def build(settings: Settings, folder: Path) -> Built:
    """Put a phone together; `folder` is where the settings file lies.

    Raises NoHardware where the pins of a real handset are not known.
    """
    who = identity()
    settings = _complete(settings, who)
    data = folder / settings.data.directory
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = SqliteStore(data, settings.phone.id, canonical, counts)
    sip = PjSip(settings.sip, settings.audio, settings.numbers)
    real = None if settings.simulator.enabled else _real(settings)
    simulated = _simulated(settings) if real is None else None
    handset = real or simulated
    assert handset is not None
    leases = LeaseWatcher(settings.dhcp) if settings.dhcp.enabled and not settings.sheet.url else None
    ports = Ports(
        clock=SystemClock(verify=real is not None), sip=sip, store=store,
        transport=FileTransport(settings.sheet, store, mac=who.mac, serial=who.serial, data=data,
                                offer=leases.offer if leases else Offer,
                                prepare=lambda sheet: add_recent(sheet, store.recent, canonical)),
        keys=handset.keys, display=handset.display, lamps=handset.lamps, headset=handset.headset,
    )
    processor = Processor(settings.phone, settings.calls, settings.numbers,
                          status_records=settings.sheet.status_records,
                          leases=settings.sheet.lease_mode != "off")
    phone = Phone(processor, ports, Watchdog())
    network, notices = NetworkWatcher(), Notices(data)
    start: list[Callable[[], object]] = [lambda: network.start(phone.post), lambda: notices.start(phone.post)]
    close: list[Callable[[], object]] = [network.close, notices.close]
    if real is not None:
        start.insert(0, lambda: real.faults.connect(phone.post))
    if leases:
        start.append(lambda: leases.start(phone.post, ports.transport.flush))
        close.append(leases.close)
    page = _simulate(settings, simulated, phone, start, close) if simulated is not None else ""
    return Built(phone, page, tuple(start), tuple(close))


def _simulate(settings: Settings, handset: SimulatedHandset, phone: Phone, start: list[Callable[[], object]],
              close: list[Callable[[], object]]) -> str:
    """The page, and an agent made of software if there is to be one; returns the page's address."""
    # Here, so that a real phone does not load a web server: a quarter of the time it takes to start.
    from callsheet.simulator.web import WebHandset

    web = WebHandset(handset, settings.simulator.listen)
    start.insert(0, web.start)
    close.append(web.close)
    if settings.simulator.autopilot:
        pilot = _autopilot(settings, handset)
        phone.read_aloud(pilot.show)
        start.append(pilot.start)
        close.insert(0, pilot.close)
    return web.url


def _complete(settings: Settings, who: Identity) -> Settings:
    """What the hardware tells where the settings do not."""
    traits = settings.phone
    if traits.id == "phone":
        traits = replace(traits, id=f"phone-{who.serial[-8:]}")
    if not traits.zone:
        traits = replace(traits, zone=_system_zone())
    return replace(settings, phone=traits)


def _system_zone(link: Path = Path("/etc/localtime")) -> str:
    """The machine's IANA zone, from where /etc/localtime points (localtime(5))."""
    target = str(link.resolve())
    _, found, zone = target.partition("/zoneinfo/")
    return zone if found and "/" in zone else "UTC"


def _real(settings: Settings) -> Handset:
    # Here, so that a phone on a desk needs none of the libraries for pins.
    from callsheet.adapters.handset import handset

    try:
        return handset(settings)
    except (OSError, ValueError) as error:
        raise NoHardware(f"no handset: {error}; to try the phone without one, set simulator.enabled = true") from error


def _simulated(settings: Settings) -> SimulatedHandset:
    width, height = (int(n) for n in settings.simulator.display.split("x"))
    return SimulatedHandset((width, height), settings.phone.keypad, headset=settings.simulator.headset)


def _autopilot(settings: Settings, handset: SimulatedHandset) -> Autopilot:
    simulator = settings.simulator
    return Autopilot(handset, Habits(simulator.agent, simulator.pin, simulator.talk, unknown=simulator.unknown,
                                     seed=simulator.seed))
