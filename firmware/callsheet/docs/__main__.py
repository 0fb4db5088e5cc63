# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m callsheet.docs [--check]."""

import sys

from callsheet.docs import FOLDER, PAGES


def main(argv: list[str]) -> int:
    """Exit 1 with --check if a page is out of date."""
    old = [name for name, page in PAGES.items()
           if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != page()]
    if "--check" in argv:
        for name in old:
            print(f"{name} is out of date: run python -m callsheet.docs", file=sys.stderr)
        return bool(old)
    for name in old:
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
        print(FOLDER / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
