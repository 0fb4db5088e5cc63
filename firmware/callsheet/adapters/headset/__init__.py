# SPDX-License-Identifier: GPL-3.0-or-later
"""The USB headset: which one, its buttons and lights (HID telephony), its mixer.

The HID side talks to /dev/hidraw itself, as hidapi's hidraw back end would: so one
thread can sleep on the headset, the kernel's hot-plug messages and the phone's orders
at once, where hidapi's read can only wait for the device.
"""

from callsheet.adapters.headset.driver import UsbHeadset

__all__ = ["UsbHeadset"]
