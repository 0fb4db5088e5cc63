# SPDX-License-Identifier: GPL-3.0-or-later
"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

AT = sa.DateTime(timezone=True)


def _agent() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)


def _call_list() -> None:
    op.create_table(
        "call_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("header", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("stop_reason", sa.Text(), nullable=False),
        sa.Column("keep_until", AT, nullable=True),
        sa.Column("created", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_list")),
        sa.UniqueConstraint("key", name=op.f("uq_call_list_key")),
    )
    op.create_index(op.f("ix_call_list_state"), "call_list", ["state"], unique=False)


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("name", sa.String(320), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("phone", sa.String(64), nullable=False),
        sa.Column("received", AT, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_delivery")),
    )
    op.create_index(op.f("ix_delivery_received"), "delivery", ["received"], unique=False)


def _do_not_call() -> None:
    op.create_table(
        "do_not_call",
        sa.Column("canonical", sa.String(256), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.PrimaryKeyConstraint("canonical", name=op.f("pk_do_not_call")),
    )


def _mapping() -> None:
    op.create_table(
        "mapping",
        sa.Column("titles", sa.String(64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.PrimaryKeyConstraint("titles", name=op.f("pk_mapping")),
    )


def _phone() -> None:
    op.create_table(
        "phone",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("installation", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("heard", AT, nullable=False),
        sa.Column("status", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone")),
    )
    op.create_index(op.f("ix_phone_agent_id"), "phone", ["agent_id"], unique=False)
    op.create_index(op.f("ix_phone_heard"), "phone", ["heard"], unique=False)


def _setting() -> None:
    op.create_table(
        "setting",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )


def _user() -> None:
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name")),
    )


def _work_record() -> None:
    op.create_table(
        "work_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("work", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_record")),
        sa.UniqueConstraint("phone", "at", name=op.f("uq_work_record_phone_at")),
    )
    op.create_index(op.f("ix_work_record_agent_id_at"), "work_record", ["agent_id", "at"], unique=False)


def _device_token() -> None:
    op.create_table(
        "device_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=True),
        sa.Column("created", AT, nullable=False),
        sa.Column("used", AT, nullable=True),
        sa.Column("revoked", AT, nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_device_token_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_token")),
        sa.UniqueConstraint("sha256", name=op.f("uq_device_token_sha256")),
    )


def _import_run() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["call_list.id"], name=op.f("fk_import_run_list_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_sha256"), "import_run", ["sha256"], unique=False)


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("created", AT, nullable=False),
        sa.Column("expires", AT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_expires"), "session", ["expires"], unique=False)
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)


def _sheet() -> None:
    op.create_table(
        "sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("issued", AT, nullable=False),
        sa.Column("phone", sa.String(64), nullable=False),
        sa.Column("installation", sa.Integer(), nullable=False),
        sa.Column("leased", AT, nullable=True),
        sa.Column("until", AT, nullable=True),
        sa.Column("heard", AT, nullable=True),
        sa.Column("held_revision", sa.Integer(), nullable=False),
        sa.Column("wanted_by", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_sheet_agent_id")),
        sa.ForeignKeyConstraint(["list_id"], ["call_list.id"], name=op.f("fk_sheet_list_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet")),
        sa.UniqueConstraint("agent_id", "list_id", name=op.f("uq_sheet_agent_id_list_id")),
    )
    op.create_index(op.f("ix_sheet_until"), "sheet", ["until"], unique=False)


def _task() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(256), nullable=False),
        sa.Column("canonical", sa.String(256), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=True),
        sa.Column("moving_to", sa.String(64), nullable=True),
        sa.Column("moving_revision", sa.Integer(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("disposition", sa.String(64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", AT, nullable=True),
        sa.Column("callback", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=True),
        sa.Column("changed", AT, nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_task_agent_id")),
        sa.ForeignKeyConstraint(["list_id"], ["call_list.id"], name=op.f("fk_task_list_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("list_id", "key", name=op.f("uq_task_list_id_key")),
    )
    op.create_index(op.f("ix_task_agent_id"), "task", ["agent_id"], unique=False)
    op.create_index(op.f("ix_task_agent_id_list_id_final"), "task", ["agent_id", "list_id", "final"], unique=False)
    op.create_index(op.f("ix_task_canonical"), "task", ["canonical"], unique=False)
    op.create_index(op.f("ix_task_changed"), "task", ["changed"], unique=False)
    op.create_index(op.f("ix_task_list_id_position"), "task", ["list_id", "position"], unique=False)
    op.create_index(op.f("ix_task_moving_to"), "task", ["moving_to"], unique=False)


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("list_id", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("phone", sa.String(64), nullable=False),
        sa.Column("canonical", sa.String(256), nullable=False),
        sa.Column("dialled", AT, nullable=False),
        sa.Column("ended", AT, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("capped", sa.Boolean(), nullable=False),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.Column("issued", AT, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["call_list.id"], name=op.f("fk_attempt_list_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_attempt_task_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_agent_id_dialled"), "attempt", ["agent_id", "dialled"], unique=False)
    op.create_index(op.f("ix_attempt_canonical_dialled"), "attempt", ["canonical", "dialled"], unique=False)
    op.create_index(op.f("ix_attempt_dialled"), "attempt", ["dialled"], unique=False)
    op.create_index(op.f("ix_attempt_list_id"), "attempt", ["list_id"], unique=False)
    op.create_index(op.f("ix_attempt_task_id"), "attempt", ["task_id"], unique=False)


TABLES = (
    ("agent", _agent),
    ("audit", _audit),
    ("call_list", _call_list),
    ("delivery", _delivery),
    ("do_not_call", _do_not_call),
    ("mapping", _mapping),
    ("phone", _phone),
    ("setting", _setting),
    ("user", _user),
    ("work_record", _work_record),
    ("device_token", _device_token),
    ("import_run", _import_run),
    ("session", _session),
    ("sheet", _sheet),
    ("task", _task),
    ("attempt", _attempt),
)
"""Each after those that it refers to."""


def upgrade() -> None:
    """Make them."""
    for _, create in TABLES:
        create()


def downgrade() -> None:
    """Remove them, with all that is in them."""
    for name, _ in reversed(TABLES):
        op.drop_table(name)
