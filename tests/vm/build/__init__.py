# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine boots: kernel, first root, read-only system, and a disk with the checkout on it."""
