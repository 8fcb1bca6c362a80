"""Delivery for real: what is sent arrives, whatever dies in between, and one that hangs delays nobody else."""

import hashlib
import hmac
import json
import smtplib
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from dashboard.jobs.deliver import orphans
from dashboard.jobs.notify import Notifier
from dashboard.log.database import reading
from dashboard.log.notice_tables import attempts, deliveries
from dashboard.notices.channels.apprised import Apprised, PagerDuty
from dashboard.notices.channels.chat import Slack
from dashboard.notices.channels.seam import Message, NotDelivered
from dashboard.notices.channels.webhook import Webhook
from dashboard.notices.links import read_token
from dashboard.options import Secret
from tests.notices.conftest import Postbox, mail, text_of
from tests.notices.places import NOW, courier, plan_of, settled, tell, written
from tests.sources.loopback import Handler, Loopback, loopback

SECRET = "s3cret-of-the-test"


def held(value: str) -> Secret:
    return Secret.holding("the test", value)


def webhook(url: str, name: str = "hook", **more: Any) -> Webhook:
    return Webhook(name=name, url=held(url), secret=held(SECRET), **more)


def states(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        return {row.channel: row.state for row in connection.execute(select(deliveries))}


def tried(engine: Engine) -> list[tuple[str, str]]:
    with reading(engine) as connection:
        return [
            (row.channel, row.error) for row in connection.execute(select(attempts).order_by(attempts.c.attempted_at))
        ]


def test_a_webhook_gets_a_signed_message_that_it_can_tell_apart(engine: Engine, server: Loopback) -> None:
    settled(engine)
    plan = plan_of(webhook(server.url), secret=held("k"), base_url="https://dash.example/")
    Notifier(engine, plan).step(NOW)

    assert courier(engine, plan, "hook").deliver() == (1, 0)

    (asked,) = server.asked
    told = json.loads(asked.body)
    stamp = asked.headers["x-dashboard-timestamp"]
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["x-dashboard-signature"] == f"sha256={expected}"
    assert asked.headers["idempotency-key"] == told["key"]
    assert stamp == f"{NOW.timestamp():.0f}"
    assert told["notices"][0]["maintenance_id"] == "M-1"
    token = told["acknowledge"].removeprefix("https://dash.example/acknowledge/")
    assert read_token("k", token, NOW) == (told["key"], True)


def test_mail_arrives_with_its_words_and_its_key(engine: Engine, postbox: tuple[Postbox, int]) -> None:
    box, port = postbox
    settled(engine)
    plan = plan_of(mail(port))
    Notifier(engine, plan).step(NOW)

    courier(engine, plan, "mail").deliver()

    (got,) = box.mails
    text = text_of(got)
    assert (got["To"], got["From"], got["Importance"]) == ("oncall@fleet.example", "dash@fleet.example", "high")
    assert got["Message-ID"] == f"<{got['X-Idempotency-Key']}@fleet.example>"
    assert (
        "Firmware (Nimbus Cloud, M-1) takes 16 GPUs out on c from Tue 09:00 CET (in 20 h) until Wed 15:00 CET" in text
    )
    assert "Please acknowledge" in text


def test_chat_pings_nobody_whatever_a_provider_writes(engine: Engine, server: Loopback) -> None:
    settled(engine, title="<!channel> @all [click](https://evil.example)")
    plan = plan_of(Slack(name="chat", url=held(f"{server.url}/hooks/x"), room="#oncall"))
    Notifier(engine, plan).step(NOW)

    courier(engine, plan, "chat").deliver()

    told = json.loads(server.asked[0].body)
    assert told["channel"] == "#oncall"
    assert "<!channel>" not in told["text"]
    assert "@all" not in told["text"]
    assert "](https://" not in told["text"]


def test_apprise_serves_what_it_knows(engine: Engine, server: Loopback) -> None:
    """json:// is one of its services that speaks to any host."""
    settled(engine)
    address = server.url.replace("http://", "json://")
    plan = plan_of(Apprised(name="any", url=held(address), timeout=10.0))
    Notifier(engine, plan).step(NOW)

    assert courier(engine, plan, "any").deliver() == (1, 0)

    assert "takes 16 GPUs out" in json.loads(server.asked[0].body)["message"]


def test_apprise_does_not_follow_redirects_and_says_why(engine: Engine, server: Loopback) -> None:
    settled(engine)
    server.reply = lambda handler: handler.send_body(302, b"", Location="http://127.0.0.1:9/elsewhere")
    plan = plan_of(Apprised(name="any", url=held(server.url.replace("http://", "json://") + "?redirect=yes")))
    Notifier(engine, plan).step(NOW)

    assert courier(engine, plan, "any").deliver() == (0, 1)

    assert len(server.asked) == 1
    assert "did not take it (Failed to send JSON" in tried(engine)[0][1]


def test_pagerduty_gets_a_key_by_which_twice_is_once(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins import pagerduty

    monkeypatch.setitem(pagerduty.PAGERDUTY_API_LOOKUP, "us", f"{server.url}/v2/enqueue")
    message = Message("k-1", NOW.timestamp(), "oncall/c", "", "Subject", "Words", "", True, ())

    PagerDuty(name="pager", key=held("R0UT1NG")).send(message)

    told = json.loads(server.asked[0].body)
    assert (told["routing_key"], told["dedup_key"], told["event_action"]) == ("R0UT1NG", "k-1", "trigger")


class Gone(BaseException):
    """The process died."""


def dies_at(moment: str) -> Any:
    def during(now: str) -> None:
        if now == moment:
            raise Gone

    return during


@pytest.mark.parametrize(("moment", "times"), [("claimed", 1), ("sent", 2)])
def test_killed_before_or_after_sending_it_arrives_all_the_same(
    engine: Engine, server: Loopback, moment: str, times: int
) -> None:
    """Before: once, by whoever comes after the lease. After: twice, with the same key."""
    settled(engine)
    plan = plan_of(webhook(server.url))
    Notifier(engine, plan).step(NOW)
    with pytest.raises(Gone):
        courier(engine, plan, "hook", during=dies_at(moment)).deliver()

    soon = courier(engine, plan, "hook", NOW + timedelta(seconds=5)).deliver()
    later = courier(engine, plan, "hook", NOW + timedelta(minutes=5)).deliver()

    assert (soon, later) == ((0, 0), (1, 0))
    assert len(server.asked) == times
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 1
    assert states(engine) == {"hook": "sent"}


@pytest.mark.parametrize("moment", ["looked", "written"])
def test_killed_while_writing_nothing_is_lost_and_nothing_is_double(engine: Engine, moment: str) -> None:
    settled(engine)
    plan = plan_of(webhook("http://127.0.0.1:9/"))
    with pytest.raises(Gone):
        Notifier(engine, plan, dies_at(moment)).step(NOW)
    assert written(engine) == []

    Notifier(engine, plan).step(NOW + timedelta(minutes=1))
    Notifier(engine, plan).step(NOW + timedelta(minutes=2))

    assert [row.rung for row in written(engine)] == ["confirmed"]


def test_two_notifiers_at_once_write_and_send_each_notice_once(engine: Engine, server: Loopback) -> None:
    settled(engine)
    for i in range(12):
        tell(engine, NOW, f"M-x{i}", status="confirmed", start=written_start(), end=None)
    plan = plan_of(webhook(server.url))
    pairs = [Notifier(engine, plan) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: each.step(NOW), pairs))
        list(pool.map(lambda i: courier(engine, plan, "hook").deliver(), range(4)))

    keys = [asked.headers["idempotency-key"] for asked in server.asked]
    assert len(written(engine)) == 13
    assert len(keys) == len(set(keys)) == 1  # one digest


def written_start() -> int:
    from dashboard.model.instants import micros

    return micros(NOW + timedelta(days=9))


def test_a_second_channel_steps_in_and_the_first_is_spared(engine: Engine, server: Loopback) -> None:
    """It is urgent: the first failure is enough."""
    settled(engine)
    plan = plan_of(webhook("http://127.0.0.1:9/", "first"), webhook(server.url, "second"))
    Notifier(engine, plan).step(NOW)
    assert states(engine) == {"first": "due", "second": "waiting"}

    assert courier(engine, plan, "first").deliver() == (0, 1)
    assert courier(engine, plan, "second").deliver() == (1, 0)

    assert states(engine) == {"first": "spared", "second": "sent"}
    assert "cannot be reached" in tried(engine)[0][1]


def test_what_fails_is_tried_again_later_each_time(engine: Engine, server: Loopback) -> None:
    settled(engine)
    plan = plan_of(webhook(server.url))
    Notifier(engine, plan).step(NOW)
    server.fails(500)

    assert courier(engine, plan, "hook").deliver() == (0, 1)
    assert courier(engine, plan, "hook", NOW + timedelta(seconds=4)).deliver() == (0, 0)
    assert courier(engine, plan, "hook", NOW + timedelta(seconds=5)).deliver() == (0, 1)
    assert courier(engine, plan, "hook", NOW + timedelta(seconds=14)).deliver() == (0, 0)
    server.says({})
    assert courier(engine, plan, "hook", NOW + timedelta(seconds=15)).deliver() == (1, 0)


def test_a_webhook_that_redirects_is_not_followed(engine: Engine, server: Loopback) -> None:
    settled(engine)
    with loopback() as stranger:
        server.reply = lambda handler: handler.send_body(307, b"", Location=f"{stranger.url}/steal")
        plan = plan_of(webhook(server.url))
        Notifier(engine, plan).step(NOW)

        assert courier(engine, plan, "hook").deliver() == (0, 1)
        assert stranger.asked == []

    ((_, error),) = tried(engine)
    assert "redirects (307), which is not followed" in error


def test_a_channel_that_hangs_delays_no_other(engine: Engine, server: Loopback) -> None:
    """It drips one byte at a time, so that no time-out of a read ever ends it."""
    settled(engine)

    def drip(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(300):
            handler.wfile.write(b"X-Slow: 1\r\n")
            time.sleep(0.1)

    server.reply = drip
    with loopback() as well:
        plan = plan_of(webhook(server.url, "slow", timeout=0.4), webhook(well.url, "well"))
        Notifier(engine, plan).step(NOW)
        began = time.monotonic()
        slow = courier(engine, plan, "slow")

        assert slow.deliver() == (0, 1)
        assert time.monotonic() - began < 15
        assert courier(engine, plan, "well").deliver() == (1, 0)

    assert "it hangs" in tried(engine)[0][1]


def test_a_contact_that_is_no_address_is_said_and_the_next_channel_used(
    engine: Engine, server: Loopback, postbox: tuple[Postbox, int]
) -> None:
    settled(engine)
    audience = {"name": "teams", "for": "teams", "only": ["t-vis"], "channels": ["mail", "hook"]}
    plan = plan_of(mail(postbox[1]), webhook(server.url), audiences=[audience])
    Notifier(engine, plan).step(NOW)

    courier(engine, plan, "mail").deliver()

    assert "the contact 'slack:#vision' is no e-mail address" in tried(engine)[0][1]
    assert courier(engine, plan, "hook").deliver() == (1, 0)


def test_a_refused_recipient_is_named(postbox: tuple[Postbox, int]) -> None:
    message = Message("k", NOW.timestamp(), "a", "", "Subject", "Words", "", False, ())

    with pytest.raises(NotDelivered, match="refuses to deliver to nobody") as why:
        mail(postbox[1], to=("nobody@fleet.example",)).send(message)

    assert why.value.lasting


def test_a_channel_that_is_no_longer_configured_loses_nothing(engine: Engine, server: Loopback) -> None:
    settled(engine)
    before = plan_of(webhook("http://127.0.0.1:9/", "old"), webhook(server.url, "new"))
    Notifier(engine, before).step(NOW)
    after = plan_of(webhook(server.url, "new"))

    assert orphans(engine, after) == {"old"}
    gone = courier(engine, before, "old")
    gone.channel = None
    gone.deliver()

    assert "no channel of that name is configured" in tried(engine)[0][1]
    assert courier(engine, after, "new").deliver() == (1, 0)


def test_mail_errors_have_words() -> None:
    """Each of smtplib's own errors says what to change, or that it is tried again."""
    channel = mail(9)
    for error, words in (
        (smtplib.SMTPAuthenticationError(535, b""), "refuses the user or the password"),
        (smtplib.SMTPSenderRefused(550, b"", "x"), "refuses the sender"),
        (smtplib.SMTPNotSupportedError(), "does not offer"),
        (ssl.SSLCertVerificationError(), "not trusted"),
        (TimeoutError(), "did not answer within 15 s"),
        (smtplib.SMTPDataError(451, b""), "answered 451"),
        (ConnectionRefusedError(), "cannot be reached (ConnectionRefusedError)"),
    ):
        assert words in str(channel._failed(error))
