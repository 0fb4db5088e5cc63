# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to the town on the wire: transactions, answers, cancels, BYEs, what the ledger says."""

import itertools
import json
import random
import re

import pytest

from callsheet.simulator.town import Behaviour, Step
from tests.sip.peers.process import eventually
from tests.unit.town.rawphone import Dialog, RawPhone, Speaker


def end_of(town, number):
    return town.wait("end", number=number)[0]


def test_answered_call_is_heard_and_spoken_to(town, phone, call):
    dialog = call("answer")
    ok = dialog.established()
    assert [a.status for a in phone.kept] == [100, 180, 200]
    assert not phone.kept[0].tag
    assert phone.kept[1].tag == ok.tag
    with Speaker(phone, ok.body, 700) as speaker:
        town.wait("ack", number="answer")
        spoken = [phone.rtp.recv(2048) for _ in range(25)]
        eventually(lambda: speaker.sent >= 20)
    dialog.bye()
    end = end_of(town, "answer")
    assert (end["code"], end["result"], end["ended_by"], end["attempt"]) == (200, "answered", "phone", 1)
    rtp = end["rtp"]
    assert rtp["dominant_hz"] == pytest.approx(700, abs=1)
    assert rtp["dominant_share"] > 0.95
    assert (rtp["codec"], rtp["lost"], rtp["foreign"]) == ("PCMU", 0, 0)
    assert rtp["rx"] == speaker.sent
    assert rtp["tx"] >= 25
    assert rtp["first_ms"] is not None
    assert rtp["first_voice_ms"] >= rtp["first_ms"]
    assert {len(packet) for packet in spoken} == {172}
    assert {packet[1] & 0x7F for packet in spoken} == {0}
    numbers = [int.from_bytes(packet[2:4], "big") for packet in spoken]
    assert [(b - a) & 0xFFFF for a, b in itertools.pairwise(numbers)] == [1] * 24


def test_a_final_failure_is_repeated_until_its_ack(town, phone, call):
    dialog = call("busy")
    dialog.invite()
    first = phone.wait(486)
    assert phone.wait(486).text == first.text
    assert phone.wait(486).text == first.text
    dialog.ack_failure(first)
    # One may have been under way.
    phone.next(0.1)
    assert phone.next(0.5) is None


def test_a_repeated_invite_gets_the_last_response_and_is_no_second_call(town, phone, call):
    dialog = call("rings-out")
    invite = dialog.invite()
    ringing = phone.wait(180)
    phone.raw(invite)
    assert phone.wait(180).text == ringing.text
    assert len(town.calls) == 1


def test_a_200_is_repeated_until_its_ack_and_hung_up_on_without(town, phone, call):
    dialog = call("answer")
    dialog.invite()
    first = phone.wait(200)
    assert phone.wait(200).text == first.text
    bye = phone.wait(method="BYE")
    phone.reply(bye)
    end = end_of(town, "answer")
    assert (end["result"], end["ended_by"]) == ("unacknowledged", "town")


def test_cancel(town, phone, call):
    dialog = call("rings-out")
    dialog.invite()
    ringing = phone.wait(180)
    dialog.cancel()
    assert phone.wait(200, cseq="CANCEL").tag == ringing.tag
    terminated = phone.wait(487, cseq="INVITE")
    dialog.ack_failure(terminated)
    end = end_of(town, "rings-out")
    assert (end["code"], end["result"], end["ended_by"]) == (487, "cancelled", "phone")
    assert end["rang_seconds"] > 0


def test_cancel_of_nothing(town, phone, call):
    dialog = call("answer")
    dialog.request("CANCEL")
    phone.wait(481, cseq="CANCEL")


def test_200_crosses_the_cancel(town, phone, call):
    dialog = call("answers-the-cancel")
    dialog.invite()
    phone.wait(180)
    dialog.cancel()
    order = [phone.next(), phone.next()]
    assert [(a.status, a.cseq.split()[1]) for a in order] == [(200, "INVITE"), (200, "CANCEL")]
    dialog.follow(order[0])
    dialog.ack()
    dialog.bye()
    assert end_of(town, "answers-the-cancel")["result"] == "answered"


def test_a_cancel_after_the_answer_changes_nothing(town, phone, call):
    dialog = call("answer")
    dialog.established()
    dialog.cancel()
    assert phone.wait(200, cseq="CANCEL")
    dialog.bye()


def test_ignored_cancel(town, phone, call):
    dialog = call("ignores-cancel")
    dialog.invite()
    phone.wait(180)
    dialog.cancel()
    phone.wait(200, cseq="CANCEL")
    assert phone.next(0.4) is None
    assert town.totals().open == 1


def test_bye_glare(town, phone, call):
    dialog = call("bye-glare")
    dialog.established()
    dialog.request("BYE")
    first, second = phone.next(), phone.next()
    assert first.method == "BYE"
    assert (second.status, second.cseq.split()[1]) == (200, "BYE")
    phone.reply(first)
    assert end_of(town, "bye-glare")["ended_by"] == "phone"


def test_both_byes_at_once_are_both_answered(town, phone, call):
    town.assign("1", Behaviour(ring=0, talk=0.05, reason=("Q.850;cause=16",)))
    dialog = call("1")
    dialog.established()
    bye = phone.wait(method="BYE")
    assert bye.get("Reason") == "Q.850;cause=16"
    assert dialog.bye().status == 200
    phone.reply(bye)
    assert end_of(town, "1")["ended_by"] == "callee"


def test_who_vanishes_says_nothing_any_more(town, phone, call):
    town.assign("1", Behaviour(ring=0, script=(Step(after=0, do="vanish"),)))
    dialog = call("1")
    dialog.established()
    end_of(town, "1")
    dialog.request("BYE")
    assert phone.next(0.4) is None


def test_duplicate_200s(town, phone, call):
    dialog = call("repeats-200")
    dialog.invite()
    assert len({phone.wait(200).text for _ in range(3)}) == 1
    dialog.follow(phone.kept[-1])
    for _ in range(2):
        dialog.ack()
        phone.wait(200, cseq="INVITE")
    dialog.ack()
    town.wait("ack", number="repeats-200")
    dialog.bye()


def test_early_media_is_heard_before_the_answer(town, phone, call):
    dialog = call("announcement-then-404")
    dialog.invite()
    progress = phone.wait(183)
    assert "m=audio" in progress.body
    assert {len(phone.rtp.recv(2048)) for _ in range(5)} == {172}
    failure = phone.wait(404)
    dialog.ack_failure(failure)
    assert end_of(town, "announcement-then-404")["rtp"]["tx"] > 100


def test_silence_and_trying_only(town, phone, call):
    dialog = call("trying-only")
    dialog.invite()
    phone.wait(100)
    assert phone.next(0.3) is None
    dialog.cancel()
    phone.wait(487)
    silent = call("silent")
    silent.invite()
    assert phone.next(0.3).cseq.endswith("INVITE")
    assert all(a.get("Call-ID") != silent.call_id for a in phone.kept)


def test_offer_in_the_200_and_answer_in_the_ack(town, phone, call):
    dialog = call("answer")
    dialog.invite(body="")
    ok = phone.wait(200)
    assert "m=audio" in ok.body
    dialog.follow(ok)
    dialog.ack(body=phone.sdp(codecs="8"))
    assert phone.rtp.recv(2048)[1] & 0x7F == 8
    dialog.bye()


def test_hold_and_unhold_by_the_phone(town, phone, call):
    dialog = call("answer")
    dialog.established()
    for asked, given in (("sendonly", "recvonly"), ("inactive", "inactive"), ("sendrecv", "sendrecv")):
        dialog.invite(body=phone.sdp(asked))
        ok = phone.wait(200, cseq="INVITE")
        assert f"a={given}" in ok.body
        dialog.ack()
    version = [
        int(re.search(r"o=town \d+ (\d+)", a.body)[1]) for a in phone.kept if a.status == 200 and a.body
    ]
    assert version == sorted(set(version))
    dialog.bye()


@pytest.mark.parametrize(
    ("method", "body"), [("UPDATE", True), ("UPDATE", False), ("INFO", False), ("OPTIONS", False)]
)
def test_requests_within_the_call(town, phone, call, method, body):
    dialog = call("answer")
    dialog.established()
    dialog.request(method, body=phone.sdp("sendonly") if body else "")
    ok = phone.wait(200, cseq=method)
    assert ("a=recvonly" in ok.body) is body
    dialog.bye()


def test_callee_holds_and_takes_back(town, phone, call):
    town.assign("1", Behaviour(ring=0, script=(Step(after=0.05, do="hold"), Step(after=0.4, do="unhold"))))
    dialog = call("1")
    dialog.established()
    for asked, given in (("sendonly", "recvonly"), ("sendrecv", "sendrecv")):
        invite = phone.wait(method="INVITE")
        assert f"a={asked}" in invite.body
        phone.reply(invite, body=phone.sdp(given))
        phone.wait(method="ACK")
        town.wait("reinvited", number="1", direction=asked)
    dialog.bye()


def test_callee_changes_the_codec(town, phone, call):
    town.assign("1", Behaviour(ring=0, script=(Step(after=0.05, do="codec", codec="PCMA"),)))
    dialog = call("1")
    dialog.established()
    invite = phone.wait(method="INVITE")
    assert "RTP/AVP 8 101" in invite.body
    phone.reply(invite, body=phone.sdp(codecs="8 101"))
    phone.wait(method="ACK")
    town.wait("reinvited", codec="PCMA")
    dialog.bye()


def test_reinvites_that_meet_are_refused_with_491_and_tried_again(town, phone, call):
    town.assign("1", Behaviour(ring=0, script=(Step(after=0.05, do="hold"),)))
    dialog = call("1")
    dialog.established()
    theirs = phone.wait(method="INVITE")
    dialog.invite(body=phone.sdp())
    phone.wait(491)
    phone.reply(theirs, 491)
    assert phone.wait(method="ACK").cseq.split()[0] == theirs.cseq.split()[0]
    again = phone.wait(method="INVITE")
    assert int(again.cseq.split()[0]) > int(theirs.cseq.split()[0])
    phone.reply(again, body=phone.sdp("recvonly"))
    phone.wait(method="ACK")


def test_blind_transfer(town, phone, call):
    dialog = call("answer")
    dialog.established()
    dialog.request("REFER", headers=("Refer-To: <sip:2002@town>",))
    phone.wait(202)
    for state, line in (("active", "SIP/2.0 100"), ("terminated", "SIP/2.0 200 OK")):
        notify = phone.wait(method="NOTIFY")
        assert notify.get("Event") == "refer"
        assert notify.get("Subscription-State").startswith(state)
        assert notify.get("Content-Type").startswith("message/sipfrag")
        assert notify.body.startswith(line)
        phone.reply(notify)
    dialog.bye()
    assert end_of(town, "answer")["transferred_to"] == "2002"


def test_the_callee_presses_keys(town, phone, call):
    dialog = call("presses-keys")
    dialog.established()
    phone.rtp.settimeout(5)
    pressed, stamps = "", set()
    while len(pressed) < 4:
        packet = phone.rtp.recv(2048)
        stamp = packet[4:8]
        if packet[1] & 0x7F == 101 and stamp not in stamps:
            stamps.add(stamp)
            pressed += "0123456789*#"[packet[12]]
    assert pressed == "159#"
    dialog.bye()


@pytest.mark.parametrize(
    ("bend", "status"),
    [
        ({"seq": 1}, 500),
        ({"to_tag": "nobody"}, 481),
        ({"headers": ("Require: 100rel",)}, 420),
        ({"uri": "http://x/"}, 416),
    ],
)
def test_bent_requests(town, phone, call, bend, status):
    dialog = call("answer")
    dialog.established()
    dialog.seq += 1
    dialog.request("INFO", **bend)
    phone.wait(status, cseq="INFO")


def test_methods_and_bodies_nobody_knows(town, phone, call):
    outside = call("1001")
    outside.request("PUBLISH")
    assert "INVITE" in phone.wait(405).get("Allow")
    outside.request("OPTIONS")
    phone.wait(200)
    inside = call("answer")
    inside.established()
    inside.request("MESSAGE")
    phone.wait(405, cseq="MESSAGE")
    dialog = call("answer")
    dialog.invite(body="", headers=("Content-Type: text/plain", "X: y"))
    phone.wait(200, cseq="INVITE")


def test_no_common_codec(town, phone, call):
    dialog = call("answer")
    dialog.invite(body=phone.sdp(codecs="18"))
    dialog.ack_failure(phone.wait(488))
    assert end_of(town, "answer")["code"] == 488


def test_the_same_invite_by_another_way_is_a_loop(town, phone, call):
    dialog = call("rings-out")
    dialog.invite()
    phone.wait(180)
    dialog.invite(seq=dialog.seq)
    phone.wait(482)
    assert len(town.calls) == 1


def test_session_timers_are_left_to_the_phone(town, phone, call):
    dialog = call("answer")
    dialog.invite(headers=("Supported: timer, replaces", "Session-Expires: 1800", "Require: timer"))
    ok = phone.wait(200)
    assert ok.get("Session-Expires") == "1800;refresher=uac"
    assert ok.get("Require") == "timer"


def test_record_routes_are_kept_and_used(town, phone, call):
    town.assign("1", Behaviour(ring=0, talk=0.05))
    dialog = call("1")
    route = f"<sip:127.0.0.1:{phone.port};lr>"
    dialog.invite(headers=(f"Record-Route: {route}, <sip:far.example;lr>",))
    ok = phone.wait(200)
    assert ok.all("Record-Route") == [route, "<sip:far.example;lr>"]
    dialog.follow(ok)
    dialog.ack()
    assert phone.wait(method="BYE").all("Route") == [route, "<sip:far.example;lr>"]


def test_attempts_and_sequences(town, phone, call):
    codes = []
    for _ in range(3):
        dialog = call("busy-then-answer")
        dialog.invite()
        while (answer := phone.next()).status < 200:
            pass
        codes.append(answer.status)
        if answer.status < 300:
            dialog.follow(answer)
            dialog.ack()
            dialog.bye()
        else:
            dialog.ack_failure(answer)
    assert codes == [486, 200, 200]
    ends = town.wait("end", number="busy-then-answer", count=3)
    assert [end["attempt"] for end in ends] == [1, 2, 3]
    totals = town.totals()
    assert (totals.calls, totals.numbers, totals.answered, totals.rejected, totals.open) == (3, 1, 2, 1, 0)
    assert totals.by_code == {200: 2, 486: 1}


def test_a_callee_who_hears_nothing_hangs_up(make_town):
    town = make_town(timers="rtp_silence = 0.3")
    with RawPhone(town.address) as phone:
        dialog = Dialog(phone, "answer")
        dialog.invite(body=phone.sdp("recvonly"))
        dialog.follow(phone.wait(200))
        dialog.ack()
        assert phone.next(0.6) is None, "who is not to hear anything does not complain"
        dialog.invite(body=phone.sdp())
        phone.wait(200, cseq="INVITE")
        dialog.ack()
        phone.reply(phone.wait(method="BYE"))
        assert town.wait("end")[0]["ended_by"] == "town"


def test_a_call_nobody_cancels_ends_some_day(make_town):
    town = make_town(timers="longest_ring = 0.3")
    with RawPhone(town.address) as phone:
        dialog, silent = Dialog(phone, "rings-out"), Dialog(phone, "silent")
        silent.invite()
        dialog.invite()
        dialog.ack_failure(phone.wait(480))
        ends = town.wait("end", count=2)
        assert {(end["number"], end["code"], end["result"]) for end in ends} == {
            ("rings-out", 480, "given-up"),
            ("silent", 0, "given-up"),
        }


def test_the_ledger_is_on_disk_line_by_line(make_town, tmp_path):
    log = tmp_path / "town.jsonl"
    town = make_town(log=log)
    with RawPhone(town.address) as phone:
        dialog = Dialog(phone, "rings-out")
        dialog.invite()
        phone.wait(180)
        town.wait("ringing")
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert [line["event"] for line in lines] == ["open", "invite", "ringing"]
        assert lines[1]["call_id"] == dialog.call_id
        assert (lines[1]["number"], lines[1]["attempt"], lines[1]["behaviour"]) == (
            "rings-out",
            1,
            "rings-out",
        )
        town.stop()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["event"] for line in lines[3:]] == ["final", "end", "close"]
    assert lines[4]["result"] == "town-closed"


def test_garbage_disturbs_nobody(town, phone, call):
    dialog = call("answer")
    dialog.established()
    for data in (
        b"\r\n\r\n",
        b"\0",
        b"hello",
        b"INVITE",
        bytes(range(256)),
        b"SIP/2.0 200 OK\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n",
        b"ACK sip:x SIP/2.0\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport\r\nFrom: <\r\nTo: <\r\nCSeq: 1 INVITE\r\n\r\n",
    ):
        phone.raw(data)
    assert dialog.bye()
    assert town.town.garbage >= 3


DAMAGE = (b"", b"\r\n", b"<", b'"', b";", b",", b"@", b"\xc3", b"9", b":")


def damaged(dice, message, number):
    data = bytearray(message.replace(b"z9hG4bK", b"z9hG4bK%d" % number))
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(data))
        data[at : at + dice.randint(0, 3)] = dice.choice(DAMAGE)
    return bytes(data)


def test_damaged_messages_disturb_nobody(town, phone, call):
    broken, dice = [], random.Random(20)
    town.run(town._loop.set_exception_handler, lambda loop, context: broken.append(context))
    dialog = call("answer")
    dialog.established()
    kinds = [
        dialog.request("INVITE", body=phone.sdp()),
        dialog.request("INVITE", body=phone.sdp(), to_tag=""),
        dialog.request("UPDATE", body=phone.sdp("sendonly")),
        dialog.request("REFER", headers=("Refer-To: <sip:2@town>",)),
        dialog.request("REGISTER", to_tag=""),
        dialog.request("ACK"),
    ]
    for number in range(400):
        phone.raw(damaged(dice, dice.choice(kinds), number))
        if number % 10 == 0:
            # The town keeps up: nothing is lost in a full socket buffer.
            Dialog(phone, "1").request("OPTIONS")
            phone.wait(200, cseq="OPTIONS")
    assert broken == []
    assert town.town.garbage > 10


@pytest.mark.parametrize("method", ["BYE", "UPDATE", "REFER", "INFO", "NOTIFY"])
def test_requests_that_belong_into_a_dialog(town, phone, call, method):
    call("1").request(method)
    phone.wait(481, cseq=method)
