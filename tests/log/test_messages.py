"""A message is tied to its maintenance from when somebody says so, and was unread before, whenever that is asked."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from dashboard.errors import InvalidFact
from dashboard.jobs.transfer import export_dataset, import_dataset
from dashboard.log import derive, messages
from dashboard.log.append import append
from dashboard.log.chronicle import read_chronicle
from dashboard.log.database import appending, opened, reading
from dashboard.log.tables import touched
from dashboard.model.instants import instant
from dashboard.model.scope import Scope
from dashboard.model.stages import Status
from dashboard.views.messages import may_be_of, what_is_unread
from dashboard.views.told import Told
from tests.log.stories import hours, tell, update


def message(
    name: str, at: float, claimed: int | None = None, maintenance: str = "", body: str = "It takes longer."
) -> tuple[str, tuple[object, ...]]:
    return "provider_messages", (name, maintenance, "nimbus", hours(at), "noc@nimbus.example", "Delay", body, claimed)


@pytest.fixture
def told(engine: Engine) -> Engine:
    """Two maintenances, and a message of neither that claims an end."""
    tell(
        engine,
        [update(Status.CONFIRMED, 0, end=hours(20)), update(Status.CONFIRMED, 0, maintenance="M-2", end=hours(20))],
    )
    tell(engine, [message("m", 2, hours(30)), message("other", 3)])
    return engine


def tie(engine: Engine, maintenance: str, at: float, name: str = "m") -> None:
    with appending(engine) as connection:
        messages.tie(connection, name, maintenance, instant(hours(at)), "test")


def unread(engine: Engine, at: float | None = None) -> list[str]:
    with reading(engine) as connection:
        scope = Scope(as_of=None if at is None else instant(hours(at)))
        return [each.message_id for each in what_is_unread(connection, scope, instant(hours(50))).unread]


def of(engine: Engine, maintenance: str, at: float | None = None) -> list[tuple[str, int]]:
    with reading(engine) as connection:
        found = messages.of_maintenances(connection, [maintenance], None if at is None else hours(at))
        return [(each.message_id, each.received_at) for each in found]


def test_a_tie_holds_from_when_it_was_made_and_until_it_is_undone(told: Engine) -> None:
    """Each past instant keeps its answer."""
    tie(told, "M-1", 5)
    tie(told, "", 8)
    tie(told, "M-2", 9)

    assert [unread(told, at) for at in (1, 2, 4, 5, 8, 9)] == [
        [],
        ["m"],
        ["other", "m"],
        ["other"],
        ["m", "other"],
        ["other"],
    ]
    assert [of(told, "M-1", at) for at in (4, 5, 7, 8)] == [[], [("m", hours(2))], [("m", hours(2))], []]
    assert (of(told, "M-1"), of(told, "M-2"), unread(told)) == ([], [("m", hours(2))], ["other"])


def test_a_message_that_is_tied_is_shown_once_and_as_it_came(told: Engine) -> None:
    tie(told, "M-1", 5)

    with reading(told) as connection:
        shown = Told.read(connection, "M-1", None)
        listed = what_is_unread(connection, Scope(), instant(hours(6)))
    assert shown.messages[["received_at", "subject"]].values.tolist() == [[instant(hours(2)), "Delay"]]
    assert (instant(hours(2)), instant(hours(30))) in shown.promises
    assert [(each.message_id, each.maintenance, each.tied_at) for each in listed.tied] == [
        ("m", "M-1", instant(hours(5)))
    ]


def test_a_forecast_knows_the_claim_from_the_tie_on(told: Engine) -> None:
    """As news of when it was said; and forgets it when the tie is undone."""
    tie(told, "M-1", 5)
    tie(told, "", 8)

    with reading(told) as connection:
        whole, alone = read_chronicle(connection), read_chronicle(connection, ["M-1"])
    for chronicle in (whole, alone):
        ends = []
        for at in (4, 5, 7, 8):
            rollouts = {each.maintenance_id: each for each in chronicle.at(instant(hours(at))).rollouts}
            ends.append(rollouts["M-1"].claimed_end + at)
        assert [None if np.isnan(end) else end for end in ends] == [None, 30, 30, None]


def test_whoever_forecasts_hears_of_a_tie_and_of_its_end(told: Engine) -> None:
    for step, (maintenance, at) in enumerate((("M-1", 5), ("M-2", 6), ("", 7))):
        tie(told, maintenance, at)
        with reading(told) as connection:
            newest = connection.exec_driver_sql("SELECT MAX(position) FROM appends").scalar()
            found = connection.exec_driver_sql(f"SELECT maintenance_id FROM {touched.name} WHERE position = {newest}")
            assert sorted(row[0] for row in found) == [["M-1"], ["M-1", "M-2"], ["M-2"]][step]


def test_the_same_tie_twice_is_one(told: Engine) -> None:
    tie(told, "M-1", 5)
    with reading(told) as connection:
        before = connection.exec_driver_sql("SELECT MAX(position) FROM appends").scalar()
    tie(told, "M-1", 6)

    with reading(told) as connection:
        assert connection.exec_driver_sql("SELECT MAX(position) FROM appends").scalar() == before


def test_the_last_word_is_in_force_whatever_the_clocks_say(told: Engine) -> None:
    """Two who tie at once, one with a clock that is behind."""
    tie(told, "M-1", 5)
    tie(told, "M-2", 4)

    assert (of(told, "M-1"), of(told, "M-2")) == ([], [("m", hours(2))])


@pytest.mark.parametrize(("name", "maintenance"), [("nope", "M-1"), ("m", "M-9")])
def test_only_what_is_known_can_be_tied(told: Engine, name: str, maintenance: str) -> None:
    with pytest.raises(InvalidFact, match="There is no"):
        tie(told, maintenance, 5, name)

    assert unread(told) == ["other", "m"]


def test_ties_survive_a_rebuild_and_a_journey(told: Engine, tmp_path: Path) -> None:
    """Exported as they are, imported elsewhere: every instant answers the same there."""
    tie(told, "M-1", 5)
    tie(told, "", 8)
    tie(told, "M-2", 9)
    with appending(told) as connection:
        derive.rebuild(connection)
    export_dataset(told, tmp_path / "out")

    with opened(f"sqlite:///{tmp_path / 'elsewhere.db'}") as elsewhere:
        import_dataset(elsewhere, tmp_path / "out", instant(hours(60)))

        for at in (2, 4, 5, 7, 8, 9, None):
            assert unread(elsewhere, at) == unread(told, at)
            assert of(elsewhere, "M-1", at) == of(told, "M-1", at)
            assert of(elsewhere, "M-2", at) == of(told, "M-2", at)


def test_what_is_long_over_is_not_offered(engine: Engine) -> None:
    tell(engine, [update(Status.COMPLETED, 1, maintenance="old"), update(Status.COMPLETED, 700, maintenance="late"),
                  update(Status.IN_PROGRESS, 2, maintenance="open")])  # fmt: skip

    with reading(engine) as connection:
        offered = may_be_of(connection, instant(hours(0)) + timedelta(hours=800))

    assert [name for name, _ in offered] == ["open", "late"]


def test_many_are_counted_no_further_than_anyone_cares(engine: Engine) -> None:
    with appending(engine) as connection:
        rows = [message(f"m{i:04}", i / 100)[1] for i in range(1_200)]
        append(connection, {"provider_messages": rows}, instant(hours(20)), "test")
    with reading(engine) as connection:
        story = what_is_unread(connection, Scope(), instant(hours(20)))

    assert story.sentence == "More than 999 messages are of no maintenance that we could tell."
    assert story.unread[0].message_id == "m1199"
    assert len(story.unread) == 10
