# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and headers: bytes or text to the core's types, or one error that names place and remedy. No I/O."""
