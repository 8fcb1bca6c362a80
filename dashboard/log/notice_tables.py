"""The tables of notices: what was said, what is to be sent and how that goes, who acknowledged, and a sign of life."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, PrimaryKeyConstraint, Table, Text

from dashboard.log.tables import metadata

notices = Table(
    "notices",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),  # clocks may be set back: this is the order
    Column("key", Text, nullable=False),  # maintenance, audience, rung, and after which notice: once
    Column("maintenance_id", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("rung", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("phase", Text, nullable=False),
    Column("mood", Text, nullable=False),
    Column("start", BigInteger),
    Column("end", BigInteger),
    Column("eta", BigInteger),
    Column("back", Float, nullable=False),
    Column("gpus", BigInteger, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("escalates", Boolean, nullable=False),
    Column("covers", Text, nullable=False),  # JSON: [label, due_at] of every rung it makes good for
    Column("words", Text, nullable=False),
    Column("message", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index(None, notices.c.key, unique=True)
Index(None, notices.c.maintenance_id, notices.c.audience)
Index(None, notices.c.message)

messages = Table(
    "messages",
    metadata,
    Column("key", Text, primary_key=True),
    Column("audience", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("program", Text, nullable=False),  # JSON: its notices, as programs read them
    sqlite_with_rowid=False,
)
Index(None, messages.c.written_at)

deliveries = Table(
    "deliveries",
    metadata,
    Column("message", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("chain", Integer, nullable=False),  # 0: the audience's channels, one after the other; 1: its escalation
    Column("place", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("held_by", Text, nullable=False),  # the notifier that sends it, '' for none
    Column("held_until", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("said", Text, nullable=False),  # what the other side said, or why it failed
    Column("contact", Text, nullable=False),  # instead of the message's, where it escalates; '' for that
    PrimaryKeyConstraint("message", "channel"),
    sqlite_with_rowid=False,
)
Index(None, deliveries.c.channel, deliveries.c.state, deliveries.c.due_at)

attempts = Table(
    "attempts",
    metadata,
    Column("message", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("attempted_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),  # '' where it arrived
    PrimaryKeyConstraint("message", "channel", "number"),
    sqlite_with_rowid=False,
)
Index(None, attempts.c.attempted_at)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("message", Text, primary_key=True),
    Column("acknowledged_at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("how", Text, nullable=False),  # "link" or "page"
    sqlite_with_rowid=False,
)

ladders = Table(
    "ladders",
    metadata,
    Column("maintenance_id", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("looked_at", BigInteger, nullable=False),
    Column("phase", Text, nullable=False),
    Column("next_at", BigInteger),
    Column("steps", Text, nullable=False),  # JSON: [label, state, at, why], each rung that matters
    Column("preview", Text, nullable=False),  # what the next notice would say
    PrimaryKeyConstraint("maintenance_id", "audience"),
    sqlite_with_rowid=False,
)

notifiers = Table(
    "notifiers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("began_at", BigInteger, nullable=False),  # what was over before is told to nobody
    Column("beat_at", BigInteger, nullable=False),
    Column("every", Float, nullable=False),  # seconds from one beat to the next
    Column("position", Integer, nullable=False),  # of the log, up to which all that is due is written
    Column("error", Text, nullable=False),
    Column("failing_since", BigInteger),
    sqlite_with_rowid=False,
)
