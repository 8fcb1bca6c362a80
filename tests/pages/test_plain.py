"""What others wrote is shown as it is written."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from dashboard.pages.text import JOINER, cell, known_zone, plain, quantity, when, written_out, zone_words

AT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>x</b>", r"\<b\>x\</b\>"),
        ("[a](b)", r"\[a\]\(b\)"),
        ("$x^2$", r"\$x\^2\$"),
        (":red[x]", rf"\:{JOINER}red\[x\]"),
        ("**x** _y_ `z` ~w~", r"\*\*x\*\* \_y\_ \`z\` \~w\~"),
        ("# x\n- y", r"\# x \- y"),
        ("=1+1", r"\=1\+1"),
        ("a|b", r"a\|b"),
        ("&lt;b", r"\&lt;b"),
        ("14:00", r"14\:00"),
        ("95 % of 40 GPUs in 3 h", "95\u00a0% of 40\u00a0GPUs in 3\u00a0h"),
        ("puts 95 % back 2 hours later", "puts 95\u00a0% back 2\u00a0hours later"),
        ("by Sat 28 Nov 14:00 UTC", "by Sat 28\u00a0Nov\u00a014\\:00\u00a0UTC"),
        ("by Sat 02:00", "by Sat\u00a002\\:00"),
    ],
)
def test_marks_are_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize("text", ["https://evil.example", "www.evil.example", "a@evil.example", ":smile:", "->", "--"])
def test_what_markdown_makes_of_bare_text_is_taken_apart(text: str) -> None:
    """Links, addresses, emoji and arrows are made after escapes are gone: only a joiner stops them."""
    assert JOINER in plain(text)
    assert plain(text).replace(JOINER, "").replace("\\", "") == text


def test_instants_are_the_viewers() -> None:
    assert when(AT, "Europe/Berlin") == "Wed 18 Nov 14:00"
    assert when(AT, "America/New_York") == "Wed 18 Nov 08:00"
    assert when(None, "UTC") == "–"
    assert zone_words("Europe/Berlin", AT) == "Europe/Berlin (CET)"
    assert zone_words("UTC", AT) == "UTC"


@pytest.mark.parametrize("name", ["Mars/Olympus", "", None, "../../etc/passwd", "a\0b", "Europe"])
def test_a_zone_that_is_none_is_ignored(name: str | None) -> None:
    assert known_zone(name) is None


def test_cells_say_what_is_not_known() -> None:
    assert [cell(each, "UTC") for each in (pd.NaT, None, "", float("nan"))] == ["–"] * 4
    assert [quantity(each) for each in (1024, 4.25, 41.7, float("nan"))] == ["1,024", "4.2", "42", "–"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Solve case CS-20495", r"Solve case :small[CS\-20495]"),
        ("(CSP-1234)", r"\(:small[CSP\-1234]\)"),
        ("CHG-1, CHG-2", r":small[CHG\-1], :small[CHG\-2]"),
        ("nimbus-iad-1", r"nimbus\-iad\-1"),
        ("H100-SXM-80G", r"H100\-SXM\-80G"),
    ],
)
def test_the_number_of_a_case_stays_in_one_line_and_is_copied_as_it_is(text: str, shown: str) -> None:
    """The styles keep it together: nothing is put into it."""
    assert cell(text, "UTC") == shown


def test_numbers_stay_numbers_and_words_become_safe() -> None:
    frame = pd.DataFrame({"team": ["<b>"], "gpus": [1024], "at": pd.to_datetime([AT])})

    shown = written_out(frame, {"team": "Team", "gpus": "GPUs", "at": "at"}, "Europe/Berlin")

    day_in_one_line = "Wed\xa018\xa0Nov 14\\:00"
    assert shown.to_dict("records") == [{"Team": r"\<b\>", "GPUs": 1024, "at": day_in_one_line}]
