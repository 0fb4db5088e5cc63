# SPDX-License-Identifier: GPL-3.0-or-later
"""What hardware/board.yaml consists of. Lengths in mm, currents in mA, volts, ohm, nanofarad."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Level = Literal["low", "high"]
Bcm = Annotated[int, Meta(ge=0, le=27)]
HeaderPin = Annotated[int, Meta(ge=1, le=40)]
Positive = Annotated[float, Meta(gt=0)]
When = tuple[str, ...]
"""Choices that bring a thing in; empty: it is in every phone."""
Use = Literal["row", "column", "lamp", "buzzer", "hook", "i2c", "spi", "display", "uart"]


class _Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """A misspelt field is an error, not a silent default."""


class Electrics(_Strict, frozen=True, kw_only=True):
    """What pins and buses stand."""

    rail: Positive
    supply: Positive
    pin_ma: Positive
    total_ma: Positive
    low_below: Positive
    high_above: Positive
    pull_ohm: tuple[Positive, Positive]
    i2c_pull_ohm: Positive
    i2c_sink_ma: Positive
    led_drop_ma: Positive


class Reserved(_Strict, frozen=True, kw_only=True):
    """A pin with a job of its own."""

    bcm: Bcm
    job: Literal["id-eeprom", "i2c", "spi", "uart"]
    why: str


class Choice(_Strict, frozen=True, kw_only=True):
    """One way to build something."""

    id: str
    name: str


class Choices(_Strict, frozen=True, kw_only=True):
    """Of each, exactly one is in a phone; the first is the reference build."""

    model: tuple[Choice, ...]
    keypad: tuple[Choice, ...]
    display: tuple[Choice, ...]
    clock: tuple[Choice, ...]

    def groups(self) -> tuple[tuple[Choice, ...], ...]:
        """The four lists."""
        return self.model, self.keypad, self.display, self.clock


class Signal(_Strict, frozen=True, kw_only=True):
    """A line of the header."""

    name: str
    bcm: Bcm
    header: HeaderPin
    use: Use
    index: int = 0
    at_boot: Literal["pulled-up", "pulled-down"]
    when: When = ()


class Layout(_Strict, frozen=True, kw_only=True):
    """Caps of a keypad, by row."""

    id: str
    caps: tuple[str, ...]


class Keypad(_Strict, frozen=True, kw_only=True):
    """How the matrix is scanned."""

    driven: Level
    column_pull: Literal["up", "down"]
    settle_us: int
    layouts: tuple[Layout, ...]


class Lamp(_Strict, frozen=True, kw_only=True):
    """A lamp, and the level at which it is lit."""

    name: Literal["line", "work", "attention"]
    signal: str
    colour: Literal["green", "amber", "red"]
    part: str
    lit: Level


class Buzzer(_Strict, frozen=True, kw_only=True):
    """The buzzer, and the level at which it sounds."""

    signal: str
    sounds: Level


class Hook(_Strict, frozen=True, kw_only=True):
    """The hook switch, and the level when the receiver is lifted."""

    signal: str
    off_hook: Level
    debounce_ms: int


class Display(_Strict, frozen=True, kw_only=True):
    """A display's bus."""

    id: str
    bus: Literal["i2c", "spi"]
    port: int
    device: int = 0
    addresses: tuple[Annotated[int, Meta(ge=0x08, le=0x77)], ...] = ()
    hertz: int
    width: int
    height: int
    dc: str | None = None
    reset: str | None = None


class Clock(_Strict, frozen=True, kw_only=True):
    """The battery clock's place on the bus."""

    bus: Literal["i2c"]
    port: int
    address: Annotated[int, Meta(ge=0x08, le=0x77)]


class Connector(_Strict, frozen=True, kw_only=True):
    """A connector of the wiring board: its nets from pin 1."""

    id: str
    origin: Literal["header", "parts"] = "header"
    nets: tuple[str, ...]
    what: str


class Component(_Strict, frozen=True, kw_only=True):
    """What is soldered onto the wiring board. A diode's nets: anode, cathode; an npn's: collector, base, emitter."""

    ref: str
    kind: Literal["resistor", "capacitor", "diode", "npn"]
    ohm: Positive | None = None
    nf: Positive | None = None
    nets: tuple[str, ...]
    bom: str
    why: str


Hole = tuple[Annotated[int, Meta(ge=1)], Annotated[int, Meta(ge=1)]]
"""Column and row on the perfboard, from the top left of the parts' side."""


class Place(_Strict, frozen=True, kw_only=True):
    """Where pin 1 of a connector is, and which way the others follow."""

    at: Hole
    runs: Literal["down", "right", "left"]


class Link(_Strict, frozen=True, kw_only=True):
    """An insulated wire on the parts' side."""

    colour: str
    ends: tuple[Hole, Hole]
    by: Hole


class Perfboard(_Strict, frozen=True, kw_only=True):
    """Where everything is soldered."""

    holes: Hole
    connectors: dict[str, Place]
    legs: dict[str, tuple[Hole, ...]]
    """By component, in the order of its nets."""
    tracks: tuple[tuple[Hole, ...], ...]
    links: tuple[Link, ...]


class Part(_Strict, frozen=True, kw_only=True):
    """What hangs on wires, or is screwed in."""

    id: str
    bom: str
    name: str
    terminals: tuple[str, ...]
    ma: float = 0
    drop: tuple[Positive, Positive] | None = None
    """Least and greatest forward voltage of a lamp."""
    i2c_pull_ohm: Positive | None = None
    body: tuple[Positive, Positive, Positive]
    window: tuple[Positive, Positive] | None = None
    window_off: tuple[float, float] = (0, 0)
    socket: tuple[Positive, Positive] | None = None
    plug: tuple[Positive, Positive] | None = None
    """The moulding of its socket's plug."""
    holes: tuple[Positive, Positive] | None = None
    """Two fixing holes: how far apart, and their diameter."""
    when: When = ()


class Cable(_Strict, frozen=True, kw_only=True):
    """Wires that go the same way; each is (pin there, colour, pin here), pins counted from 1."""

    id: str
    start: str
    end: str
    bom: str
    mm: Positive
    wires: tuple[tuple[int, str, int], ...]
    when: When = ()


class Socket(_Strict, frozen=True, kw_only=True):
    """A socket of the Pi that needs a hole: along which edge, how far, how large."""

    name: Literal["power", "usb2", "usb3", "ethernet"]
    edge: Literal["end", "side"]
    at: float
    size: tuple[Positive, Positive]
    plug: tuple[Positive, Positive] | None = None
    """The moulding of its plug, where that must go into the wall."""
    above: float
    out: float
    """How far it stands out over the board's edge."""


class Model(_Strict, frozen=True, kw_only=True):
    """A Raspberry Pi: what it draws, and where its sockets are."""

    id: str
    bom: str
    supply_bom: str
    supply_ma: Positive
    board_ma: Positive
    usb_ma: Positive
    pcb: tuple[Positive, Positive, Positive]
    holes: tuple[tuple[float, float], ...]
    sockets: tuple[Socket, ...]


class BomLine(_Strict, frozen=True, kw_only=True):
    """What to buy."""

    id: str
    group: Literal["core", "front", "board", "wire", "case"]
    part: str
    price: str | float
    why: str
    avoid: str
    fits: Literal["model", "usb", "wiring-board", "wiring", "case"] | None = None
    count: int = 0
    when: When = ()


class Case(_Strict, frozen=True, kw_only=True):
    """The enclosure's own measures."""

    size: tuple[Positive, Positive]
    front: Positive
    back: Positive
    wall: Annotated[float, Meta(ge=2)]
    lid: Annotated[float, Meta(ge=2)]
    bottom: Annotated[float, Meta(ge=2)]
    gap: Positive
    bed: tuple[Positive, Positive]
    lid_places: dict[str, tuple[float, float]]
    """Centres: from the left, up the slope from the front edge."""
    bottom_places: dict[str, tuple[float, float]]
    """Centres: from the left, from the front."""


class Board(_Strict, frozen=True, kw_only=True):
    """The whole file."""

    name: str
    revision: int
    electrics: Electrics
    reserved: tuple[Reserved, ...]
    choices: Choices
    signals: tuple[Signal, ...]
    keypad: Keypad
    lamps: tuple[Lamp, ...]
    buzzer: Buzzer
    hook: Hook
    displays: tuple[Display, ...]
    clock: Clock
    connectors: tuple[Connector, ...]
    components: tuple[Component, ...]
    perfboard: Perfboard
    parts: tuple[Part, ...]
    cables: tuple[Cable, ...]
    models: tuple[Model, ...]
    headset_ma: Positive
    bom: tuple[BomLine, ...]
    case: Case

    def used_as(self, use: Use) -> tuple[Signal, ...]:
        """The signals of one use, by index."""
        return tuple(sorted((s for s in self.signals if s.use == use), key=lambda s: s.index))

    def wire_colour(self, header: int) -> str:
        """The wire on a pin of the header; "" if it differs between variants or there is none."""
        colours = {colour for cable in self.cables if cable.start == "header"
                   for pin, colour, _ in cable.wires if pin == header}
        return colours.pop() if len(colours) == 1 else ""

    def reference(self) -> frozenset[str]:
        """The choices of the reference build."""
        return frozenset(group[0].id for group in self.choices.groups())
