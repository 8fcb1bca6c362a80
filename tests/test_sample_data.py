"""The sample dataset: a fleet, a year of maintenances, and an afternoon with eleven of them to look at."""

import csv
import filecmp
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
ANCHOR = datetime(2026, 11, 18, 15, 20, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

COLUMNS = {
    "providers": "provider_id name",
    "clusters": "cluster_id provider_id region sku gpus_per_node",
    "nodes": "node_id cluster_id rack gpus team_id",
    "teams": "team_id name",
    "allocations": "team_id cluster_id gpus starts_at ends_at",
    "parties": "party_id name role provider_id cluster_id team_id channel escalates_to timezone",
    "maintenance_updates": "maintenance_id recorded_at source status kind title provider_id cluster_id planned_start "
    "planned_end max_unavailable provider_ref note",
    "maintenance_nodes": "maintenance_id node_id recorded_at removed",
    "node_transitions": "maintenance_id node_id stage occurred_at recorded_at source source_ref",
    "provider_messages": "message_id maintenance_id provider_id received_at sender subject body claimed_end",
    "support_cases": "case_id recorded_at maintenance_id node_id provider_id status severity opened_at response_due_at "
    "resolution_due_at note",
    "commitments": "commitment_id recorded_at maintenance_id party_id what due_at met_at withdrawn",
}
STAGES = [
    *("scheduled", "cordoned", "drained", "in_maintenance", "returned"),
    *("validating", "repairing", "in_service", "removed"),
]
STATUSES = ["proposed", "scheduled", "confirmed", "in_progress", "recovering", "completed", "cancelled", "deferred"]
KINDS = {"firmware", "security_patch", "power", "network", "hardware_refresh", "cooling"}
ROLES = {"provider", "fleet_operations", "hardware_health", "cluster_oncall", "scheduler_oncall", "customer"}
OUT = {"cordoned", "drained", "in_maintenance", "returned", "validating", "repairing"}
RUNNING, ANNOUNCED = {"in_progress", "recovering"}, {"proposed", "scheduled", "confirmed", "deferred"}

NEARLY_DONE = "Coolant exchange in the secondary loop, rows A to C"
STUCK = "Leaf switch upgrade and optics replacement, row A"
LATE = "Firmware 2.14 on H100 trays, wave 2 of 3"
FAILING = "B200 module swap, lot 2631"
WITHOUT_NODES = "UPS battery exchange, row A"
MOVED = "Firmware 2.14 on H100 trays, wave 3 of 3"
CLASH = ("Network OS 5.13 on leaf switches, row A", "PDU replacement, rows A and B")
PROPOSED = "Host OS security patch, December bundle"
DEFERRED = "NIC firmware 28.45 on H100 nodes, row A"
PLAIN = "CDU filter change, loop 2, racks A01 to A04"

Row = dict[str, str]


@cache
def rows(table: str) -> tuple[Row, ...]:
    with (SAMPLE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def at(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    assert instant.tzinfo is not None, f"{text} has no offset"
    return instant


@cache
def plans() -> dict[str, Row]:
    """Each maintenance as its updates leave it: a later field supersedes, an empty one does not."""
    folded: dict[str, Row] = defaultdict(dict)
    for row in sorted(rows("maintenance_updates"), key=lambda row: at(row["recorded_at"])):
        folded[row["maintenance_id"]] |= {column: value for column, value in row.items() if value}
    return folded


def titled(title: str) -> str:
    """The id of the current maintenance of that title."""
    current = RUNNING | ANNOUNCED
    (found,) = [key for key, plan in plans().items() if plan["title"] == title and plan["status"] in current]
    return found


@cache
def history() -> dict[tuple[str, str], list[Row]]:
    """Transitions by maintenance and node, in the order in which they happened."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in sorted(rows("node_transitions"), key=lambda row: (at(row["occurred_at"]), STAGES.index(row["stage"]))):
        found[row["maintenance_id"], row["node_id"]].append(row)
    return found


@cache
def named(maintenance_id: str) -> frozenset[str]:
    """The nodes of a maintenance, without those taken off its list."""
    removed = {
        r["node_id"] for r in rows("maintenance_nodes") if r["maintenance_id"] == maintenance_id and r["removed"]
    }
    return frozenset(
        r["node_id"]
        for r in rows("maintenance_nodes")
        if r["maintenance_id"] == maintenance_id and r["node_id"] not in removed
    )


def standing(maintenance_id: str) -> Counter[str]:
    """Nodes of a maintenance by the stage they are in at the anchor; `scheduled` where nothing was reported."""
    last = {node: moves[-1]["stage"] for (owner, node), moves in history().items() if owner == maintenance_id}
    return Counter(last.get(node, "scheduled") for node in named(maintenance_id))


def out(maintenance_id: str) -> int:
    return sum(count for stage, count in standing(maintenance_id).items() if stage in OUT)


def claims(maintenance_id: str) -> list[datetime]:
    """What the provider held out, message by message, without repeating itself."""
    said = [
        at(row["claimed_end"])
        for row in sorted(rows("provider_messages"), key=lambda row: at(row["received_at"]))
        if row["maintenance_id"] == maintenance_id and row["claimed_end"]
    ]
    return [claim for index, claim in enumerate(said) if index == 0 or claim != said[index - 1]]


def test_the_script_beside_it_writes_the_same_bytes_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SAMPLE / "make.py"), "--out", str(tmp_path)], check=True)

    names = [f"{table}.csv" for table in COLUMNS]
    same, different, missing = filecmp.cmpfiles(SAMPLE, tmp_path, names, shallow=False)
    assert (sorted(same), different, missing) == (sorted(names), [], [])


def test_all_files_together_stay_under_ten_megabytes() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.glob("*.csv")) < 10_000_000


@pytest.mark.parametrize("table", COLUMNS)
def test_each_file_has_the_columns_of_the_contract_and_rows(table: str) -> None:
    assert list(rows(table)[0]) == COLUMNS[table].split()


def test_the_fleet_has_five_providers_twelve_clusters_three_skus_and_six_teams() -> None:
    assert len(rows("providers")) == 5
    assert len(rows("clusters")) == 12
    assert len({row["sku"] for row in rows("clusters")}) == 3
    assert len(rows("teams")) == 6


def test_every_node_has_eight_gpus_and_a_rack_that_its_sku_allows() -> None:
    sku = {row["cluster_id"]: row["sku"][:4] for row in rows("clusters")}
    racks = Counter((row["cluster_id"], row["rack"]) for row in rows("nodes"))

    assert 2_000 <= len(rows("nodes")) <= 4_000
    assert {row["gpus"] for row in rows("nodes")} == {"8"}
    assert {(sku[cluster], count) for (cluster, _), count in racks.items()} == {("H100", 4), ("H200", 8), ("B200", 18)}


def test_some_clusters_are_given_out_by_node_and_some_only_by_allocation() -> None:
    owned = {row["cluster_id"] for row in rows("nodes") if row["team_id"]}
    allocated = {row["cluster_id"] for row in rows("allocations")}

    assert len(owned) >= 4
    assert len(allocated - owned) >= 4


def test_no_cluster_is_ever_allocated_beyond_its_gpus() -> None:
    size = Counter(row["cluster_id"] for row in rows("nodes"))
    for start in {row["starts_at"] for row in rows("allocations")}:
        held: Counter[str] = Counter()
        for row in rows("allocations"):
            if at(row["starts_at"]) <= at(start) and (not row["ends_at"] or at(row["ends_at"]) > at(start)):
                held[row["cluster_id"]] += int(row["gpus"])
        assert all(held[cluster] <= 8 * count for cluster, count in size.items())


def test_every_role_is_filled_and_everyone_has_a_channel_and_a_real_time_zone() -> None:
    assert {row["role"] for row in rows("parties")} == ROLES
    assert all(row["channel"].startswith(("mailto:", "slack:#")) for row in rows("parties"))
    assert all(ZoneInfo(row["timezone"]) for row in rows("parties"))


def test_escalation_ends_somewhere() -> None:
    above = {row["party_id"]: row["escalates_to"] for row in rows("parties")}
    chains = [[party] for party in above]
    for chain in chains:
        while following := above[chain[-1]]:
            chain.append(following)
            assert len(chain) <= len(above), f"{chain[0]} escalates in a circle"
    assert max(map(len, chains)) == 3


def test_every_id_that_is_referred_to_exists() -> None:
    known = {
        "provider_id": {row["provider_id"] for row in rows("providers")},
        "cluster_id": {row["cluster_id"] for row in rows("clusters")},
        "node_id": {row["node_id"] for row in rows("nodes")},
        "team_id": {row["team_id"] for row in rows("teams")},
        "party_id": {row["party_id"] for row in rows("parties")},
        "escalates_to": {row["party_id"] for row in rows("parties")},
        "maintenance_id": set(plans()),
    }
    for table in COLUMNS:
        for column, ids in known.items():
            dangling = {row.get(column, "") for row in rows(table)} - ids - {""}
            assert not dangling, f"{table}.csv, {column}: {sorted(dangling)[:3]}"


def test_keys_are_unique() -> None:
    for table, key in (("providers", 1), ("clusters", 1), ("nodes", 1), ("parties", 1), ("provider_messages", 1)):
        columns = COLUMNS[table].split()[:key]
        assert len({tuple(row[c] for c in columns) for row in rows(table)}) == len(rows(table))
    for table in ("maintenance_updates", "support_cases", "commitments"):
        first, second = COLUMNS[table].split()[:2]
        assert len({(row[first], row[second]) for row in rows(table)}) == len(rows(table))
    steps = {(r["maintenance_id"], r["node_id"], r["stage"], r["occurred_at"]) for r in rows("node_transitions")}
    assert len(steps) == len(rows("node_transitions"))


def test_words_are_those_of_the_contract() -> None:
    assert {row["stage"] for row in rows("node_transitions")} == set(STAGES)
    assert {row["status"] for row in rows("maintenance_updates")} == set(STATUSES)
    assert {plan["kind"] for plan in plans().values()} == KINDS


def test_nothing_was_recorded_after_the_anchor_and_the_newest_fact_is_minutes_old() -> None:
    known = [
        at(row[c]) for table in COLUMNS for row in rows(table) for c in ("recorded_at", "received_at") if row.get(c)
    ]
    known += [at(row["occurred_at"]) for row in rows("node_transitions")]

    assert max(known) <= ANCHOR
    assert ANCHOR - max(known) < timedelta(minutes=5)


def test_facts_are_known_no_sooner_than_they_happen() -> None:
    assert all(at(row["recorded_at"]) >= at(row["occurred_at"]) for row in rows("node_transitions"))
    assert all(at(row["recorded_at"]) >= at(row["opened_at"]) for row in rows("support_cases"))
    assert all(at(row["recorded_at"]) >= at(row["met_at"]) for row in rows("commitments") if row["met_at"])


def test_every_source_is_fresh_but_the_portal_that_fell_silent_nine_hours_ago() -> None:
    last: dict[str, datetime] = {}
    for row in (*rows("maintenance_updates"), *rows("node_transitions")):
        last[row["source"]] = max(last.get(row["source"], at(row["recorded_at"])), at(row["recorded_at"]))
    silent_for = ANCHOR - last.pop("halden-portal")

    assert set(last) == {"nimbus-api", "kestrel-api", "southmere-feed", "mailbox", "fleet", "slurm"}
    assert all(ANCHOR - seen < HOUR for seen in last.values())
    assert 9 * HOUR <= silent_for < 10 * HOUR


def test_the_portal_reports_in_hourly_batches() -> None:
    assert {at(r["recorded_at"]).minute for r in rows("node_transitions") if r["source"] == "halden-portal"} == {4}


def test_providers_report_different_stages() -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for row in rows("node_transitions"):
        seen[plans()[row["maintenance_id"]]["provider_id"]].add(row["stage"])

    assert seen["nimbus"] == set(STAGES)
    assert seen["halden"] == {"in_maintenance", "in_service"}
    assert "drained" not in seen["kestrel"]
    assert "orrery" not in seen


def test_a_year_of_finished_maintenances_of_every_kind_and_size() -> None:
    status = Counter(plan["status"] for plan in plans().values())
    done = [key for key, plan in plans().items() if plan["status"] == "completed"]
    sizes = [len(named(key)) for key in done]

    assert 90 <= len(done) <= 130
    assert status["cancelled"] >= 3
    assert {plans()[key]["kind"] for key in done} == KINDS
    assert (min(sizes), max(sizes) <= 400, max(sizes) >= 200) == (8, True, True)
    assert min(at(plans()[key]["planned_start"]) for key in done) < ANCHOR - 330 * DAY


def test_plans_are_given_ahead_and_some_are_moved_or_put_off() -> None:
    first: dict[str, Row] = {}
    told: dict[str, set[str]] = defaultdict(set)
    for row in sorted(rows("maintenance_updates"), key=lambda row: at(row["recorded_at"])):
        first.setdefault(row["maintenance_id"], row)
        told[row["maintenance_id"]].add(row["status"])
    notice = [(at(plans()[key]["planned_start"]) - at(row["recorded_at"])) / DAY for key, row in first.items()]
    moved = [key for key, row in first.items() if row["planned_start"] != plans()[key]["planned_start"]]
    limited = [key for key in plans() if "max_unavailable" in plans()[key]]

    assert (min(notice) >= 5, max(notice) <= 21) == (True, True)
    assert len(moved) >= 10
    assert any({"deferred", "completed"} <= statuses for statuses in told.values())
    assert 0.35 < len(limited) / len(plans()) < 0.65


def test_finished_means_that_every_node_is_back_or_lost() -> None:
    last = {key: moves[-1]["stage"] for key, moves in history().items() if plans()[key[0]]["status"] == "completed"}

    assert set(last.values()) == {"in_service", "removed"}
    assert 1 <= Counter(last.values())["removed"] <= 20
    assert {key[0] for key in last} == {
        key for key, plan in plans().items() if plan["status"] == "completed" and plan["provider_id"] != "orrery"
    }


def test_a_few_nodes_in_a_hundred_fail_validation_and_repairs_take_days() -> None:
    seen = [moves for moves in history().values() if any(move["stage"] == "validating" for move in moves)]
    repairs = [
        (at(after["occurred_at"]) - at(move["occurred_at"])) / HOUR
        for moves in seen
        for move, after in pairwise(moves)
        if move["stage"] == "repairing"
    ]

    assert 0.01 < sum(any(m["stage"] == "repairing" for m in moves) for moves in seen) / len(seen) < 0.12
    assert 24 < sorted(repairs)[len(repairs) // 2] < 72
    assert max(repairs) > 96


def test_a_node_is_in_one_maintenance_at_a_time() -> None:
    spans: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for (_, node), moves in history().items():
        begun = [move for move in moves if move["stage"] != "scheduled"]
        if begun:
            end = (
                at(begun[-1]["occurred_at"]) if begun[-1]["stage"] == "in_service" else datetime.max.replace(tzinfo=UTC)
            )
            spans[node].append((at(begun[0]["occurred_at"]), end))

    for node, taken in spans.items():
        taken.sort()
        assert all(end < start for (_, end), (start, _) in pairwise(taken)), node


def test_only_nodes_that_a_maintenance_names_move_in_it_and_in_the_order_of_the_lifecycle() -> None:
    for (maintenance, node), moves in history().items():
        assert node in named(maintenance)
        steps = [STAGES.index(move["stage"]) for move in moves]
        backwards = [(a, b) for a, b in pairwise(steps) if b <= a]
        assert set(backwards) <= {(STAGES.index("repairing"), STAGES.index("validating"))}


def test_no_more_nodes_are_out_than_the_maintenance_allows() -> None:
    steps: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for (maintenance, _), moves in history().items():
        away = [move for move in moves if move["stage"] != "scheduled"]
        if away:
            steps[maintenance].append((at(away[0]["occurred_at"]), 1))
            if away[-1]["stage"] in {"in_service", "removed"}:
                steps[maintenance].append((at(away[-1]["occurred_at"]), -1))

    for maintenance, changes in steps.items():
        held = most = 0
        for _, change in sorted(changes):
            held += change
            most = max(most, held)
        assert most <= int(plans()[maintenance].get("max_unavailable", most))


def test_promises_are_hopeful_and_slip_more_at_some_providers_than_at_others() -> None:
    slips: dict[str, list[float]] = defaultdict(list)
    for key, plan in plans().items():
        said = claims(key)
        if plan["status"] == "completed" and len(said) > 1:
            slips[plan["provider_id"]].append((said[-1] - said[0]) / HOUR)

    assert sum(map(len, slips.values())) >= 30
    assert all(sum(hours) > 0 for hours in slips.values())


def test_messages_read_like_letters() -> None:
    bodies = [row["body"] for row in rows("provider_messages")]

    assert sum("\n" in body for body in bodies) == len(bodies)
    assert any('"' in body for body in bodies)
    assert any("," in row["note"] for row in rows("maintenance_updates"))
    assert any('"' in row["note"] for row in rows("maintenance_updates"))
    assert any(row["claimed_end"].endswith("+01:00") for row in rows("provider_messages"))
    assert any(not row["maintenance_id"] for row in rows("provider_messages"))


def test_commitments_are_met_in_time_late_withdrawn_or_open() -> None:
    last = {row["commitment_id"]: row for row in sorted(rows("commitments"), key=lambda row: at(row["recorded_at"]))}
    met = [row for row in last.values() if row["met_at"]]

    assert any(at(row["met_at"]) <= at(row["due_at"]) for row in met)
    assert any(at(row["met_at"]) > at(row["due_at"]) for row in met)
    assert any(row["withdrawn"] == "true" for row in last.values())
    assert any(not row["met_at"] and not row["withdrawn"] and at(row["due_at"]) < ANCHOR for row in last.values())


def test_five_are_running_and_a_tenth_of_the_fleet_is_out() -> None:
    running = [key for key, plan in plans().items() if plan["status"] in RUNNING]
    silent = len(named(titled(WITHOUT_NODES)))

    assert set(running) == {titled(title) for title in (NEARLY_DONE, STUCK, LATE, FAILING, WITHOUT_NODES)}
    assert all(60 <= len(named(key)) <= 400 for key in running)
    reported = sum(map(out, running))
    assert 0.08 <= reported / len(rows("nodes")) <= (reported + silent) / len(rows("nodes")) <= 0.14


def test_one_is_nearly_done() -> None:
    key = titled(NEARLY_DONE)

    assert plans()[key]["status"] == "recovering"
    assert standing(key) == {"in_service": 228, "in_maintenance": 12}  # 95 %
    assert at(plans()[key]["planned_end"]) > ANCHOR


def test_one_is_stuck_for_twenty_hours_with_a_few_nodes_left() -> None:
    key = titled(STUCK)
    moved_at = max(at(row["occurred_at"]) for row in rows("node_transitions") if row["maintenance_id"] == key)

    assert standing(key) == {"in_service": 113, "in_maintenance": 4, "validating": 3}
    assert 20 * HOUR <= ANCHOR - moved_at < 21 * HOUR


def test_one_is_late_with_two_fifths_out_and_a_promise_that_moved_twice() -> None:
    key = titled(LATE)
    ends = {
        at(r["planned_end"]) for r in rows("maintenance_updates") if r["maintenance_id"] == key and r["planned_end"]
    }

    assert ends == {ANCHOR - 14 * HOUR - timedelta(minutes=20)}
    assert out(key) == pytest.approx(0.4 * len(named(key)), abs=2)
    first, second, third = claims(key)
    assert {first} == ends
    assert first < second < ANCHOR < third


def test_one_has_nine_nodes_in_repair_with_a_case_each_and_two_lost() -> None:
    key = titled(FAILING)
    repairing = {n for (owner, n), moves in history().items() if owner == key and moves[-1]["stage"] == "repairing"}
    cases = {
        row["node_id"]: row["status"]
        for row in sorted(rows("support_cases"), key=lambda row: at(row["recorded_at"]))
        if row["maintenance_id"] == key
    }

    assert standing(key)["repairing"] == len(repairing) == 9
    assert standing(key)["removed"] == 2
    assert all(cases[node] in {"open", "in_progress"} for node in repairing)
    assert sorted(status for node, status in cases.items() if node not in repairing) == ["resolved", "resolved"]


def test_one_is_known_only_as_a_whole() -> None:
    key = titled(WITHOUT_NODES)
    begun = [
        at(r["recorded_at"])
        for r in rows("maintenance_updates")
        if r["maintenance_id"] == key and r["status"] == "in_progress"
    ]

    assert not any(row["maintenance_id"] == key for row in rows("node_transitions"))
    assert ANCHOR - min(begun) == pytest.approx(6 * HOUR, abs=timedelta(minutes=20))
    assert at(plans()[key]["planned_end"]) - ANCHOR == pytest.approx(10 * HOUR, abs=HOUR)


def test_six_are_announced_for_the_next_thirteen_days() -> None:
    coming = {key: plan for key, plan in plans().items() if plan["status"] in ANNOUNCED}

    assert set(coming) == {titled(title) for title in (MOVED, *CLASH, PROPOSED, DEFERRED, PLAIN)}
    assert all(ANCHOR < at(plan["planned_start"]) < ANCHOR + 13 * DAY for plan in coming.values())


def test_one_announced_was_moved_twice() -> None:
    starts = [r["planned_start"] for r in rows("maintenance_updates") if r["maintenance_id"] == titled(MOVED)]

    assert len({start for start in starts if start}) == 3


def test_two_announced_clash_on_one_team() -> None:
    one, other = (plans()[titled(title)] for title in CLASH)
    owners = {row["node_id"]: row["team_id"] for row in rows("nodes")}

    assert one["cluster_id"] != other["cluster_id"]
    assert at(one["planned_start"]) < at(other["planned_end"])
    assert at(other["planned_start"]) < at(one["planned_end"])
    assert all("pretraining" in {owners[node] for node in named(titled(title))} for title in CLASH)


def test_of_the_others_one_is_only_proposed_one_deferred_and_one_confirmed() -> None:
    assert [plans()[titled(title)]["status"] for title in (PROPOSED, DEFERRED, PLAIN)] == [
        "proposed",
        "deferred",
        "confirmed",
    ]
