# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.unit.store.full_disk DIRECTORY limit|fill`: work on a disk that fills up and is cleared again.

"limit" makes writes fail with a file size limit (EFBIG), "fill" fills the file system that the
directory is on (ENOSPC; give it a tiny one). Prints one word per save, then what is in the ledger.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from callsheet.core.ledger import Adopted, Upload
from tests.unit.store.samples import START, Phone, document, ended, intention, sheet, signed_in


def main() -> None:
    directory, how = Path(sys.argv[1]), sys.argv[2]
    phone = Phone(directory)
    print(phone.save(signed_in(), Adopted(sheet=sheet(), at=START), intention(1)))
    ballast = directory.parent / "ballast"
    if how == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, ((directory / "callsheet.db-wal").stat().st_size, -1))
    else:
        fill(ballast)
    print(phone.save(ended(1), Upload("result", "kiosk-1"), intention(2), documents=(document(1, "x" * 9000),)))
    if how == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
    else:
        ballast.unlink()
    print(phone.save(ended(1)))
    phone.close()
    phone = Phone(directory)
    print(" ".join(type(entry).__name__ for entry in phone.store.load().entries), len(phone.store.waiting()))
    phone.close()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass


if __name__ == "__main__":
    main()
