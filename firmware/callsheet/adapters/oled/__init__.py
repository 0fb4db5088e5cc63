# SPDX-License-Identifier: GPL-3.0-or-later
"""The display: SSD1306 and SH1106 on I²C, SSD1322 on SPI, over luma.oled.

luma opens the bus and knows each controller's start-up commands; what is sent after
that is decided here, because luma sends the whole frame each time: 1 KiB, 25 ms at
400 kHz, where a running clock changes a dozen bytes.
"""

from callsheet.adapters.oled.display import OledDisplay
from callsheet.adapters.oled.find import opener

__all__ = ["OledDisplay", "opener"]
