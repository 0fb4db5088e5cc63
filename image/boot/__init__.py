# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Pi's firmware and U-Boot read on the boot partition."""
