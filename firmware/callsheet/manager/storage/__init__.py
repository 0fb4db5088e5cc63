# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manager remembers: SQLite or PostgreSQL, by SQLAlchemy."""
