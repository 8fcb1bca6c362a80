"""Bad input is said plainly by doctor, and when the configuration is read; no secret is among the words."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from dashboard.configuration import read_notices
from dashboard.errors import UsageError
from dashboard.jobs.examine import examine_notices
from dashboard.model.instants import micros
from dashboard.notices.channels.mail import Mail
from dashboard.notices.channels.webhook import Webhook
from dashboard.options import Secret
from tests.notices.places import NOW, plan_of, settled
from tests.sources.loopback import Loopback

HOOK = '[[notices.channels]]\nname = "hook"\ntype = "webhook"\nurl_env = "URL"\nsecret_env = "SECRET"\n'
TEAMS = '[[notices.audiences]]\nname = "teams"\nfor = "teams"\nchannels = ["hook"]\n'
MAIL = '[[notices.channels]]\nname = "mail"\ntype = "email"\nhost = "h"\nsender = "a@b.example"\n'


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """One database will do."""
    return sqlite_database


def read(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "dashboard.toml"
    path.write_text(text)
    return read_notices(path, {"URL": "https://hook.example/s3cret-path", "SECRET": "s3cret"})


def test_a_whole_configuration_is_read(tmp_path: Path) -> None:
    plan = read(tmp_path, f'[notices]\nladder = {{ before = ["2d"], repeat = "1h" }}\n{HOOK}{TEAMS}')

    assert [each.name for each in plan.channels] == ["hook"]
    assert plan.ladder.ladder.leads == (2 * 86_400_000_000,)
    assert "s3cret" not in repr(plan)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[notices.templates.team]\nstart = "{{ gpuz }}"\n', "team.start: there is no field 'gpuz'; there are title"),
        ('[notices.templates.team]\nbegin = "x"\n', "there is no notice 'begin'; there are confirmed"),
        ('[notices.templates.team]\nstart = "{% if %}"\n', "team.start: line 1"),
        ('[notices.templates.team]\nstart = "{{ gpus.bit_length() }}"\n', "team.start: cannot be filled in"),
        (MAIL + 'to = ["nobody"]\n', "channel 'mail': to: 'nobody' is no e-mail address"),
        (TEAMS, "audience 'teams': there is no channel 'hook'"),
        (HOOK + HOOK, "two channels are named 'hook'"),
        (HOOK.replace("webhook", "pigeon"), "there is no type 'pigeon'; write one of slack, webhook"),
        (HOOK.replace('url_env = "URL"', 'url = "https://x"'), "url is a secret; name it by url_env or url_file"),
        (HOOK + TEAMS + 'zone = "Mars/Base"\n', "there is no such time zone"),
        ('[notices]\nbase_url = "https://x.example"\n', "links that acknowledge have to be signed"),
        ('[notices]\nladder = { before = ["soon"] }\n', "ladder.before.0"),
    ],
)
def test_what_is_wrong_is_said_when_it_is_read(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as why:
        read(tmp_path, text)

    assert words in str(why.value)
    assert "s3cret" not in str(why.value)


def test_doctor_says_of_each_channel_what_to_change(engine: Engine, server: Loopback) -> None:
    """One redirects, one hangs, one is away, a contact is no address; and nothing was posted anywhere."""
    settled(engine)
    server.reply = lambda handler: handler.send_body(301, b"", Location="https://elsewhere.example")
    secret = Secret.holding("the test", "s3cret")

    def hook(name: str, url: str) -> Webhook:
        return Webhook(name=name, url=Secret.holding("the test", url), secret=secret)

    mail = Mail(name="mail", host="127.0.0.1", port=9, security="none", sender="a@b.example")
    audience = {"name": "teams", "for": "teams", "only": ["t-vis", "t-gone"], "channels": ["mail", "moved"]}
    plan = plan_of(
        hook("moved", f"{server.url}/s3cret"), hook("away", "http://127.0.0.1:9/"), mail, audiences=[audience]
    )

    found = [each.words for each in examine_notices(engine, plan, NOW) if not each.sound]

    said = "\n".join(found)
    assert "moved: 127.0.0.1:" in said
    assert "redirects (301), which is not followed" in said
    assert "away: 127.0.0.1:9 cannot be reached" in said
    assert "mail: 127.0.0.1 cannot be reached" in said
    assert "there is no team 't-gone'" in said
    assert "teams/t-vis over mail: the contact 'slack:#vision' is no e-mail address" in said
    assert "nobody is told for scheduler all" in said
    assert "nobody is told for team t-fm" in said
    assert "s3cret" not in said
    assert {asked.method for asked in server.asked} == {"HEAD"}


def test_a_channel_that_hangs_is_a_finding(engine: Engine, server: Loopback) -> None:
    settled(engine)
    server.reply = lambda _: time.sleep(2)
    slow = Webhook(name="slow", url=Secret.holding("t", server.url), secret=Secret.holding("t", "s"), timeout=0.3)

    found = [each.words for each in examine_notices(engine, plan_of(slow), NOW) if not each.sound]

    assert "did not answer within 0.3 s" in "\n".join(found)


def test_the_command_tells_what_is_due_and_sends_it(
    sqlite_database: str, engine: Engine, server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--dry-run changes nothing; --once sends; once more there is nothing to send."""
    from dashboard.cli import _database
    from dashboard.notifier import notify

    now = datetime.now(UTC)
    settled(engine, start=micros(now + timedelta(days=6)), end=micros(now + timedelta(days=8)))
    path = tmp_path / "dashboard.toml"
    path.write_text(HOOK + TEAMS)
    monkeypatch.setenv("URL", server.url)
    monkeypatch.setenv("SECRET", "s")
    command = _database(notify)

    def run(*options: str) -> str:
        done = CliRunner().invoke(command, [*options, "--config", str(path), "--database", sqlite_database])
        assert done.exit_code == 0, done.output
        return done.stdout

    dry, sent, again = run("--dry-run"), run("--once"), run("--once")

    assert "to Foundation models over hook:" in dry
    assert "2 notices are due; nothing was written or sent" in dry
    assert "2 notices written, 2 messages sent, 0 attempts failed" in sent
    assert "0 notices written, 0 messages sent, 0 attempts failed" in again
    assert len(server.asked) == 2
