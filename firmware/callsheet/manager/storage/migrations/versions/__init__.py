# SPDX-License-Identifier: GPL-3.0-or-later
"""The revisions. A new one is a file with the next number, the one before as `down_revision`, and both functions."""
