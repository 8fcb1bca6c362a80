"""What people come for, from beginning to end, in a real browser on the demo."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from icalendar import Calendar
from playwright.sync_api import Browser, Page, TimeoutError
from sqlalchemy import text

from dashboard.log.append import append
from dashboard.log.database import appending, open_log, reading
from dashboard.model.instants import micros
from tests.browser.chromium import App, Visit, visiting

OPEN = """
    SELECT nodes.node_id, maintenances.maintenance_id, maintenances.provider_id, maintenances.title
    FROM current_maintenances AS maintenances JOIN current_nodes AS nodes ON nodes.cluster_id = maintenances.cluster_id
    WHERE maintenances.status = 'in_progress' AND maintenances.by_node AND nodes.node_id NOT IN (
      SELECT node_id FROM current_stages
    ) ORDER BY maintenances.maintenance_id, nodes.node_id LIMIT 1
"""
HOLDS = "SELECT SUM(gpus) FROM nodes WHERE cluster_id = :cluster"
TIED = "SELECT maintenance_id FROM provider_messages WHERE message_id = 'STRAY-1' ORDER BY received_at DESC LIMIT 1"
TEAMS = "SELECT team_id, name FROM teams"
STRAY = "About the rack that we talked of"


def pick(visit: Visit, box: str, choice: str, says: str) -> None:
    """Chooses in a select box, and waits until the address says so and the page has followed."""
    option = visit.page.get_by_role("option", name=choice, exact=True)
    for _ in range(5):  # news that comes in just then closes the list
        visit.page.get_by_role("combobox", name=box, exact=True).click()
        with suppress(TimeoutError):
            option.click(timeout=5_000)
            break
    visit.page.wait_for_function("said => location.search.includes(said)", arg=says)
    visit.settle()


def cells(page: Page, key: str) -> list[str]:
    """What a table to sort and search says to whoever does not see it, in the order of its rows."""
    found = page.locator(f".st-key-{key} [role=gridcell]")
    found.first.wait_for(state="attached")
    return [each.strip() for each in found.all_text_contents()]


def test_a_researcher_finds_when_512_gpus_are_free_for_three_days_and_subscribes(browser: Browser, demo: App) -> None:
    """The answer names a cluster that has as many; the calendar is of the same team, and says when GPUs are back."""
    with visiting(browser, demo.url) as visit:
        pick(visit, "Team", "Vision", "team=vision")
        assert visit.page.get_by_role("spinbutton", name="GPUs").input_value() == "512"
        pick(visit, "for", "3 days", "run_hours=72")
        said = visit.page.get_by_text(re.compile(r"^512\sGPUs for 3\sdays: ")).inner_text()
        visit.page.get_by_role("button", name="Subscribe").click()
        address = visit.page.get_by_text(re.compile(r"/calendar\.ics")).first.inner_text().strip()
        calendar = visit.page.request.get(address).text()
        shared = visit.page.url

    with visiting(browser, shared) as other:
        again = other.page.get_by_text(re.compile(r"^512\sGPUs for 3\sdays: ")).inner_text()
    engine = open_log(demo.database)
    with reading(engine) as connection:
        clusters = connection.execute(text("SELECT DISTINCT cluster_id FROM nodes")).scalars().all()
        named = next(each for each in sorted(clusters, key=len, reverse=True) if each in said)
        holds = connection.scalar(text(HOLDS), {"cluster": named})
    engine.dispose()
    assert holds is not None
    assert holds >= 512
    assert again == said
    assert address == f"{demo.url}/calendar.ics?team=vision"
    events = Calendar.from_ical(calendar).walk("VEVENT")
    assert events
    assert visit.complaints == []


def test_on_call_sees_a_stuck_node_finds_whom_to_ask_and_ties_a_stray_message(browser: Browser, demo: App) -> None:
    """From Watch, where a node has hung for ten days, over a letter that nobody could place, to its maintenance."""
    engine, now = open_log(demo.database), datetime.now(UTC)
    with reading(engine) as connection:
        node, maintenance, provider, title = connection.execute(text(OPEN)).one()
    hung = micros(now - timedelta(days=10))
    letter = ("STRAY-1", "", provider, micros(now), "desk@elsewhere.example", STRAY, "It takes until Monday.", None)
    with appending(engine) as connection:
        moves = [(maintenance, node, "in_maintenance", hung, micros(now), "test", "")]
        append(connection, {"node_transitions": moves}, now, "test")
        append(connection, {"provider_messages": [letter]}, now, "test")

    with visiting(browser, f"{demo.url}/watch") as visit:
        shown = cells(visit.page, "stuck")
        visit.page.get_by_role("link", name="Sources").click()
        card = visit.page.locator("[class*=st-key-unread_]").filter(has_text=STRAY)
        card.get_by_role("button", name="Tie to a maintenance").click()
        visit.page.get_by_role("combobox", name=re.compile("Of which maintenance")).fill(maintenance)
        visit.page.get_by_role("option").first.click()
        visit.page.get_by_role("button", name="Tie", exact=True).click()
        visit.page.get_by_text(re.compile(f"^{STRAY}, to {title[:20]}")).wait_for()
        visit.page.goto(f"{demo.url}/maintenance?maintenance={maintenance}")
        visit.page.get_by_text(STRAY).first.wait_for()

    with reading(engine) as connection:
        tied = connection.scalar(text(TIED))
    engine.dispose()
    assert node in shown
    contact = shown[shown.index(node) :][5]
    assert re.fullmatch(r"\S+@\S+|#\S+ on Slack|\+\d+", contact)
    assert tied == maintenance
    assert visit.complaints == []


def test_a_partner_opens_the_partner_view(browser: Browser, demo: App) -> None:
    """By the link that we give them: what they and we owe, no way to another page, and no team of ours."""
    with visiting(browser, f"{demo.url}/whos_up?team=vision&zone=Asia/Tokyo") as visit:
        visit.page.get_by_role("link", name="Nimbus Cloud").click()
        visit.page.wait_for_url("**/partner**")
        address = visit.page.url

    with visiting(browser, address, 390, 844) as partner:
        partner.page.get_by_role("heading", level=1).filter(has_text="Nimbus Cloud owes us").wait_for()
        shown = partner.page.locator("[data-testid=stMain]").inner_text()
        links = partner.page.locator("[data-testid=stMain] a").count()
        cases = partner.page.locator("[data-testid=stTable] td span").filter(has_text=re.compile(r"^[A-Z]+-\d+$"))
        lines = set(cases.evaluate_all("found => found.map(each => each.getClientRects().length)"))

    engine = open_log(demo.database)
    with reading(engine) as connection:
        teams = [name for row in connection.execute(text(TEAMS)) for name in row]
    engine.dispose()
    assert "team=" not in address
    assert "(JST)" in shown
    assert links == 0
    assert lines == {1}
    assert [name for name in teams if re.search(rf"\b{re.escape(name)}\b", shown, re.IGNORECASE)] == []
    assert partner.complaints == []
