# SPDX-License-Identifier: GPL-3.0-or-later
"""Files to and from a server: the call sheet one way, results the other.

- `client`: what a protocol must be able to do, and which protocol serves which scheme;
- `http`: the one for http and https (`bodies`, `redirects`, `tls`, `faults` are its parts);
- `ftp`: for ftp, ftpes and ftps (`ftp_session`, `ftp_replies`); `ssh`: for sftp and scp
  (`ssh_session`, `hostkeys`, `sftp`, and `scp` for the legacy protocol); `whole` and `stamps`: what these
  share; what each protocol guarantees is in firmware/docs/transports.md;
- `fetcher`: the thread that looks for sheets; `courier`: the thread that empties the outbox;
- `links`: which URL; `keyring`: whose credentials; `backoff`: when again.

`FileTransport` puts them together; it is the only name others need. Another
protocol is one more client registered for its scheme: nothing else changes.
"""

from callsheet.adapters.transport.transport import FileTransport

__all__ = ["FileTransport"]
