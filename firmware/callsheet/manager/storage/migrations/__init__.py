# SPDX-License-Identifier: GPL-3.0-or-later
"""From older tables to today's, by Alembic. `tests/manager/test_migrations.py` compares the result with `tables.py`."""
