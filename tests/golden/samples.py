# SPDX-License-Identifier: GPL-3.0-or-later
"""Screens as the phone shows them, one for each state of `design/experience.md`, in several languages."""

from __future__ import annotations

from callsheet.core.screen import KeyHint, Screen

Named = list[tuple[str, Screen]]


def _keys(**labels: str) -> tuple[KeyHint, ...]:
    names = {"star": "*", "hash": "#", "digits": "0–9"}
    return tuple(KeyHint(names.get(key, key), label) for key, label in labels.items())


ENGLISH: Named = [
    (
        "off",
        Screen(
            "off",
            "Callsheet",
            badge="08:58",
            headline="Log in",
            lines=("Agent number, then #",),
            keys=_keys(hash="OK", A="Status"),
        ),
    ),
    (
        "login-pin",
        Screen(
            "login",
            "Log in",
            badge="08:58",
            headline="PIN of agent 101",
            number="****_",
            keys=_keys(hash="OK", star="Back"),
        ),
    ),
    (
        "ready",
        Screen(
            "ready",
            "Ready",
            badge="09:02",
            icons=("secure",),
            headline="82 calls to make",
            lines=("First: Anna Schmidt", "Berlin · at once"),
            keys=_keys(D="Start", A="Status", B="Menu"),
        ),
    ),
    (
        "ready-blocked",
        Screen(
            "ready",
            "Ready",
            badge="09:02",
            icons=("no-headset",),
            headline="Anna Schmidt",
            number="+4930123456",
            alert="No headset: plug it in to go on",
            lines=("Berlin",),
            keys=_keys(A="Status", B="Menu"),
        ),
    ),
    (
        "waiting-hours",
        Screen(
            "ready",
            "Waiting",
            badge="19:58",
            headline="Katharina Schmidt-Müller",
            alert="Calling hours in New York begin at 15:00 (in 2 h 13 min)",
            keys=_keys(A="Pause", B="Menu"),
        ),
    ),
    (
        "preview",
        Screen(
            "preview",
            "Preview",
            badge="12 of 82",
            headline="Anna Schmidt",
            number="+4930123456",
            lines=(
                "Gold contract, renewal due",
                "Berlin · priority 3",
                "12 Oct, Mia: wants an offer for twenty licences; call after three in the afternoon",
            ),
            keys=_keys(D="Call", B="Skip", hash="Later", A="Pause"),
        ),
    ),
    (
        "autodial",
        Screen(
            "autodial",
            "Next call",
            badge="5 s",
            headline="Anna Schmidt",
            number="+4930123456",
            lines=("Gold contract, renewal due",),
            progress=0.6,
            keys=_keys(D="Now", B="Skip", hash="Later"),
        ),
    ),
    (
        "dialling",
        Screen(
            "dialling",
            "Dialling",
            badge="00:03",
            headline="Katharina Schmidt-Müller",
            number="+49 30 1234567",
            lines=("Gold contract, renewal due",),
            keys=_keys(D="Cancel"),
        ),
    ),
    (
        "ringing",
        Screen(
            "ringing",
            "Ringing",
            badge="00:11",
            headline="Bob Li",
            number="0221998877",
            lines=("Cologne · second attempt",),
            keys=_keys(D="Cancel"),
        ),
    ),
    (
        "talking",
        Screen(
            "talking",
            "Talking",
            badge="02:34",
            icons=("secure",),
            headline="Anna Schmidt",
            number="+4930123456",
            lines=("Gold contract, renewal due", "Berlin · priority 3"),
            keys=_keys(D="Hang up", C="Mute", A="Menu"),
        ),
    ),
    (
        "talking-history",
        Screen(
            "talking",
            "Talking",
            badge="02:51",
            icons=("secure",),
            headline="Anna Schmidt",
            number="+4930123456",
            page=1,
            lines=(
                "Gold contract, renewal due",
                "Berlin · priority 3",
                "12 Oct, Mia: wants an offer for twenty licences; call after three in the afternoon",
            ),
            keys=_keys(D="Hang up", C="Mute", A="Menu"),
        ),
    ),
    (
        "muted",
        Screen(
            "talking",
            "Talking",
            badge="1:02:34",
            icons=("muted", "secure"),
            headline="Anna Schmidt",
            number="+4930123456",
            lines=("Gold contract, renewal due",),
            keys=_keys(D="Hang up", C="Unmute", A="Menu"),
        ),
    ),
    (
        "held",
        Screen(
            "held",
            "On hold",
            badge="00:41",
            icons=("held",),
            headline="Anna Schmidt",
            number="+4930123456",
            keys=_keys(C="Take back", D="Hang up"),
        ),
    ),
    (
        "incoming",
        Screen(
            "incoming",
            "Incoming",
            badge="09:14",
            headline="Reception",
            number="200",
            keys=_keys(D="Answer", B="Decline"),
        ),
    ),
    (
        "incoming-sip",
        Screen(
            "incoming",
            "Incoming",
            badge="09:14",
            headline="anna.schmidt",
            number="anna.schmidt@example.org",
            keys=_keys(D="Answer", B="Decline"),
        ),
    ),
    (
        "wrap-up",
        Screen(
            "wrap-up",
            "Wrap-up",
            badge="24 s",
            progress=0.8,
            headline="Anna Schmidt",
            cursor=1,
            lines=(
                "1  Order",
                "2  No interest",
                "3  Call back at …",
                "4  Wrong person",
                "8  Empty number",
                "9  Do not call again",
            ),
            keys=_keys(digits="Choose", star="Longer"),
        ),
    ),
    (
        "wrap-up-failed",
        Screen(
            "wrap-up",
            "Busy",
            badge="8 s",
            progress=0.4,
            headline="Bob Li",
            lines=("Again in 15 min · attempt 2 of 4",),
            keys=_keys(hash="Next", B="Other time", star="Longer"),
        ),
    ),
    (
        "call-back",
        Screen(
            "callback",
            "Call back",
            badge="09:31",
            headline="When?",
            number="14:3_",
            lines=("Today, Berlin time",),
            keys=_keys(hash="OK", star="Back", A="15 min", B="1 h", C="Tomorrow"),
        ),
    ),
    (
        "paused",
        Screen(
            "paused",
            "Paused",
            badge="12:03",
            headline="Lunch",
            lines=("since 12:01",),
            keys=_keys(D="Go on", A="Reason"),
        ),
    ),
    (
        "pause-menu",
        Screen(
            "menu",
            "Pause",
            badge="12:01",
            cursor=0,
            lines=("Lunch", "Training"),
            keys=_keys(hash="OK", star="Back"),
        ),
    ),
    (
        "manual",
        Screen(
            "manual",
            "Dial",
            badge="10:10",
            number="0049301234567890123_",
            keys=_keys(D="Call", star="Delete"),
        ),
    ),
    (
        "unknown",
        Screen(
            "unknown",
            "Decide",
            badge="08:01",
            icons=("fault",),
            headline="Anna Schmidt",
            number="+4930123456",
            alert="Power was lost during this call. Did it take place?",
            keys=_keys(**{"1": "Yes", "2": "No"}),
        ),
    ),
    (
        "fault",
        Screen(
            "fault",
            "Fault",
            badge="08:01",
            icons=("unregistered", "fault", "upload"),
            alert="The server sip.example.org refuses this phone's password (403). Set sip.password at the console.",
            keys=_keys(hash="Try again"),
        ),
    ),
    (
        "finished",
        Screen(
            "finished",
            "Done",
            badge="16:40",
            icons=("upload",),
            headline="All 82 calls made",
            lines=("31 reached · 12 orders", "Results wait for the server"),
            keys=_keys(A="Log out", B="Fetch"),
        ),
    ),
    ("booting", Screen("booting", "", headline="Callsheet", lines=("Starting …",))),
]

CHINESE: Named = [
    (
        "ready",
        Screen(
            "ready",
            "就绪",
            badge="09:02",
            icons=("secure",),
            headline="还有82个电话",
            lines=("第一个：王小明", "北京·现在可拨"),
            keys=_keys(D="开始", A="状态", B="菜单"),
        ),
    ),
    (
        "ready-blocked",
        Screen(
            "ready",
            "就绪",
            badge="09:02",
            icons=("no-headset",),
            headline="王小明",
            number="+861012345678",
            alert="没有耳机：请插入耳机后继续",
            lines=("北京",),
            keys=_keys(A="状态", B="菜单"),
        ),
    ),
    (
        "autodial",
        Screen(
            "autodial",
            "下一个",
            badge="5秒",
            headline="王小明",
            number="+861012345678",
            lines=("金牌合同，即将到期",),
            progress=0.6,
            keys=_keys(D="拨打", B="跳过", hash="稍后"),
        ),
    ),
    (
        "talking",
        Screen(
            "talking",
            "通话中",
            badge="02:34",
            icons=("secure",),
            headline="王小明",
            number="13812345678",
            lines=("金牌合同，即将到期", "北京·优先级3"),
            keys=_keys(D="挂断", C="静音", A="菜单"),
        ),
    ),
    (
        "talking-history",
        Screen(
            "talking",
            "通话中",
            badge="02:51",
            headline="王小明",
            number="13812345678",
            page=1,
            lines=("金牌合同，即将到期", "10月12日，美亚：需要二十个许可证的报价，请在下午三点以后致电。"),
            keys=_keys(D="挂断", C="静音", A="菜单"),
        ),
    ),
    (
        "wrap-up",
        Screen(
            "wrap-up",
            "话后处理",
            badge="24秒",
            progress=0.8,
            headline="王小明",
            cursor=1,
            lines=("1 下单", "2 没有兴趣", "3 回电", "8 空号", "9 请勿再拨"),
            keys=_keys(digits="选择", star="延长"),
        ),
    ),
    (
        "paused",
        Screen(
            "paused",
            "暂停",
            badge="12:03",
            headline="午餐",
            lines=("自 12:01",),
            keys=_keys(D="继续", A="原因"),
        ),
    ),
    (
        "long-name",
        Screen(
            "dialling",
            "正在拨号",
            badge="00:03",
            headline="内蒙古自治区呼和浩特市某某科技有限责任公司",
            number="+8647112345678",
            keys=_keys(D="取消"),
        ),
    ),
    (
        "fault",
        Screen(
            "fault",
            "故障",
            badge="08:01",
            icons=("unregistered", "fault"),
            alert="服务器拒绝了本机的密码（403）。请在控制台设置。",
            keys=_keys(hash="重试"),
        ),
    ),
]

RUSSIAN: Named = [
    (
        "talking",
        Screen(
            "talking",
            "Разговор",
            badge="02:34",
            icons=("secure",),
            headline="Александр Щукин",
            number="+74951234567",
            lines=("Договор до 31 декабря", "Москва · приоритет 3"),
            keys=_keys(D="Отбой", C="Микрофон", A="Меню"),
        ),
    ),
    (
        "blocked",
        Screen(
            "ready",
            "Готов",
            badge="09:02",
            icons=("no-headset",),
            headline="Ёжиков Юрий",
            alert="Нет гарнитуры: подключите её",
            keys=_keys(A="Статус", B="Меню"),
        ),
    ),
]

ARABIC: Named = [
    (
        "talking",
        Screen(
            "talking",
            "Talking",
            badge="02:34",
            icons=("secure",),
            headline="محمد الأحمد",
            number="+96265001234",
            lines=("عقد ذهبي (تجديد)", "عمّان"),
            keys=_keys(D="Hang up", C="Mute", A="Menu"),
        ),
    ),
    (
        "long",
        Screen(
            "talking",
            "Talking",
            badge="02:34",
            headline="شركة الأمل الكبرى للتجارة والمقاولات (المحدودة)",
            number="+96265001234",
            keys=_keys(D="Hang up", C="Mute"),
        ),
    ),
    (
        "hebrew",
        Screen(
            "talking",
            "Talking",
            badge="02:34",
            headline="שלום כהן (2)",
            number="+97221234567",
            keys=_keys(D="Hang up", C="Mute"),
        ),
    ),
]

OTHERS: Named = [
    (
        "emoji",
        Screen(
            "talking",
            "Talking",
            badge="02:34",
            headline="Zoë 😀👍🏽💙 👨‍👩‍👧 🇩🇪",
            number="+4930123456",
            lines=("✆ Ring! ☎ ✉ ★ 𠮷野家",),
            keys=_keys(D="Hang up", C="Mute"),
        ),
    ),
    (
        "thai-hindi",
        Screen(
            "talking",
            "Talking",
            badge="02:34",
            headline="สมชาย नमस्ते",
            number="+6621234567",
            lines=("กรุงเทพฯ",),
            keys=_keys(D="Hang up", C="Mute"),
        ),
    ),
    (
        "controls",
        Screen(
            "talking",
            "Talking",
            badge="02:34",
            headline="a\x00b\x1b[31mc",
            number="+49\u202e30123456",
            lines=("tab\there",),
            keys=_keys(D="Hang up", C="Mute"),
        ),
    ),
    (
        "icons",
        Screen(
            "talking",
            "All icons",
            badge="02:34",
            icons=(
                "unregistered",
                "no-headset",
                "muted",
                "held",
                "upload",
                "fault",
                "secure",
                "clock",
                "message",
            ),
            headline="Nine icons",
            keys=_keys(D="Hang up"),
        ),
    ),
]

BY_LANGUAGE: dict[str, Named] = {"en": ENGLISH, "zh": CHINESE, "ru": RUSSIAN, "ar": ARABIC, "others": OTHERS}
