# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask an installed pjsua2 what it can do; print it as JSON. Run in the wheel's own environment."""

import json

import pjsua2 as pj


def facts():
    """Start an endpoint on loopback and return version, codecs, transports, sound back ends."""
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = 0
    config.logConfig.consoleLevel = 0
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    endpoint.libInit(config)
    transports = {}
    for name in ("UDP", "TCP", "TLS"):
        settings = pj.TransportConfig()
        settings.boundAddress = "127.0.0.1"
        try:
            endpoint.transportCreate(getattr(pj, f"PJSIP_TRANSPORT_{name}"), settings)
            transports[name] = True
        except pj.Error as problem:
            transports[name] = problem.reason
    endpoint.libStart()
    found = {
        "version": endpoint.libVersion().full,
        "codecs": [codec.codecId for codec in endpoint.codecEnum2()],
        "transports": transports,
        "tls_ciphers": len(endpoint.utilSslGetAvailableCiphers())
        if hasattr(endpoint, "utilSslGetAvailableCiphers")
        else None,
    }
    endpoint.libDestroy()
    return found


if __name__ == "__main__":
    print("FACTS " + json.dumps(facts()))
