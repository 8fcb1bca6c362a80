"""What can be configured, from the environment: one frozen value, read by the doors only."""

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_database() -> str:
    """A SQLite file in the user's data directory."""
    return f"sqlite:///{user_data_path('dashboard', appauthor=False) / 'dashboard.db'}"


class Settings(BaseSettings):
    """Read from DASHBOARD_…; an option of the command line goes before."""

    model_config = SettingsConfigDict(env_prefix="DASHBOARD_", frozen=True)

    database_url: str = Field(default_factory=default_database)
    config: Path | None = None  # the file that lists the sources
    alone: bool = True  # the app starts a worker of its own; false where workers run elsewhere


def sample_data() -> Path:
    """The dataset that the demo shows, beside the package in a checkout."""
    return Path(__file__).resolve().parent.parent / "sample_data"
