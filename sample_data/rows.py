"""The dataset directory: which files and columns there are, what was known by an instant, and how it is written."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

COLUMNS = {
    "providers": ("provider_id", "name"),
    "clusters": ("cluster_id", "provider_id", "region", "sku", "gpus_per_node"),
    "nodes": ("node_id", "cluster_id", "rack", "gpus", "team_id"),
    "teams": ("team_id", "name"),
    "allocations": ("team_id", "cluster_id", "gpus", "starts_at", "ends_at"),
    "parties": (
        "party_id",
        "name",
        "role",
        "provider_id",
        "cluster_id",
        "team_id",
        "channel",
        "escalates_to",
        "timezone",
    ),
    "maintenance_updates": (
        "maintenance_id",
        "recorded_at",
        "source",
        "status",
        "kind",
        "title",
        "provider_id",
        "cluster_id",
        "planned_start",
        "planned_end",
        "max_unavailable",
        "provider_ref",
        "note",
    ),
    "maintenance_nodes": ("maintenance_id", "node_id", "recorded_at", "removed"),
    "node_transitions": (
        "maintenance_id",
        "node_id",
        "stage",
        "occurred_at",
        "recorded_at",
        "source",
        "source_ref",
    ),
    "provider_messages": (
        "message_id",
        "maintenance_id",
        "provider_id",
        "received_at",
        "sender",
        "subject",
        "body",
        "claimed_end",
    ),
    "support_cases": (
        "case_id",
        "recorded_at",
        "maintenance_id",
        "node_id",
        "provider_id",
        "status",
        "severity",
        "opened_at",
        "response_due_at",
        "resolution_due_at",
        "note",
    ),
    "commitments": (
        "commitment_id",
        "recorded_at",
        "maintenance_id",
        "party_id",
        "what",
        "due_at",
        "met_at",
        "withdrawn",
    ),
}

Value = str | int | datetime | None


class Dataset:
    """Rows by table. A fact that was not yet known at the anchor is left out, and so is one of a source gone silent."""

    def __init__(self, anchor: datetime, silent_from: Mapping[str, datetime]) -> None:
        self.anchor = anchor
        self.silent_from = silent_from
        self.tables: dict[str, list[dict[str, Value]]] = defaultdict(list)

    def add(self, table: str, **row: Value) -> None:
        """Adds one row, if it could be known. KeyError for a column that the table has not."""
        unknown = row.keys() - set(COLUMNS[table])
        if unknown:
            raise KeyError(f"{table}.csv has no column {sorted(unknown)}")
        known_at = row.get("recorded_at", row.get("received_at"))
        silent = self.silent_from.get(str(row.get("source")), self.anchor)
        if known_at is None or (isinstance(known_at, datetime) and known_at <= silent):
            self.tables[table].append(row)

    def write(self, directory: Path) -> None:
        """Writes every table; the same rows give the same bytes."""
        directory.mkdir(parents=True, exist_ok=True)
        for table, columns in COLUMNS.items():
            with (directory / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows([_text(row.get(column)) for column in columns] for row in self.tables[table])


def _text(value: Value) -> str:
    """A field: instants in ISO 8601 with their offset, to the second; nothing for what is unknown."""
    if isinstance(value, datetime):
        text = value.isoformat(timespec="seconds")
        return text.replace("+00:00", "Z") if value.tzinfo is UTC else text
    return "" if value is None else str(value)
