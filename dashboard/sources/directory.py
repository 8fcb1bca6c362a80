"""A dataset directory that somebody keeps writing to: each file is read again when it has changed."""

import json
from datetime import datetime
from pathlib import Path

from dashboard.errors import SourceRefused, UsageError
from dashboard.sources.dataset import DatasetFile, dataset_files, read_dataset_file
from dashboard.sources.seam import Batch, Batches, SetAside, Source

Stamp = list[int]


class Directory(Source):
    """Reads what `dashboard import` reads. Needs to be allowed to read the folder, and nothing else."""

    folder: Path

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """The files that changed, each in pieces; a file counts as read with its last piece."""
        seen: dict[str, Stamp] = json.loads(cursor) if cursor else {}
        try:
            files = dataset_files(self.folder)
        except (UsageError, OSError) as why:
            raise SourceRefused(f"{self.name}: {why}") from why
        for file in files:
            stamp = _stamp(file.path)
            if stamp and seen.get(file.path.name) != stamp:
                before = json.dumps(seen)
                seen[file.path.name] = stamp
                yield from self._read(file, before, json.dumps(seen))

    def _read(self, file: DatasetFile, before: str, after: str) -> Batches:
        name = file.path.name
        warnings: list[str] = []
        reread = [name]
        try:
            for piece in read_dataset_file(file, warnings.append):
                yield Batch({file.fact.name: piece.rows}, before, piece.set_aside, reread)
                reread = []
        except UsageError as why:  # this file is no table; it is looked at again when it changes
            yield Batch({}, after, [SetAside(name, 1, str(why), "")], reread)
            return
        yield Batch({}, after, [SetAside(name, 1, each, "") for each in warnings], reread)


def _stamp(path: Path) -> Stamp:
    """What changes with a file; nothing for one that is gone again."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_size, found.st_ino]
