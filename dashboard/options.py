"""What options in the configuration are made of: lengths of time, names, and secrets by reference."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr, StringConstraints

from dashboard.errors import SourceRefused

SPANS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Secret(BaseModel):
    """A secret by reference: a variable of the environment, read once, or a file, read at every use."""

    model_config = ConfigDict(frozen=True)

    where: str  # as it may be shown: "the environment variable NIMBUS_TOKEN"
    held: SecretStr | None = None
    path: Path | None = None

    @classmethod
    def holding(cls, where: str, held: str) -> "Secret":
        """One made of what others reveal."""
        return cls(where=where, held=SecretStr(held))

    def reveal(self) -> str:
        """The secret itself. Raises SourceRefused where its file cannot be read or is empty."""
        if self.held is not None:
            return self.held.get_secret_value()
        try:
            found = self.path.read_text(encoding="utf-8").strip() if self.path else ""
        except (OSError, UnicodeDecodeError) as why:
            raise SourceRefused(f"{self.where} cannot be read ({type(why).__name__}): make it readable") from why
        if not found:
            raise SourceRefused(f"{self.where} is empty: put the secret into it")
        return found


def _seconds(value: object) -> object:
    """30, "30s", "5m", "2h" or "1d" as seconds."""
    if isinstance(value, str) and value[-1:] in SPANS:
        try:
            return float(value[:-1]) * SPANS[value[-1]]
        except ValueError as why:
            raise ValueError(f"{value!r} is no length of time; write it like 30s, 5m or 2h") from why
    return value


def _some(seconds: float) -> float:
    if not 0.1 <= seconds <= 30 * SPANS["d"]:
        raise ValueError("give at least 0.1s and at most 30d")
    return seconds


Span = Annotated[float, BeforeValidator(_seconds), AfterValidator(_some)]
"""Seconds; in the configuration also 30s, 5m, 2h."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
