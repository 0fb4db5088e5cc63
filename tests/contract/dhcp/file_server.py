# SPDX-License-Identifier: GPL-3.0-or-later
"""The office's file server, which takes results too: `python file_server.py ADDRESS PORT FOLDER`; logs each request."""

from __future__ import annotations

import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

from callsheet.simulator import fileserver


class Handler(fileserver._Handler):
    """The demo's, and a log."""

    def _say(self, status: HTTPStatus, *more: Any, **named: Any) -> None:
        print(self.command, self.path, int(status), flush=True)
        super()._say(status, *more, **named)


if __name__ == "__main__":
    address, port, folder = sys.argv[1:]
    fileserver._Handler = Handler  # type: ignore[misc]
    server = fileserver.FileServer(Path(folder), None, (address, int(port))).start()
    server._thread.join()
