# SPDX-License-Identifier: GPL-3.0-or-later
"""A person at the manager's page in Chromium. What the console or the policy complains of is kept."""

from __future__ import annotations

from tests.manager.web.page_server import PASSWORDS

PATIENCE = 20_000
DESK = {"width": 1280, "height": 860}
POCKET = {"width": 360, "height": 780}
POLICY = """addEventListener("securitypolicyviolation",
    (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));"""


class Visit:
    """One browser context with one tab."""

    def __init__(self, browser, url, *, viewport=DESK, language="en-GB", zone="Europe/Berlin", **options):
        self.url = url
        self.complaints = []
        self.asked = []
        self._context = browser.new_context(viewport=viewport, locale=language, timezone_id=zone, **options)
        self._context.set_default_timeout(PATIENCE)
        self._context.add_init_script(POLICY)
        self.tab = self._context.new_page()
        self.tab.on("console", lambda one: one.type in ("error", "warning") and self.complaints.append(one.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))

    def sign_in(self, name="mia", password=None):
        """Through the form; ends at the agents."""
        self.tab.goto(self.url + "/sign-in")
        self.tab.fill("[name=name]", name)
        self.tab.fill("[name=password]", PASSWORDS[name] if password is None else password)
        self.tab.click("button[type=submit]")
        self.tab.wait_for_load_state("load")
        return self

    def open(self, path):
        """Another page."""
        self.tab.goto(self.url + path)
        return self

    def live(self):
        """The agents, when changes come in by themselves."""
        self.open("/").tab.wait_for_selector("#live.up")
        return self

    def text(self, selector):
        """What a reader sees there."""
        return " ".join(self.tab.inner_text(selector).split())

    def shows(self, selector, text):
        """Waits until it does."""
        self.tab.wait_for_function(
            "([selector, text]) => document.querySelector(selector)?.innerText.replace(/\\s+/g, ' ').includes(text)",
            arg=[selector, text])

    def close(self):
        self._context.close()
