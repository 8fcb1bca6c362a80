"""A folder into which people or programs drop messages: .eml as mail programs save them, .ics, and .txt.

Needs to be allowed to read the folder. A file counts as received when it was last written; nothing in it is changed.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import Field

from dashboard.errors import SourceRefused
from dashboard.sources.letters import Correspondence, Mail, letters_of, read_calendar, read_mail, read_text
from dashboard.sources.seam import Batch, Batches, SetAside

ENDINGS = (".eml", ".ics", ".txt")
SETTLED = timedelta(seconds=2)  # a file written less long ago may still be written to

Stamp = list[int]


class DropFolder(Correspondence):
    """Reads files that are new or have changed. Gives messages, and what they say."""

    folder: Path
    largest_mb: float = Field(default=10, gt=0, le=100)  # of a file; what is beyond is not read

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """A batch a file, the oldest first; one that cannot be read is set aside, and read when it has changed."""
        seen: dict[str, Stamp] = json.loads(cursor) if cursor else {}
        found = self._files()
        seen = {name: stamp for name, stamp in seen.items() if name in found}
        for name, stamp in sorted(found.items(), key=lambda item: (item[1], item[0])):
            at = datetime.fromtimestamp(stamp[0] / 1e9, UTC)
            if seen.get(name) == stamp or timedelta(0) <= now - at < SETTLED:
                continue
            seen[name] = stamp
            yield self._read(self.folder / name, min(at, now), json.dumps(seen))
        reached = json.dumps(seen)
        if cursor and reached != cursor and len(seen) < len(json.loads(cursor)):
            yield Batch({}, reached)

    def provider_of_note(self, provider: str, said: str) -> str:
        """Whoever may write here is trusted: a note may say itself whose it is."""
        return provider or said

    def _files(self) -> dict[str, Stamp]:
        try:
            return dict(self._stamps())
        except OSError as why:
            raise SourceRefused(f"{self.name}: {self.folder} cannot be read ({why.strerror}): correct folder") from why

    def _stamps(self) -> Iterator[tuple[str, Stamp]]:
        for path in self.folder.iterdir():
            if path.suffix.lower() in ENDINGS and not path.name.startswith(".") and not path.is_symlink():
                try:
                    found = path.stat()
                except FileNotFoundError:
                    continue  # gone again
                if path.is_file():
                    yield path.name, [found.st_mtime_ns, found.st_size, found.st_ctime_ns]

    def _read(self, path: Path, at: datetime, reached: str) -> Batch:
        limit = int(self.largest_mb * 1_000_000)
        try:
            with path.open("rb") as file:
                raw = file.read(limit + 1)
        except OSError as why:
            said = f"cannot be read ({why.strerror}): make it readable"
            return Batch({}, reached, [SetAside(path.name, 0, said, "")], [path.name])
        mail = self._mail(path, raw[:limit], whole=len(raw) <= limit)
        return Batch({}, reached, (), [path.name], letters_of(mail, self, at, path.name))

    def _mail(self, path: Path, raw: bytes, *, whole: bool) -> Mail:
        if path.suffix.lower() == ".eml":
            return read_mail(raw, whole)
        if path.suffix.lower() == ".ics":
            return read_calendar(raw, path.name)
        return read_text(raw, path.stem, whole)
