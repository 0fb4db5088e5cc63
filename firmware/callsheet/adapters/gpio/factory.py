# SPDX-License-Identifier: GPL-3.0-or-later
"""gpiozero's pins on the kernel's GPIO character device.

Named, because gpiozero would otherwise try one way after the other and end with writing
to the processor's registers past the kernel, which the keypad's library uses.
"""

from __future__ import annotations

import importlib
import threading
from typing import Any

_lock = threading.Lock()
_made: list[Any] = []


def real_pins() -> Any:
    """The one factory of this process. Raises what gpiozero raises on a machine that is no Raspberry Pi."""
    with _lock:
        if not _made:
            _made.append(importlib.import_module("gpiozero.pins.lgpio").LGPIOFactory())
        return _made[0]
