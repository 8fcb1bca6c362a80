"""The house is as it says: sizes, doors, reasons, and nothing in it that belongs to somebody's machine."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ROOT / "dashboard"
DOORS = {
    "acknowledging.py",
    "answers.py",
    "app.py",
    "cli.py",
    "ingest.py",
    "notifier.py",
    "server.py",
    "serving.py",
    "settings.py",
    "telling.py",
    "worker.py",
}

MODULE_LINES = 300
FUNCTION_LINES = 60
NEWLINE = "\n"

CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.localtime"}
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb"}
OF_DOORS = CLOCKS | ENVIRONMENT

# Put together here, so that this file does not hold what it looks for.
REGISTRIES = [
    "[.]".join(words)
    for words in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "(org|com)"),
        ("registry", "yarnpkg"),
        ("crates", "io"),
        ("proxy", "golang"),
        ("anaconda", "(org|com)"),
        ("deb", "debian", "org"),
    )
]
MACHINES = [rf"(?<![\w./:*-])/{folder}/\w" for folder in ("work", "home", "root", "opt", "tmp", "mnt", "Users")]
AUTHORS = ["cl" + "aude", "anth" + "ropic", "chat" + "gpt", "open" + "ai", "co" + "pilot", "sub-?" + "agent"]
PAPERS = [f"{name}[.]md" for name in ("real-" + "peers", "csp-" + "apis", "st" + "yle")]
STRANGERS = re.compile("|".join([*REGISTRIES, *MACHINES, *AUTHORS, *PAPERS]), re.IGNORECASE)


def modules() -> list[Path]:
    found = sorted(HOUSE.rglob("*.py"))
    assert found
    return found


def is_migration(path: Path) -> bool:
    """Migrations say every table in full, and are never changed again: their length is no fault."""
    return "migrations" in path.relative_to(HOUSE).parts


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(node: ast.expr) -> str:
    """`a.b.c` as it is written; "" for anything else."""
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return node.id if isinstance(node, ast.Name) else ""


def full_names(parsed: ast.Module) -> dict[str, str]:
    """What each imported name stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            names |= {each.asname: each.name for each in node.names if each.asname}
        elif isinstance(node, ast.ImportFrom):
            names |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return names


def said(parsed: ast.Module) -> Iterator[tuple[int, str]]:
    """Every dotted name in a module with its line, aliases and `from` imports resolved."""
    names = full_names(parsed)
    for node in ast.walk(parsed):
        if isinstance(node, ast.Attribute | ast.Name) and (written := dotted(node)):
            first, _, rest = written.partition(".")
            full = names.get(first, first) + (f".{rest}" if rest else "")
            yield node.lineno, full.removeprefix("datetime.") if full.startswith("datetime.d") else full


def unseeded(parsed: ast.Module) -> Iterator[tuple[int, str]]:
    """Randomness that nobody can repeat: a generator without a seed, or the one that all share."""
    names = full_names(parsed)
    for node in ast.walk(parsed):
        if isinstance(node, ast.Call) and (written := dotted(node.func)):
            first, _, rest = written.partition(".")
            full = names.get(first, first) + (f".{rest}" if rest else "")
            own = (".default_rng", ".Generator", "random.Random")
            shared = full.startswith(("random.", "numpy.random.")) and not full.endswith(own)
            if shared or (full.endswith((".default_rng", ".Random")) and not node.args and not node.keywords):
                yield node.lineno, full


def files() -> list[Path]:
    """What is in the repository, and what would be with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [ROOT / each for each in listed.stdout.split("\0") if each and (ROOT / each).is_file()]
    assert found
    return found


def requirements() -> list[str]:
    """Every dependency that pyproject.toml names, run-time and optional."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]


def test_no_module_is_long() -> None:
    """Past 300 lines a noun is missing."""
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in modules() if not is_migration(path)}

    assert {path: lines for path, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_no_function_is_long() -> None:
    """What does not fit on a screen is not seen at once."""
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in modules()
        if not is_migration(path)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES
    ]

    assert long == []


def test_only_doors_read_clock_and_environment() -> None:
    """Everywhere else now, settings and rng are arguments: any instant can be asked for again."""
    found = [
        f"{name(path)}:{line} {what}"
        for path in modules()
        if path.name not in DOORS or path.parent != HOUSE
        for line, what in said(tree(path))
        if what in OF_DOORS
    ]

    assert found == []


def test_randomness_can_be_repeated() -> None:
    """A forecast made again from the same facts is the same."""
    found = [f"{name(path)}:{line} {what}" for path in modules() for line, what in unseeded(tree(path))]

    assert found == []


def test_the_watch_on_clocks_sees_through_aliases() -> None:
    """However it is imported, a clock is a clock; a name that only looks like one is not."""
    text = (
        "import datetime as dt\nfrom datetime import datetime\nfrom os import environ as e\n"
        "dt.datetime.now()\ndatetime.now()\ne['HOME']\nself.now()\nrandom.default_rng()\n"
    )

    assert sorted({what for _, what in said(ast.parse(text))} & OF_DOORS) == ["datetime.now", "os.environ"]
    assert list(unseeded(ast.parse(text))) == [(8, "random.default_rng")]


def test_every_module_says_what_it_is_for() -> None:
    """One sentence at its top; only an empty module needs none."""
    silent = [
        name(path)
        for path in modules()
        if not is_migration(path) and (parsed := tree(path)).body and not (ast.get_docstring(parsed) or "").strip()
    ]

    assert silent == []


def test_every_dependency_has_a_reason() -> None:
    """Beside it, in pyproject.toml; who adds one says what for."""
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    unsaid = [
        each for each in requirements() if not any(f'"{each}"' in line and re.search(r"#\s*\w", line) for line in lines)
    ]

    assert unsaid == []


def test_the_lock_pins_every_dependency_with_hashes() -> None:
    """What pyproject.toml names, requirements.lock pins: no version is left to the day of the installation."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9.-]+)==\S+ \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", lock, re.M))
    named = {re.split(r"[\[<>=!~;]", each)[0].lower() for each in requirements()}

    assert re.findall(r"^(?!#|\s|[a-z0-9.-]+==\S+ \\$).+", lock, re.M) == []
    assert len(pins) == len(re.findall(r"^\S+==", lock, re.M))
    assert named - set(pins) == set()


def test_nothing_names_a_registry_a_machine_or_an_author() -> None:
    """The repository is the same wherever it is cloned to and whoever wrote it."""
    found = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a typeface has no words
        found += [
            f"{name(path)}:{text.count(NEWLINE, 0, told.start()) + 1} {told[0]}" for told in STRANGERS.finditer(text)
        ]

    assert found == []
