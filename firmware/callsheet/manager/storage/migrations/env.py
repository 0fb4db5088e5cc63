# SPDX-License-Identifier: GPL-3.0-or-later
"""Run by Alembic: where the migrations go to."""

from alembic import context

from callsheet.manager.storage.tables import Base

connection = context.config.attributes["connection"]
# SQLite cannot alter a column: batch mode copies the table instead.
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True,
                  transaction_per_migration=False)
context.run_migrations()
