# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manager does with tasks and sheets. No HTTP, no clock: `now` and the database session are given.

A function that changes something takes part in the caller's transaction.
"""
