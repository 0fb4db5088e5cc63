# SPDX-License-Identifier: GPL-3.0-or-later
"""The agents as they are now, kept up to date while somebody watches."""
