# SPDX-License-Identifier: GPL-3.0-or-later
"""pyftpdlib with FTPS, as a process of Debian's own Python: CERTIFICATE PORT DATA_PORT HOME USER PASSWORD UID."""

import os
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

certificate, port, data_port, home, user, password, uid = sys.argv[1:]


class Handler(TLS_FTPHandler):
    """Files for one user, nothing without TLS; the address it gives for data is one behind a NAT."""

    certfile = certificate
    tls_control_required = True
    tls_data_required = True
    passive_ports = [int(data_port)]  # noqa: RUF012
    masquerade_address = "192.0.2.1"
    authorizer = DummyAuthorizer()


Handler.authorizer.add_user(user, password, home, perm="elradfmwMT")
Handler.get_ssl_context()
server = FTPServer(("127.0.0.1", int(port)), Handler)
os.setgid(int(uid))
os.setuid(int(uid))
server.serve_forever()
