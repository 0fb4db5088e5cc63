# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger, the outbox and the memory of rolling caps: one SQLite file, one process, one thread.

Others need `SqliteStore`, and `add_recent` for sheets that have just been fetched. Layout of a data directory:

- `callsheet.db`, `-wal`, `-shm`: the database (`schema`);
- `session-N.key`: half of the key under which session N's callee data is sealed (`seal`, `keys`);
- `recent.key`: the key under which called numbers are hashed (`recent`);
- `lock`: held with flock(2) by the process that owns the directory (`lock`);
- `callsheet.db.damaged-N`: a file that could not be read any more, put aside (`recovery`);
- `callsheet.db.unreadable-N`, `session-N.key.unreadable`: what is sealed with a key that is lost (`store`).
"""

from callsheet.adapters.store.recent import added_to as add_recent
from callsheet.adapters.store.store import SqliteStore

__all__ = ["SqliteStore", "add_recent"]
