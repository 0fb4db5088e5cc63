# SPDX-License-Identifier: GPL-3.0-or-later
"""What the phone shows is what the page shows: frame, lamps, buzzer, headset."""

import pytest
from PIL import Image

from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.web import WebHandset

OPACITY_AT = """(lamp, times) => {
    const light = lamp.querySelector(".light");
    const [animation] = light.getAnimations();
    animation.pause();
    return times.map((time) => { animation.currentTime = time; return getComputedStyle(light).opacity; });
}"""
DOMINANT_PITCH = """() => {
    const bins = new Float32Array(tap.frequencyBinCount);
    tap.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    return bins[loudest] > -60 ? loudest * tap.context.sampleRate / tap.fftSize : 0;
}"""
TAP_THE_LOUDSPEAKER = """{
    const connect = AudioNode.prototype.connect;
    AudioNode.prototype.connect = function (target, ...rest) {
        if (target instanceof AudioDestinationNode) {
            window.tap = new AnalyserNode(this.context, { fftSize: 4096, smoothingTimeConstant: 0 });
            connect.call(this, window.tap);
        }
        return connect.call(this, target, ...rest);
    };
}"""


def noise(size=(128, 64)):
    return Image.effect_noise(size, 100).convert("1")


def lamp(phone, name):
    return phone.tab.locator(f".lamp[data-lamp={name}]")


@pytest.mark.parametrize("size", [(128, 64), (256, 64)])
def test_the_canvas_is_pixel_equal_with_the_frame(open_page, size):
    handset = SimulatedHandset(size)
    handset.display.show(before := noise(size))
    with WebHandset(handset) as web:
        phone = open_page(web.url).connected()
        phone.wait_for_frame(before)
        handset.display.show(after := noise(size))
        phone.wait_for_frame(after)
        assert phone.frame().tobytes() == after.tobytes() != before.tobytes()
        phone.close()


@pytest.mark.parametrize(("width", "ratio"), [(1280, 1), (1280, 1.5), (390, 3), (390, 2)])
def test_every_pixel_is_seen_where_it_belongs(open_page, handset, width, ratio):
    """On the screen itself: whole device pixels, none blurred away, none of uneven size."""
    handset.display.show(frame := noise())
    phone = open_page(viewport={"width": width, "height": 844}, device_scale_factor=ratio).connected()
    phone.wait_for_frame(frame)
    box = phone.tab.locator("#glass").bounding_box()
    scale = box["width"] * ratio / 128
    assert scale == pytest.approx(round(scale), rel=1e-4)
    assert scale >= 2
    seen = phone.picture().convert("L")
    left, top = box["x"] * ratio, box["y"] * ratio
    wrong = [
        (x, y)
        for x in range(128)
        for y in range(64)
        if (seen.getpixel((round(left + (x + 0.5) * scale - 0.5), round(top + (y + 0.5) * scale - 0.5))) > 150)
        != bool(frame.getpixel((x, y)))
    ]
    assert wrong == []


def test_contrast_dims_and_sleeps(phone, handset):
    phone.connected()
    glass = phone.tab.locator("#glass")
    for level, opacity in ((1, 0.42), (0, 0), (2, 1)):
        handset.display.contrast(level)
        phone.tab.wait_for_function(
            "opacity => Number(getComputedStyle(document.getElementById('glass')).opacity) === opacity", arg=opacity
        )
    assert glass.is_visible()


def test_lamps_show_their_patterns(phone, handset):
    phone.connected()
    handset.lamps.show("on", "slow", "fast")
    phone.tab.wait_for_selector(".lamp[data-lamp=attention][data-pattern=fast]")
    assert lamp(phone, "line").get_attribute("data-pattern") == "on"
    assert lamp(phone, "line").locator(".light").evaluate("light => getComputedStyle(light).opacity") == "1"
    assert lamp(phone, "line").locator(".light").evaluate("light => light.getAnimations().length") == 0
    assert lamp(phone, "work").evaluate(OPACITY_AT, [0, 499, 501, 999, 1001]) == ["1", "1", "0", "0", "1"]
    assert lamp(phone, "attention").evaluate(OPACITY_AT, [0, 99, 101, 199, 201]) == ["1", "1", "0", "0", "1"]
    handset.lamps.show("off", "off", "off")
    phone.tab.wait_for_selector(".lamp[data-lamp=work][data-pattern=off]")
    assert lamp(phone, "work").locator(".light").evaluate("light => getComputedStyle(light).opacity") == "0"


def test_lamps_and_pages_blink_in_step(open_page, handset):
    first = handset.lamps.clock()
    handset.lamps.show("slow", "off", "off")
    early = open_page().connected()
    handset.lamps.show("slow", "slow", "off")
    early.tab.wait_for_selector(".lamp[data-lamp=work][data-pattern=slow]")
    late = open_page().connected()
    read = """() => [...document.querySelectorAll("[data-pattern=slow] .light")].map(
        (light) => light.getAnimations()[0].currentTime)"""
    seen = early.tab.evaluate(read) + late.tab.evaluate(read)
    last = handset.lamps.clock()
    assert len(seen) == 4
    assert all(first * 1000 - 1 <= clock <= last * 1000 + 1 for clock in seen), (first, seen, last)


def test_who_wants_no_motion_gets_words(open_page, handset):
    handset.lamps.show("slow", "fast", "off")
    phone = open_page(reduced_motion="reduce").connected()
    assert lamp(phone, "work").locator(".light").evaluate("light => light.getAnimations().length") == 0
    assert lamp(phone, "line").locator(".word").inner_text() == "slow"
    assert lamp(phone, "work").locator(".word").inner_text() == "fast"
    assert lamp(phone, "work").locator(".word").is_visible()


def test_changes_are_spoken(phone, handset):
    phone.connected()
    handset.lamps.show("fast", "off", "off")
    phone.tab.wait_for_function("() => document.getElementById('spoken').textContent.includes('Line lamp fast')")
    handset.lamps.buzz("ring")
    phone.tab.wait_for_function("() => document.getElementById('spoken').textContent.includes('Buzzer rings')")


def test_the_buzzer_is_seen_at_once_and_heard_after_the_first_gesture(open_page, handset):
    phone = open_page(init=TAP_THE_LOUDSPEAKER).connected()
    handset.lamps.buzz("ring")
    phone.tab.wait_for_selector("#buzzer[data-pattern=ring]")
    assert "Ringing" in phone.tab.title()
    assert phone.tab.evaluate("window.tap === undefined"), "no sound before a gesture"
    phone.tab.mouse.click(5, 5)
    phone.tab.wait_for_function(f"() => Math.abs(({DOMINANT_PITCH})() - 2400) < 60")
    handset.lamps.buzz("off")
    phone.tab.wait_for_function(f"() => ({DOMINANT_PITCH})() === 0")
    phone.tab.get_by_role("button", name="Sound of the buzzer").click()
    handset.lamps.buzz("warn")
    phone.tab.wait_for_selector("#buzzer[data-pattern=warn]")
    phone.tab.wait_for_timeout(1100)
    assert phone.tab.evaluate(DOMINANT_PITCH) == 0, "sound is off"
    assert "Ringing" not in phone.tab.title()


def test_the_headset_shows_what_the_phone_told_it(phone, handset):
    phone.connected()
    handset.headset.off_hook(1)
    handset.headset.show_mute(True)
    handset.headset.show_ring(True)
    phone.tab.wait_for_selector("#headset[data-link=open][data-mute=on][data-ring=on][data-plugged=yes]")
    handset.plug(False)
    phone.tab.wait_for_selector("#headset[data-link=closed][data-mute=off][data-ring=off][data-plugged=no]")


def test_two_pages_show_one_phone(open_page, handset):
    left, right = open_page().connected(), open_page().connected()
    handset.display.show(frame := noise())
    for page in (left, right):
        page.wait_for_frame(frame)
    left.key("6").hover()
    left.tab.mouse.down()
    right.tab.wait_for_selector('.key.down[data-cap="6"]')
    left.close()
    right.tab.wait_for_selector('.key:not(.down)[data-cap="6"]')
    right.tab.keyboard.press(" ")
    right.tab.wait_for_selector("#hook[aria-pressed=true]")
    assert handset.keys.off_hook


def test_closing_every_page_changes_nothing(phone, handset, posted):
    handset.display.show(frame := noise())
    handset.hook(True)
    posted.get_nowait()
    phone.connected().wait_for_frame(frame)
    phone.close()
    assert posted.empty()
    assert handset.keys.off_hook
    assert handset.display.frame.tobytes() == frame.tobytes()
