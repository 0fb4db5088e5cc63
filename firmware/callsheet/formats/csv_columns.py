# SPDX-License-Identifier: GPL-3.0-or-later
"""What the columns and the comment lines of a CSV call sheet may be called, and how their cells are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from callsheet.formats.errors import Invalid, shown

# Compared without regard to case, space, "-", "_" and "."; a field's own name always counts.
_COLUMNS = {
    "id": "task id, task, record, record id, call id, key, 编号, 任务编号, 序号, 记录号",
    "number": "phone, phone number, telephone, tel, mobile, cell, dial, sip, uri, 电话, 电话号码, 号码, 手机, 手机号, 手机号码, 联系电话",
    "name": "customer, client, callee, contact, full name, company, 姓名, 名称, 客户, 客户姓名, 客户名称, 被叫, 联系人",
    "service": "service info, info, information, subject, purpose, 服务, 服务信息, 业务, 事由, 说明",
    "history": "call history, previous calls, contacts, 历史, 通话历史, 历史记录, 通话记录",
    "windows": "window, planned, planned window, planned windows, time window, time windows, when, "
               "时间窗, 计划时间, 时间段, 计划时段, 预约时段",
    "region": "area, state, province, country, 地区, 区域, 省份, 归属地",
    "zone": "time zone, tz, 时区",
    "priority": "prio, rank, importance, 优先级, 优先",
    "attempts": "attempts so far, tries, calls made, 已拨次数, 尝试次数, 次数",
    "not_before": "earliest, not earlier than, start after, 不早于, 最早时间",
    "callback": "call back, appointment, 回拨, 回电, 预约回电",
    "held": "hold, on hold, 暂缓, 搁置",
    "withdrawn": "removed, deleted, 撤回, 取消",
    "ring_timeout": "ring time, ring seconds, ring time out, 振铃超时, 振铃时长",
    "max_attempts": "maximum attempts, max tries, 最多次数, 最大次数",
    "caller_id": "caller, from number, our number, 主叫, 主叫号码, 外显号码",
}
_COMMENTS = {
    "id": "sheet, sheet id, campaign, 编号, 表单, 表单编号",
    "agent": "agent id, extension, 坐席, 座席, 坐席编号, 工号",
    "revision": "rev, version, 版本, 修订",
    "issued": "issued at, date, 发布时间",
    "expires": "expiry, valid until, 有效期, 到期",
    "title": "name, 标题",
    "mode": "dial mode, 模式, 拨号模式",
    "order": "sort, sort by, 排序, 顺序",
    "window_policy": "windows, 时间窗策略",
    "gap": "间隔, 呼叫间隔",
    "preview": "preview seconds, 预览时间",
    "wrap_up": "wrap up time, 话后时间, 整理时间",
    "ring_timeout": "ring time, ring time out, 振铃超时",
    "max_attempts": "maximum attempts, 最多次数",
    "retry": "retry policy, 重拨",
    "rules": "calling rules, 规则",
    "region_rules": "地区规则",
    "zone": "time zone, tz, 时区",
    "do_not_call": "dnc, 勿扰名单, 黑名单",
    "recent": "recent calls",
    "dispositions": "results, 结果",
    "pause_reasons": "pauses, 休息原因",
    "caller_id": "caller, 主叫, 主叫号码",
    "pin": "pin hash",
    "upload": "upload url, 上传, 上传地址",
}


def _folded(name: str) -> str:
    return re.sub(r"[\s_.\-]+", "", name.casefold())


def _aliases(table: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, names in table.items():
        for alias in (field, *names.split(",")):
            if found.setdefault(_folded(alias), field) != field:
                raise AssertionError(f"{alias} stands for two fields")
    return found


_COLUMN_OF = _aliases(_COLUMNS)
_COMMENT_OF = _aliases(_COMMENTS)
COMMENT_NAMES = tuple(_COMMENTS)


def column_field(title: str) -> str:
    """The task field of a column's title; empty: it becomes an extra field."""
    return _COLUMN_OF.get(_folded(title), "")


def comment_field(name: str) -> str:
    """The sheet field of a comment line's key; empty: there is none."""
    return _COMMENT_OF.get(_folded(name), "")


_YES = frozenset(["yes", "y", "true", "1", "x", "是", "✓", "√"])
_NO = frozenset(("", *["no", "n", "false", "0", "-", "否"]))


def _flag(text: str) -> bool:
    folded = text.strip().casefold()
    if folded in _YES:
        return True
    if folded in _NO:
        return False
    raise Invalid(f"{shown(text, 20)} is neither yes nor no", remedy='write "yes" or leave it empty')


def _whole(text: str) -> int:
    # A spreadsheet writes whole numbers as 3.0 at times.
    if _WHOLE.fullmatch(text):
        return int(_POINT.split(text)[0])
    raise Invalid(f"{shown(text, 20)} is not a whole number")


def _seconds(text: str) -> float:
    if _SECONDS.fullmatch(text):
        return float(text.replace(",", "."))
    raise Invalid(f"{shown(text, 20)} is not a number of seconds", remedy="write 30 or 2.5")


def _time(text: str) -> str:
    return _DATE_AND_TIME.sub(r"\1T", text)


@lru_cache(maxsize=4096)
def _windows(text: str) -> list[dict[str, str]]:
    """Windows such as 2026-11-24T09:00/12:00; 2026-11-25 14:00/2026-11-25 16:00."""
    parts = [part.strip() for part in _WINDOWS.split(text)]
    return [_window(part, index) for index, part in enumerate(part for part in parts if part)]


def _window(text: str, index: int) -> dict[str, str]:
    start, slash, end = (part.strip() for part in text.partition("/"))
    start, end = _time(start), _time(end)
    if not slash or not end:
        raise Invalid(f"{shown(text, 40)} is not a time window", (index,), "write 2026-11-24T09:00/12:00")
    if _CLOCK.fullmatch(end):
        offset = _OFFSET.search(start[11:])
        end = f"{start[:11]}{end}{offset[0] if offset else ''}"
    return {"start": start, "end": end}


def _history(text: str) -> list[dict[str, str]]:
    return [{"text": part.strip()} for part in _ENTRIES.split(text) if part.strip()]


_WHOLE = re.compile(r"[+-]?[0-9]{1,15}([.,]0{1,6})?")
_POINT = re.compile(r"[.,]")
_SECONDS = re.compile(r"[0-9]{1,9}([.,][0-9]{1,6})?")
_DATE_AND_TIME = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) +(?=[0-9])")
_WINDOWS = re.compile(r"[;；|\n]")
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_OFFSET = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")
_ENTRIES = re.compile(r"\n|(?:^| )\|(?: |$)")

_READERS: dict[str, Callable[[str], Any]] = {
    "history": _history,
    "windows": _windows,
    "priority": _whole,
    "attempts": _whole,
    "not_before": _time,
    "callback": _flag,
    "withdrawn": _flag,
    "ring_timeout": _seconds,
    "max_attempts": _whole,
}


def cell_reader(field: str) -> Callable[[str], Any] | None:
    """What makes of a cell's text the value that JSON would have, and raises Invalid; None: nothing has to."""
    return _READERS.get(field)
