"""Pushing facts to the app as it is served: what is taken is in the log, and on the pages."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest
import requests

from dashboard.log.append import append
from dashboard.log.database import appending, open_log, opened, reading
from dashboard.log.read import history
from dashboard.log.source_states import read_states
from tests.browser.chromium import serving
from tests.sources.asked import START

CONFIG = """
[[sources]]
name = "moves"
type = "webhook"
kind = "json"
secret_env = "SIGNING"
[sources.facts.node_transitions]
maintenance_id = "change"
node_id = "host"
stage = "state"
occurred_at = "at"
"""


def test_the_served_app_takes_in_what_is_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On its own port, beside its pages; once it says 202, another process finds the fact."""
    config, database = tmp_path / "sources.toml", f"sqlite:///{tmp_path / 'log.db'}"
    config.write_text(CONFIG)
    monkeypatch.setenv("DASHBOARD_CONFIG", str(config))
    monkeypatch.setenv("SIGNING", "known-to-two")
    with opened(database) as engine, appending(engine) as connection:
        append(connection, {"nodes": [("n-1", "c", "", 8, "")]}, START, "test")
    body = json.dumps({"change": "M-1", "host": "n-1", "state": "drained", "at": "2026-03-01T10:00:00Z"}).encode()
    signature = hmac.new(b"known-to-two", body, hashlib.sha256).hexdigest()
    headers = {"X-Signature": signature, "Content-Type": "application/json"}

    with serving(tmp_path, "serve", database=database) as app:
        taken = requests.post(f"{app.url}/ingest/moves", data=body, headers=headers, timeout=60)
        engine = open_log(database)
        with reading(engine) as connection:
            kept = [row["stage"] for row in history(connection, "node_transitions")]
        forged = requests.post(f"{app.url}/ingest/moves", data=body + b" ", headers=headers, timeout=60)
        large = requests.post(f"{app.url}/ingest/moves", data=b" " * 1_000_001, headers=headers, timeout=60)
        page = requests.get(f"{app.url}/sources", timeout=60)
        with reading(engine) as connection:
            (state,) = read_states(connection)
        engine.dispose()
        log = app.log.read_text()

    assert (taken.status_code, taken.json(), kept) == (202, {"new": 1, "set_aside": 0}, ["drained"])
    assert (forged.status_code, large.status_code, page.status_code) == (403, 413, 200)
    assert (state.source, state.type, state.rows) == ("moves", "webhook", 1)
    assert "a delivery was refused: The signature" in state.error
    assert "Traceback" not in log
    assert "known-to-two" not in log
