# SPDX-License-Identifier: GPL-3.0-or-later
"""A page that shows the phone, as tests and pictures need it."""

import base64
import io

from PIL import Image

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE = 20_000

READ_CANVAS = """() => {
    const canvas = document.getElementById("glass");
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const lit = new Uint8Array(canvas.width * canvas.height);
    for (let i = 0; i < lit.length; i++) lit[i] = data[4 * i + 3];
    return [canvas.width, canvas.height, btoa(Array.from(lit, (alpha) => String.fromCharCode(alpha)).join(""))];
}"""


class PhonePage:
    """One page in a context of its own, connected to the phone."""

    def __init__(self, browser, url, *, init=None, **options):
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        self.url = url
        self.complaints = []
        self.asked = []
        self._context = browser.new_context(**options)
        self._context.set_default_timeout(PATIENCE)
        self.tab = self._context.new_page()
        if init:
            self.tab.add_init_script(init)
        self.tab.on("console", lambda message: message.type in ("error", "warning") and self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(url)

    def connected(self):
        """Waits until the phone shows; returns the page."""
        self.tab.wait_for_selector("#set[data-link=up]")
        self.tab.wait_for_selector("#headset[data-link]")
        return self

    def key(self, cap):
        """The key with a cap."""
        return self.tab.locator(f'.key[data-cap="{cap}"]')

    def frame(self):
        """What the canvas holds, mode "1"."""
        width, height, alpha = self.tab.evaluate(READ_CANVAS)
        alpha = base64.b64decode(alpha)
        assert set(alpha) <= {0, 255}, "a pixel is on or off"
        return Image.frombytes("L", (width, height), alpha).convert("1", dither=Image.Dither.NONE)

    def wait_for_frame(self, frame):
        """Waits until the canvas is pixel-equal to the frame."""
        bits = base64.b64encode(frame.convert("L").tobytes()).decode()
        self.tab.wait_for_function(f"bits => ({READ_CANVAS})()[2] === bits", arg=bits)

    def picture(self, path=None):
        """A picture of the page as it stands, for the eye or for a test; also written to `path`."""
        png = self.tab.screenshot(path=path)
        return Image.open(io.BytesIO(png)).convert("RGB")

    def close(self):
        """Closes the page as a user does."""
        self._context.close()
