# SPDX-License-Identifier: GPL-3.0-or-later
"""Kamailio as registrar and proxy, with digest authentication.

User N's password is "secret-N". Registered users are reached at their contact;
everything else goes to the gateway, if there is one. It answers STUN as well.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from tests.sip.peers.certs import Identity
from tests.sip.peers.process import LOOPBACK, Process, free_port, program, tcp_open, udp_bound

_CONFIG = """\
#!KAMAILIO
debug=2
log_stderror=yes
children=1
tcp_children=1
disable_tcp=no
auto_aliases=no
dns=no
rev_dns=no
listen=udp:{host}:{port}
listen=tcp:{host}:{port}
{tls_listen}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/:/usr/lib/aarch64-linux-gnu/kamailio/modules/:/usr/lib/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "auth.so"
loadmodule "xlog.so"
loadmodule "stun.so"
{tls_modules}
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 1)
modparam("registrar", "max_expires", {max_expires})
modparam("registrar", "received_avp", "$avp(received)")
modparam("tm", "fr_timer", 5000)

request_route {{
    xlog("L_NOTICE", "<<$rm $rU from $fU by $proto auth $au port $sp>>\\n");
    {stall}
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route() || is_method("ACK")) {{ t_relay(); exit; }}
        if ($rU == $null || !lookup("location")) {{ sl_send_reply("404", "Not here"); exit; }}
        t_relay();
        exit;
    }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("callsheet", "secret-$au", "0")) {{ www_challenge("callsheet", "1"); exit; }}
        if ($au != $tU) {{ sl_send_reply("403", "Not your account"); exit; }}
        save("location");
        exit;
    }}
    if (is_method("OPTIONS") && $rU == $null) {{ sl_send_reply("200", "OK"); exit; }}
    if (is_method("INVITE")) {{
        record_route();
        if ($si != "{gateway_host}" || $sp != "{gateway_port}") {{
            if (!pv_proxy_authenticate("callsheet", "secret-$au", "0")) {{ proxy_challenge("callsheet", "1"); exit; }}
            consume_credentials();
        }}
    }}
    if (lookup("location")) {{ t_relay(); exit; }}
    {gateway}
    sl_send_reply("404", "Nobody there");
}}
"""


class Kamailio(Process):
    """A registrar and proxy on a free port."""

    def __init__(self, folder: Path, *, gateway: str = "", identity: Identity | None = None, port: int = 0,
                 tls_port: int = 0, refuse: str = "", max_expires: int = 3600) -> None:
        """`gateway`: host:port for numbers that nobody registered. `refuse`: "503 Overloaded" answers all so."""
        self.port = port or free_port(2)
        self.tls_port = (tls_port or free_port()) if identity else 0
        folder.mkdir(parents=True, exist_ok=True)
        host, _, gateway_port = gateway.partition(":")
        code, _, phrase = refuse.partition(" ")
        text = _CONFIG.format(
            host=LOOPBACK, port=self.port, max_expires=max_expires,
            tls_listen=f"enable_tls=yes\nlisten=tls:{LOOPBACK}:{self.tls_port}" if identity else "",
            tls_modules=self._tls(folder, identity) if identity else "",
            gateway=f'$du = "sip:{gateway}"; t_relay(); exit;' if gateway else "",
            gateway_host=host or "none", gateway_port=gateway_port or "0",
            stall=f'sl_send_reply("{code}", "{phrase}"); exit;' if refuse else "")
        file = folder / f"kamailio-{self.port}.cfg"
        file.write_text(text)
        # Its control sockets want a short path.
        self._run = tempfile.mkdtemp(prefix="kam")
        super().__init__([program("kamailio"), "-f", str(file), "-DD", "-E", "-m", "32", "-M", "4", "-Y", self._run,
                          "-w", self._run], folder, f"kamailio-{self.port}")
        # UDP comes first, TCP and TLS once their own process is up.
        self.wait_for(lambda: udp_bound(self.port) and tcp_open(self.tls_port or self.port))

    @property
    def address(self) -> str:
        """host:port."""
        return f"{LOOPBACK}:{self.port}"

    def seen(self, text: str) -> int:
        """How many requests were logged that contain the text, e.g. "REGISTER" or "by tls"."""
        return sum("<<" in line and text in line for line in self.output().splitlines())

    def connections(self) -> int:
        """From how many ports requests have come."""
        return len(set(re.findall(r"<<.* port ([0-9]+)>>", self.output())))

    def stop(self) -> None:
        """End it."""
        super().stop()
        shutil.rmtree(self._run, ignore_errors=True)

    @staticmethod
    def _tls(folder: Path, identity: Identity) -> str:
        file = folder / "tls.cfg"
        file.write_text("[server:default]\nmethod = TLSv1.2+\nverify_certificate = no\nrequire_certificate = no\n"
                        f"private_key = {identity.key}\ncertificate = {identity.certificate}\n")
        return f'loadmodule "tls.so"\nmodparam("tls", "config", "{file}")'
