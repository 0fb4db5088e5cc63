# SPDX-License-Identifier: GPL-3.0-or-later
"""HID report descriptors: where in which report which control is.

Device Class Definition for HID 1.11 (USB-IF, 2001), §6.2.2. What a headset sends is
untrusted input: anything can be in it, and a descriptor that makes no sense is an error.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["input", "output", "feature"]

LARGEST = 4096
"""Bytes of a descriptor (the kernel's HID_MAX_DESCRIPTOR_SIZE); a report may have as many."""
_MAIN: dict[int, Kind] = {0x80: "input", 0x90: "output", 0xB0: "feature"}


class DescriptorError(ValueError):
    """Not a report descriptor."""


class Field(Struct, frozen=True):
    """One control, or one slot of an array."""

    kind: Kind
    report: int
    """Report id; 0: the device numbers none."""
    offset: int
    """Of its lowest bit, in bits after the report id."""
    size: int
    """In bits."""
    usages: tuple[int, ...]
    """Page in the upper 16 bits. One for a variable; an array's slot holds the number of one of them, or none."""
    first: int
    """Logical minimum: in an array the number of the first usage."""
    flags: int
    """Data of the main item (§6.2.2.5)."""

    @property
    def variable(self) -> bool:
        """A bit or number of its own, not a slot."""
        return bool(self.flags & 0x02)

    @property
    def relative(self) -> bool:
        """Tells of changes, not of a state."""
        return bool(self.flags & 0x04)

    @property
    def keeps_state(self) -> bool:
        """No preferred state: it stays as it is until it is changed, unlike a button that springs back."""
        return bool(self.flags & 0x20) and not self.relative

    def value(self, payload: bytes) -> int:
        """Its bits in a report without the id; 0 where the report is too short."""
        return int.from_bytes(payload, "little") >> self.offset & ((1 << self.size) - 1)


class Descriptor(Struct, frozen=True):
    """All of a device's reports."""

    fields: tuple[Field, ...]
    """In the order of the descriptor."""
    lengths: dict[tuple[Kind, int], int]
    """Bytes of each report, padding included, without its id."""

    @property
    def numbered(self) -> bool:
        """Reports begin with an id."""
        return any(report for _, report in self.lengths)


class _Global(Struct):
    page: int = 0
    minimum: int = 0
    size: int = 0
    count: int = 0
    report: int = 0


def parse(data: bytes) -> Descriptor:
    """Read a descriptor. Raises DescriptorError."""
    if len(data) > LARGEST:
        raise DescriptorError(f"{len(data)} bytes are more than the {LARGEST} that are allowed")
    parser = _Parser()
    at = 0
    while at < len(data):
        head = data[at]
        # §6.2.2.3: a long item says its own length; no tag of one was ever defined.
        if head == 0xFE:
            at += 3 + (data[at + 1] if at + 1 < len(data) else 0)
            continue
        length = (0, 1, 2, 4)[head & 3]
        value = data[at + 1 : at + 1 + length]
        if len(value) < length:
            raise DescriptorError(f"cut off in the item at byte {at}")
        parser.item(head & 0xFC, value, at)
        at += 1 + length
    if parser.depth:
        raise DescriptorError("a collection is not closed")
    return Descriptor(tuple(parser.fields), {key: -(-bits // 8) for key, bits in parser.used.items()})


class _Parser:
    """The item state table (§5.4, §6.2.2)."""

    def __init__(self) -> None:
        self.fields: list[Field] = []
        self.depth = 0
        self._global = _Global()
        self._stack: list[_Global] = []
        self.used: dict[tuple[Kind, int], int] = {}
        """Bits of each report so far."""
        self._forget()

    def _forget(self) -> None:
        """Local items end with each main item."""
        self._usages: list[tuple[int, int]] = []
        self._low: tuple[int, int] | None = None
        self._alternatives = False

    def item(self, tag: int, data: bytes, at: int) -> None:
        """One short item."""
        value = int.from_bytes(data, "little")
        kind = tag & 0x0C
        if kind == 0x00:
            self._main(tag, value, at)
        elif kind == 0x04:
            self._set_global(tag, value, data, at)
        elif kind == 0x08:
            self._set_local(tag, value, len(data), at)

    def _set_global(self, tag: int, value: int, data: bytes, at: int) -> None:
        state = self._global
        match tag:
            case 0x04:
                state.page = value & 0xFFFF
            case 0x14:
                state.minimum = int.from_bytes(data, "little", signed=True)
            case 0x74:
                state.size = value
            case 0x84:
                if not 0 < value < 256:
                    raise DescriptorError(f"report id {value} at byte {at}")
                state.report = value
            case 0x94:
                state.count = value
            case 0xA4:
                self._stack.append(_copy(state))
            case 0xB4:
                if not self._stack:
                    raise DescriptorError(f"pop without push at byte {at}")
                self._global = self._stack.pop()

    def _set_local(self, tag: int, value: int, length: int, at: int) -> None:
        # A usage of four bytes names its page itself; a shorter one has that of its main item (§6.2.2.8).
        usage = (value, 4) if length == 4 else (self._global.page << 16 | value, length)
        match tag:
            case 0x08 if not self._alternatives or not self._usages:
                self._usages.append(usage)
            case 0x18:
                self._low = usage
            case 0x28:
                self._range(usage, at)
            case 0xA8:
                self._alternatives = value == 1

    def _range(self, high: tuple[int, int], at: int) -> None:
        if self._low is None or not 0 <= high[0] - self._low[0] < LARGEST:
            raise DescriptorError(f"a range of usages without a beginning at byte {at}")
        self._usages += [(usage, high[1]) for usage in range(self._low[0], high[0] + 1)]
        self._low = None

    def _main(self, tag: int, value: int, at: int) -> None:
        if tag == 0xA0:
            self.depth += 1
        elif tag == 0xC0:
            self.depth -= 1
            if self.depth < 0:
                raise DescriptorError(f"a collection is closed that was never opened, at byte {at}")
        elif tag in _MAIN:
            self._add(_MAIN[tag], value, at)
        self._forget()

    def _add(self, kind: Kind, flags: int, at: int) -> None:
        state = self._global
        begin = self.used.get((kind, state.report), 0)
        end = begin + state.size * state.count
        if end > LARGEST * 8:
            raise DescriptorError(f"a report of {end} bits at byte {at}")
        self.used[kind, state.report] = end
        usages = self._paged()
        # Bits without a usage are padding. Constants with one are kept: some devices mark real buttons so.
        if not usages or not state.size:
            return
        for number in range(state.count):
            meant = (usages[min(number, len(usages) - 1)],) if flags & 0x02 else tuple(usages)
            self.fields.append(Field(kind, state.report, begin + number * state.size, state.size, meant,
                                     state.minimum, flags))

    def _paged(self) -> list[int]:
        """The usages; those after which only the page was changed are of that page, as systems read it."""
        page = self._global.page
        usages = [usage for usage, _ in self._usages]
        for index in reversed(range(len(usages))):
            if self._usages[index][1] == 4:
                continue
            if usages[index] >> 16 == page:
                break
            usages[index] = page << 16 | usages[index] & 0xFFFF
        return usages


def _copy(state: _Global) -> _Global:
    return _Global(state.page, state.minimum, state.size, state.count, state.report)
