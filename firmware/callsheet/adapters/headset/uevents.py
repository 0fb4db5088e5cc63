# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's own word that a device came or went (netlink, group 1 of NETLINK_KOBJECT_UEVENT).

It costs nothing while nothing is plugged, needs no udev and no library, and tells of
sound cards and HID devices alike; inotify on /dev would need two watches and says
nothing of devices without a node.
"""

from __future__ import annotations

import socket
from contextlib import suppress

_KOBJECT_UEVENT = 15
"""NETLINK_KOBJECT_UEVENT (linux/netlink.h); Python does not name it."""
_KERNEL = 1
SUBSYSTEMS = frozenset({b"sound", b"hidraw"})


def open_socket() -> socket.socket | None:
    """Non-blocking; None where the kernel does not let us (some containers)."""
    try:
        made = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, _KOBJECT_UEVENT)
        made.bind((0, _KERNEL))
    except (OSError, AttributeError):
        return None
    return made


def concerns_headsets(events: socket.socket) -> bool:
    """Read what waits; whether sound cards or HID devices came or went, or messages were lost."""
    found = False
    while True:
        try:
            message = events.recv(65536)
        except BlockingIOError:
            return found
        except OSError:
            # ENOBUFS: the buffer ran over, so anything may have happened.
            return True
        with suppress(ValueError):
            fields = dict(part.split(b"=", 1) for part in message.split(b"\0")[1:] if part)
            found = found or (fields.get(b"SUBSYSTEM") in SUBSYSTEMS and fields.get(b"ACTION") in (b"add", b"remove"))
