# SPDX-License-Identifier: GPL-3.0-or-later
"""setup.py of our pjsua2 wheel: packs the binding, whose object file is compiled beforehand.

Run by scripts/build-pjsua2 in the SIP stack's own folder of the binding; it hands
over the version and the linker's words in the environment.
"""

import os

from setuptools import Extension, setup

setup(
    name="pjsua2",
    version=os.environ["PJSUA2_VERSION"],
    description="Python binding of PJSIP's user agent library",
    license="GPL-2.0-or-later",
    py_modules=["pjsua2"],
    ext_modules=[
        Extension(
            "_pjsua2",
            sources=[],
            extra_objects=["pjsua2_wrap.o"],
            extra_link_args=os.environ["PJSUA2_LINK"].split(),
            language="c++",
        )
    ],
)
