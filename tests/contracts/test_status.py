"""`dashboard status` as people and programs run it."""

import json
from pathlib import Path

from tests.contracts.test_command_line import SAMPLE, dashboard

THEN = "2026-11-18T15:20:00Z"


def test_the_update_in_every_shape(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    dashboard("import", SAMPLE, database=log)

    markdown = dashboard("status", "--as-of", THEN, database=log)
    again = dashboard("status", "--as-of", THEN, database=log)
    one = dashboard("status", "M-1129", "--as-of", THEN, "--format", "text", "--zone", "Europe/Berlin", database=log)
    data = dashboard("status", "--as-of", THEN, "--since", "2026-11-18T12:00:00Z", "--provider", "nimbus",
                     "--format", "json", database=log)  # fmt: skip

    assert [each.returncode for each in (markdown, again, one, data)] == [0] * 4
    assert [each.stderr for each in (markdown, again, one, data)] == [""] * 4
    assert markdown.stdout == again.stdout
    assert markdown.stdout.startswith("**Maintenance update, Wed 18 Nov 15:20 UTC**\n\n2,840 of 22,048 GPUs are out.")
    assert one.stdout.startswith("Maintenance update on Firmware 2.14 on H100 trays, wave 2 of 3 (M-1129), Wed 18 Nov")
    told = json.loads(data.stdout)
    assert (told["as_of"], told["since"], told["scope"]) == (THEN, "2026-11-18T12:00:00Z", {"provider": "Nimbus Cloud"})
    assert {each["provider"] for each in told["out"]} == {"Nimbus Cloud"}


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    wrong = {
        ("status", "M-none", "--as-of", THEN): "status: M-none was not known at 2026-11-18T15:20:00Z",
        ("status", "--team", "nobody"): "status: no team is called 'nobody'; there is none",
        ("status", "--zone", "Berlin"): "status: no time zone is called 'Berlin'; write it like Europe/Berlin",
        ("status", "--since", "2036-01-01T00:00:00Z"): "status: 2036-01-01T00:00:00Z is not before",
        ("status", "--since", "yesterday"): "'yesterday' is no time; write it like 2026-01-14T12:00:00Z",
    }

    for words, why in wrong.items():
        done = dashboard(*words, database=log)

        assert (done.returncode, done.stdout) == (2, ""), words
        assert why in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
