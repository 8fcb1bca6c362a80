"""Dataset directories in and out: nothing good is lost, everything bad is told, twice is once."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from dashboard.errors import UnreadableRecord, UsageError
from dashboard.jobs.transfer import Imported, export_dataset, import_dataset
from dashboard.log.aside import count_aside
from dashboard.log.database import opened, reading
from dashboard.log.read import history
from dashboard.log.tables import FACT_TABLES, metadata
from dashboard.model.facts import FACTS

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
NODES = "node_id,cluster_id,gpus\nn-1,c,8\nn-2,c,8\n"
HEADER = "maintenance_id,node_id,stage,occurred_at\n"
GOOD = "M-1,n-1,cordoned,2026-01-05T10:00:00Z\n"
ALSO_GOOD = "M-1,n-2,in_service,2026-01-05T12:00:00+01:00\n"


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """One database will do."""
    return sqlite_database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset of two nodes."""
    found = tmp_path / "dataset"
    found.mkdir()
    (found / "nodes.csv").write_text(NODES)
    return found


def brought(engine: Engine, folder: Path, transitions: str | bytes) -> Imported:
    """Imports the dataset with these transitions."""
    raw = transitions.encode() if isinstance(transitions, str) else transitions
    (folder / "node_transitions.csv").write_bytes(raw)
    return import_dataset(engine, folder, NOW)


def rows(engine: Engine, name: str = "node_transitions") -> int:
    """How many rows of a fact the log holds."""
    with reading(engine) as connection:
        return int(connection.scalar(select(func.count()).select_from(FACT_TABLES[name])) or 0)


def everything(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every fact."""
    with reading(engine) as connection:
        return {name: sorted((tuple(r.values()) for r in history(connection, name)), key=repr) for name in FACTS}


BAD = {
    "M-1,n-1,cordoned\n": "fields",
    "M-1,n-1,cordoned,yesterday\n": "no time",
    "M-1,n-1,cordoned,2026-01-05T10:00:00\n": "no offset",
    "M-1,n-1,cordoned,0001-01-01T00:00:00Z\n": "1970",
    "M-1,n-1,cordoned,9999-12-31T23:59:59-23:59\n": "2200",
    "M-1,n-1,asleep,2026-01-05T10:00:00Z\n": "asleep",
    "M-1,nobody,cordoned,2026-01-05T10:00:00Z\n": "named in no nodes file",
    ",n-1,cordoned,2026-01-05T10:00:00Z\n": "needed",
    f"M-1,{'n' * 1_000_000},cordoned,2026-01-05T10:00:00Z\n": "characters",
    "M-1,n-1\x00,cordoned,2026-01-05T10:00:00Z\n": "NUL",
    '"M-1,n-1,cordoned,2026-01-05T10:00:00Z\n': "never closed",
    'M-1,n-1,"cord"oned,2026-01-05T10:00:00Z\n': "not CSV",
    "M-1,=HYPERLINK(1),cordoned,2026-01-05T10:00:00Z\n": "named in no nodes file",
}


@pytest.mark.parametrize("bad", BAD, ids=[why.replace(" ", "-") + str(i) for i, why in enumerate(BAD.values())])
def test_a_bad_row_is_told_with_its_line_and_costs_no_neighbour(engine: Engine, folder: Path, bad: str) -> None:
    """Good rows before and after it are imported; file, line and reason are kept."""
    done = brought(engine, folder, HEADER + GOOD + bad + ALSO_GOOD)

    (told,) = done.set_aside
    assert (told.file, told.line) == ("node_transitions.csv", 3)
    assert BAD[bad] in told.reason
    assert rows(engine) == 2


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\xe9\xe8", b"\xc3\x28"])
def test_bytes_that_are_no_utf_8_cost_their_row_only(engine: Engine, folder: Path, raw: bytes) -> None:
    """Whatever encoding was meant."""
    bad = b"M-1,n-1" + raw + b",cordoned,2026-01-05T10:00:00Z\n"

    done = brought(engine, folder, HEADER.encode() + GOOD.encode() + bad + ALSO_GOOD.encode())

    assert [(each.line, each.reason) for each in done.set_aside] == [(3, "is not UTF-8")]
    assert rows(engine) == 2


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(junk=st.lists(st.text(st.characters(codec="utf-8"), max_size=60), max_size=6), place=st.integers(0, 6))
def test_no_junk_makes_the_importer_crash_or_lose_what_is_good(
    tmp_path_factory: pytest.TempPathFactory, junk: list[str], place: int
) -> None:
    """Any text at all as lines among good ones: the good are there, and each bad line is accounted for."""
    scratch = tmp_path_factory.mktemp("junk")
    folder = scratch / "dataset"
    folder.mkdir()
    (folder / "nodes.csv").write_text(NODES)
    lines = [line.replace("\r", " ").replace("\n", " ") + "\n" for line in junk]
    lines[place:place] = [GOOD]

    with opened(f"sqlite:///{scratch / 'log.db'}") as engine:
        done = brought(engine, folder, HEADER + "".join(lines) + ALSO_GOOD)
        stored = rows(engine)

    assert stored == 2
    assert len(done.set_aside) == sum(1 for line in lines if line.strip("\n") and line != GOOD)


def test_an_import_twice_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    """The whole sample: the second time nothing is new, and the export is the same to the byte."""
    import_dataset(engine, SAMPLE, NOW)
    export_dataset(engine, tmp_path / "first")

    done = import_dataset(engine, SAMPLE, NOW)
    export_dataset(engine, tmp_path / "second")

    assert set(done.new.values()) == {0}
    assert done.set_aside == []
    for file in sorted((tmp_path / "first").iterdir()):
        assert file.read_bytes() == (tmp_path / "second" / file.name).read_bytes()


def test_an_export_imports_to_the_same_log(engine: Engine, tmp_path: Path) -> None:
    """Every row of every fact, superseded ones too."""
    import_dataset(engine, SAMPLE, NOW)
    export_dataset(engine, tmp_path / "out")

    with opened(f"sqlite:///{tmp_path / 'other.db'}") as other:
        done = import_dataset(other, tmp_path / "out", NOW)
        same = everything(other) == everything(engine)

    assert done.set_aside == []
    assert same


def test_a_fix_clears_what_was_set_aside(engine: Engine, folder: Path) -> None:
    """The row that is readable now becomes a fact, and is no longer kept aside."""
    brought(engine, folder, HEADER + GOOD + "M-1,n-2,asleep,2026-01-05T10:00:00Z\n")
    with reading(engine) as connection:
        before = count_aside(connection)

    brought(engine, folder, HEADER + GOOD + "M-1,n-2,drained,2026-01-05T10:00:00Z\n")

    with reading(engine) as connection:
        assert (before, count_aside(connection)) == (1, 0)
    assert rows(engine) == 2


def test_strict_takes_all_or_nothing(engine: Engine, folder: Path) -> None:
    """One bad row, and not even the files before it are imported."""
    (folder / "node_transitions.csv").write_text(HEADER + GOOD + "M-1,n-1,asleep,2026-01-05T10:00:00Z\n")

    with pytest.raises(UnreadableRecord, match=r"node_transitions.csv, line 3: .*asleep"):
        import_dataset(engine, folder, NOW, strict=True)

    assert (rows(engine), rows(engine, "nodes")) == (0, 0)


def test_gzip_and_parquet_are_read_the_same_way(engine: Engine, folder: Path, tmp_path: Path) -> None:
    """The same rows from each, and from a file with a byte order mark."""
    brought(engine, folder, b"\xef\xbb\xbf" + (HEADER + GOOD + ALSO_GOOD).encode())
    plain = everything(engine)
    frame = pd.read_csv(folder / "node_transitions.csv")
    (folder / "node_transitions.csv").rename(tmp_path / "node_transitions.csv")
    found = []

    for name in ("gzip", "parquet"):
        (folder / "node_transitions.csv.gz").unlink(missing_ok=True)
        if name == "gzip":
            (folder / "node_transitions.csv.gz").write_bytes(gzip.compress((HEADER + GOOD + ALSO_GOOD).encode()))
        else:
            frame.to_parquet(folder / "node_transitions.parquet")
        with opened(f"sqlite:///{tmp_path / name}.db") as other:
            import_dataset(other, folder, NOW)
            found.append(everything(other))

    assert found == [plain, plain]


def test_a_column_that_the_format_does_not_name_is_kept_out_and_named(engine: Engine, folder: Path) -> None:
    """A note, not an error; the rest of the row is imported."""
    header = "maintenance_id,mood,node_id,stage,occurred_at\n"

    done = brought(engine, folder, header + "M-1,good,n-1,cordoned,2026-01-05T10:00:00Z\n")

    assert any("'mood'" in warning for warning in done.warnings)
    assert rows(engine) == 1


def test_a_file_without_a_needed_column_is_told_and_the_others_are_imported(engine: Engine, folder: Path) -> None:
    """Each file is taken as a whole or not at all."""
    done = brought(engine, folder, "maintenance_id,node_id,stage\nM-1,n-1,cordoned\n")

    assert [(each.file, each.line) for each in done.set_aside] == [("node_transitions.csv", 1)]
    assert "occurred_at" in done.set_aside[0].reason
    assert rows(engine, "nodes") == 2


def test_a_file_cut_short_leaves_none_of_its_rows(engine: Engine, folder: Path) -> None:
    """A gzip stream that ends in its middle: nothing of that file, all of the others."""
    whole = gzip.compress((HEADER + GOOD * 5000 + ALSO_GOOD).encode())
    (folder / "node_transitions.csv.gz").write_bytes(whole[: len(whole) // 2])

    done = import_dataset(engine, folder, NOW)

    assert [each.file for each in done.set_aside] == ["node_transitions.csv.gz"]
    assert (rows(engine), rows(engine, "nodes")) == (0, 2)


def test_a_quoted_text_may_hold_lines_commas_and_quotes(engine: Engine, folder: Path) -> None:
    """A message as people write it comes in whole, and out again."""
    body = 'first line,\nsecond "line"\n=1+1'
    quoted = body.replace('"', '""')
    (folder / "provider_messages.csv").write_text(f'message_id,received_at,body\nm-1,2026-01-05T10:00:00Z,"{quoted}"\n')

    import_dataset(engine, folder, NOW)

    with reading(engine) as connection:
        assert [row["body"] for row in history(connection, "provider_messages")] == [body]


def test_a_folder_that_is_no_dataset_is_one_sentence(engine: Engine, tmp_path: Path) -> None:
    """Empty or missing: what to give instead."""
    with pytest.raises(UsageError, match="node_transitions"):
        import_dataset(engine, tmp_path / "nowhere", NOW)


def test_an_export_goes_into_an_empty_folder_only(engine: Engine, tmp_path: Path) -> None:
    """What is there already is not overwritten."""
    export_dataset(engine, tmp_path / "out")

    with pytest.raises(UsageError, match="empty folder"):
        export_dataset(engine, tmp_path / "out")


def test_every_fact_has_its_table() -> None:
    """And nothing else is called a fact."""
    assert set(FACTS) <= set(metadata.tables)
