"""The configuration is checked as a whole when it is read, and every error is one sentence that says what to write."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.configuration import read_slas, read_sources
from dashboard.errors import UsageError
from dashboard.sources import SOURCES
from dashboard.sources.http import Client, HttpSource
from dashboard.sources.seam import Batches, Told, batch
from tests.sources.loopback import loopback

SECRET = "s3cret-t0ken"
PAGE = 'name = "a"\ntype = "statuspage"\nurl = "https://status.example.com"\nprovider = "nimbus"\n'
JSON = 'name = "a"\ntype = "json"\nurl = "https://a.example.com"\n'
SQL = 'name = "a"\ntype = "sql"\nquery = "select 1"\nurl_env = "THEIR_TOKEN"\n'


def written(tmp_path: Path, *tables: str) -> Path:
    file = tmp_path / "sources.toml"
    file.write_text("".join(f"[[sources]]\n{each}\n" for each in tables))
    return file


def test_sources_are_read_in_their_order(tmp_path: Path) -> None:
    """Lengths of time as people write them, a mapping in short and in long, secrets by reference."""
    file = written(
        tmp_path,
        PAGE + 'interval = "5m"\n',
        'name = "b"\ntype = "json"\nurl = "https://b.example.com"\ntoken_env = "THEIR_TOKEN"\n'
        '[sources.facts.node_transitions]\nmaintenance_id = "change.id"\nnode_id = "host"\noccurred_at = "at"\n'
        'stage = { field = "state", values = { DRAINING = "cordoned" } }\n',
    )

    page, api = read_sources(file, {"THEIR_TOKEN": SECRET})

    assert (page.name, page.type, page.interval) == ("a", "statuspage", 300.0)
    assert (api.name, api.interval, api.timeout) == ("b", 60.0, 30.0)
    assert SECRET not in repr(api)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('name = "a"\n', "source 'a': it has no type; write one of dataset, json, sql"),
        ('name = "a"\ntype = "carrier-pigeon"\n', "there is no type 'carrier-pigeon'"),
        ('type = "statuspage"\nurl = "https://x"\nprovider = "p"\n', "source 1: needs name"),
        (PAGE.replace('"a"', '"Big Name"'), "name: write it in small letters, digits, - and _"),
        (PAGE.replace("https://", "ftp://"), "url: write a whole address, like https://"),
        (PAGE + 'intervall = "5m"\n', "there is no option 'intervall'; there are name, type, interval, timeout, url, "),
        (PAGE + 'interval = "soon"\n', "interval: "),
        (PAGE + 'interval = "5x"\n', "interval: "),
        (PAGE + f'headers = {{ X-API-Key = "{SECRET}" }}\n', "X-API-Key is a secret; make it the token_header"),
        (PAGE + f'proxy = "http://me:{SECRET}@proxy:3128"\n', "take the password out of the address"),
        (PAGE + "interval = 0\n", "interval: give at least 0.1s and at most 30d"),
        (PAGE + f'token = "{SECRET}"\n', "token is a secret; name it by token_env or token_file instead"),
        (PAGE + 'token_env = "NOT_SET"\n', "the environment variable NOT_SET is not set; token_env names it"),
        (PAGE + 'token_file = "/nowhere/token"\n', "there is no file /nowhere/token; token_file names it"),
        (PAGE + 'token_env = "THEIR_TOKEN"\ntoken_file = "x"\n', "keep one of token_env and token_file"),
        (JSON + "facts = {}\n", "facts: map at least one fact"),
        (JSON + '[sources.facts.nodez]\nnode_id = "x"\n', "there is no fact 'nodez'; there are providers, clusters"),
        (JSON + '[sources.facts.teams]\nteam = "x"\n', "teams has no 'team'; it has team_id, name"),
        (JSON + '[sources.facts.teams]\nname = "x"\n', "teams needs team_id: say which field that is"),
        (JSON + "[sources.facts.teams]\nteam_id = {}\n", "give either a field or a value"),
        (JSON + '[sources.facts.teams]\nteam_id = {field = "x", zone = "Mars"}\n', "there is no zone 'Mars'"),
        (JSON + '[sources.facts.teams]\nteam_id = {feld = "x"}\n', "there is no option facts.teams.team_id.feld"),
        (JSON + 'paging = {next_token = "x"}\nfacts.teams.team_id = "x"\n', "next_token and token_param go together"),
        (SQL.replace("url_env", "#") + '[sources.facts.teams]\nteam_id = "x"\n', "needs url_env or url_file"),
        (SQL, "needs facts"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(tmp_path: Path, table: str, words: str) -> None:
    """It names file and source, says what to write, and repeats no secret."""
    with pytest.raises(UsageError) as wrong:
        read_sources(written(tmp_path, table), {"THEIR_TOKEN": SECRET})

    said = str(wrong.value)
    assert said.startswith(f"{tmp_path / 'sources.toml'}: source ")
    assert words in said
    assert SECRET not in said
    assert "\n" not in said


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two sources are named 'a'; give each a name of its own"):
        read_sources(written(tmp_path, PAGE, PAGE), {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[sources]\n", "is no TOML"),
        ("[source]\n", "there is no 'source'; there are [[sources]], [[slas]], [notices]"),
        ("sources = 3\n", "write each of the sources as a table of its own, under [[sources]]"),
    ],
)
def test_a_file_that_is_no_configuration_is_said(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(text)

    with pytest.raises(UsageError) as wrong:
        read_sources(file, {})

    assert words in str(wrong.value)


RETURN = 'what = "return"\nhours = 24\n'
OFFICE = 'pauses = ["outside Mon-Fri 09:00-18:00 Europe/Berlin"]\n'


def agreed(tmp_path: Path, *tables: str) -> Path:
    file = tmp_path / "contracts.toml"
    file.write_text("".join(f"[[slas]]\n{each}\n" for each in tables))
    return file


def test_contracts_are_read_with_their_pauses(tmp_path: Path) -> None:
    waits = 'what = "resolution"\nseverity = "sev2"\nhours = 8.5\npauses = ["while waiting_on_customer"]\n'

    first, second = read_slas(agreed(tmp_path, RETURN + OFFICE + 'provider = "nimbus"\nkind = "firmware"', waits)).all

    assert (first.what, first.hours, first.provider, first.kind) == ("return", 24.0, "nimbus", "firmware")
    assert first.within is not None
    assert first.words == "return within 24 h, stands outside Mon-Fri 09:00-18:00 Europe/Berlin"
    assert (second.severity, second.hours, second.waits) == ("sev2", 8.5, frozenset({"waiting_on_customer"}))


def test_contracts_and_sources_share_a_file(tmp_path: Path) -> None:
    file = tmp_path / "both.toml"
    file.write_text(f"[[sources]]\n{PAGE}\n[[slas]]\n{RETURN}")

    assert [each.name for each in read_sources(file, {})] == ["a"]
    assert [each.what for each in read_slas(file).all] == ["return"]
    assert read_slas(None).all == ()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("hours = 24\n", "needs what"),
        ('what = "return"\n', "needs hours"),
        ('what = "returns"\nhours = 24\n', "what: there is no 'returns'; write one of response, resolution, drain, "),
        ('what = "return"\nhours = 0\n', "hours: give more than 0 and at most 8784"),
        ('what = "return"\nhours = nan\n', "hours: give more than 0"),
        ('what = "return"\nhours = "24"\n', "hours"),
        (RETURN + "days = 2\n", "there is no option 'days'; there are what, hours, provider, kind, severity, pauses"),
        (RETURN + 'pauses = ["at night"]\n', "'at night' is no pause; write one 'outside HOURS', and 'while STATUS'"),
        (RETURN + 'pauses = ["outside office hours"]\n', "'office hours' are no hours; write them like Mon-Fri 09:00"),
        (RETURN + 'pauses = ["outside Mon-Fri 09:00-18:00 Berlin"]\n', "there is no zone 'Berlin'"),
        (RETURN + OFFICE.replace("]", ', "outside Sun 09:00-10:00 UTC"]'), "the hours are given twice"),
        (RETURN + 'pauses = ["while asleep"]\n', "only the clock of a response or a resolution stands 'while'"),
        (RETURN + 'severity = "sev2"\n', "only a case has one; leave it out for a return"),
        ('what = "confirmation"\nhours = 72\n' + OFFICE, "a confirmation is so many hours before the start"),
    ],
)
def test_what_is_wrong_with_a_contract_is_one_sentence(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(UsageError) as wrong:
        read_slas(agreed(tmp_path, RETURN + 'provider = "p"', table))

    said = str(wrong.value)
    assert said.startswith(f"{tmp_path / 'contracts.toml'}: SLA 2: ")
    assert words in said
    assert "\n" not in said


def test_two_contracts_for_the_same_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="SLA 2: there is one for the same already; keep one of them"):
        read_slas(agreed(tmp_path, RETURN, RETURN + OFFICE))


def test_the_samples_contracts_can_be_read() -> None:
    assert len(read_slas(Path(__file__).resolve().parents[1] / "sample_data" / "contracts.toml").all) >= 5


def test_no_file_says_how_to_name_one(tmp_path: Path) -> None:
    for path in (None, tmp_path / "nowhere.toml"):
        with pytest.raises(UsageError, match="--config or DASHBOARD_CONFIG"):
            read_sources(path, {})


README = Path(__file__).resolve().parents[1].joinpath("README.md").read_text(encoding="utf-8")


def test_the_readme_names_every_type_of_source() -> None:
    assert [each for each in SOURCES if f"| `{each}` |" not in README] == []


def test_the_readmes_configuration_can_be_used_as_it_stands(tmp_path: Path) -> None:
    """But for its file of a token, which is nowhere here."""
    (tmp_path / "token").write_text(SECRET)
    told = "\n".join(re.findall(r"```toml\n(.*?)```", README, re.S))
    file = tmp_path / "sources.toml"
    file.write_text(told.replace("/var/run/secrets/iad/token", str(tmp_path / "token")))

    environment = {"CONTROLLER_DATABASE": "postgresql://host/name", "MOVES_SECRET": SECRET}

    found = read_sources(file, environment)

    assert [each.type for each in found] == ["kubernetes", "sql", "webhook"]
    assert [each.what for each in read_slas(file).all] == ["resolution", "return"]


def test_the_readmes_source_of_ones_own_works() -> None:
    """Run as it is written, against a server that answers as it expects."""
    (told,) = re.findall(r"```python\n(.*?)```", README, re.S)
    names: dict[str, Any] = {
        "HttpSource": HttpSource, "Client": Client, "Batches": Batches, "batch": batch, "Told": Told,
        "datetime": datetime, "STAGES": {"STARTED": "in_maintenance"}, "__name__": "readme",
    }  # fmt: skip
    exec(told, names)
    with loopback() as server:
        event = {"id": "M-1", "host": "n-1", "state": "STARTED", "at": "2026-03-01T10:00:00Z"}
        server.says({"events": [event], "next": "42"})
        source = names["Nimbus"].model_validate({"name": "nimbus", "url": server.url, "region": "iad"})
        (found,) = source.poll("41", datetime(2026, 3, 2, tzinfo=UTC))

    assert server.asked[0].params == {"region": "iad", "after": "41"}
    assert found.cursor == "42"
    assert [row[:3] for row in found.facts["node_transitions"]] == [("M-1", "n-1", "in_maintenance")]
    assert len(told.splitlines()) <= 17
