# SPDX-License-Identifier: GPL-3.0-or-later
"""The office's web server: `python web_server.py ADDRESS PORT FOLDER`; its log tells who came with a password."""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Handler(SimpleHTTPRequestHandler):
    """Files, and a log that names the Authorization header if there was one."""

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """One line for a request."""
        password = "with a password" if self.headers.get("Authorization") else "without"
        self.log_message('"%s" %s', self.requestline, password)


if __name__ == "__main__":
    address, port, folder = sys.argv[1:]
    ThreadingHTTPServer((address, int(port)), partial(Handler, directory=folder)).serve_forever()
