"""Any JSON over HTTP, by a mapping: a list of records somewhere in the answer, paged in one of the usual ways."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dashboard.errors import SourceRefused, SourceUnavailable
from dashboard.sources import mapping
from dashboard.sources.http import Answer, Client, HttpSource
from dashboard.sources.seam import Batch, Batches, batch

MOST_PAGES = 10_000


class Paging(BaseModel):
    """How to get on to the next page; without any of it, only a `Link` header (RFC 8288) is followed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    next_link: str = ""  # the field that holds the next page's address
    next_token: str = ""  # the field that holds a token, to be sent as
    token_param: str = ""
    offset_param: str = ""  # how many records to skip, while pages come full with
    limit_param: str = "limit"
    limit: int = Field(default=500, ge=1)

    @model_validator(mode="after")
    def _one_way(self) -> "Paging":
        if bool(self.next_token) != bool(self.token_param):
            raise ValueError("next_token and token_param go together")
        if sum(map(bool, (self.next_link, self.next_token, self.offset_param))) > 1:
            raise ValueError("choose one of next_link, next_token and offset_param")
        return self


@dataclass(frozen=True, slots=True)
class _Page:
    records: list[dict[str, Any]]
    etag: str
    changed: bool = True


class JsonApi(HttpSource):
    """Reads records from an interface; what a token for it must allow, its operator knows."""

    records: str = ""  # the field that holds the list; '' where the answer is the list
    params: dict[str, str] = Field(default_factory=dict)
    paging: Paging = Paging()
    since_param: str = ""  # sends the largest value seen so far of
    since_field: str = ""
    facts: mapping.Facts

    @model_validator(mode="after")
    def _both(self) -> "JsonApi":
        if bool(self.since_param) != bool(self.since_field):
            raise ValueError("since_param and since_field go together")
        return self

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """The pages that say something else than last time; the cursor moves on after the last of them."""
        before = json.loads(cursor) if cursor else {}
        known: list[str] = before.get("pages", [])
        since = largest = before.get("since", "")
        digests: list[str] = []
        etag = ""
        with Client(self, now) as client:
            for page in self._pages(client, since, before.get("etag", "")):
                if not page.changed:
                    return
                digests.append(_digest(page.records))
                etag = page.etag if len(digests) == 1 else ""  # it speaks for the first page only
                if self.since_field:
                    said = (mapping.as_text(mapping.field_of(each, self.since_field)) for each in page.records)
                    largest = max([largest, *said], key=_rank)
                if known[len(digests) - 1 : len(digests)] != digests[-1:]:
                    # All of a list is read at each poll: what was wrong with a page is what is wrong with it now.
                    part = "" if self.since_field else f"page {len(digests)}"
                    told = mapping.told(self.facts, page.records, self.name)
                    yield batch(told, cursor or "", now, part, [part] if part else [])
        reached = json.dumps({"pages": digests, "etag": etag, "since": largest})
        if reached != cursor:
            gone = range(len(digests) + 1, len(known) + 1)
            yield Batch({}, reached, reread=[] if self.since_field else [f"page {number}" for number in gone])

    def _pages(self, client: Client, since: str, etag: str) -> Iterator[_Page]:
        url: str = self.url
        params = self.params | ({self.since_param: since} if since else {})
        if self.paging.offset_param:
            params |= {self.paging.offset_param: "0", self.paging.limit_param: str(self.paging.limit)}
        asked = set()
        for number in range(MOST_PAGES):
            asked.add((url, tuple(sorted(params.items()))))
            answer = client.get(url, params, "" if number else etag)
            if not answer.changed:
                yield _Page([], "", changed=False)
                return
            records = self._records(answer.value)
            yield _Page(records, answer.etag)
            following = self._next(answer, url, params, number, len(records))
            if following is None:
                return
            url, params = following
            if (url, tuple(sorted(params.items()))) in asked:
                raise SourceRefused(f"{self.name}: its next page is one that it gave already: correct the paging")
        raise SourceRefused(f"{self.name}: has more than {MOST_PAGES:,} pages: ask for fewer records, or larger pages")

    def _records(self, answer: Any) -> list[dict[str, Any]]:
        found = mapping.field_of(answer, self.records) if self.records else answer
        if not isinstance(found, list):
            where = f"in the field {self.records!r}" if self.records else "at its top"
            raise SourceUnavailable(f"{self.name}: its answer has no list {where}: correct the option records")
        return [each if isinstance(each, dict) else {"": each} for each in found]

    def _next(
        self, answer: Answer, url: str, params: Mapping[str, str], number: int, count: int
    ) -> tuple[str, dict[str, str]] | None:
        """The address and the parameters of the page after this one; None after the last."""
        paging = self.paging
        if paging.offset_param:
            skip = {paging.offset_param: str((number + 1) * paging.limit)}
            return (url, {**params, **skip}) if count >= paging.limit else None
        if paging.next_token:
            token = mapping.as_text(mapping.field_of(answer.value, paging.next_token))
            return (url, {**params, paging.token_param: token}) if token else None
        link = (
            mapping.as_text(mapping.field_of(answer.value, paging.next_link)) if paging.next_link else answer.next_link
        )
        return (urljoin(url, link), {}) if link else None


def _digest(records: list[dict[str, Any]]) -> str:
    return blake2b(json.dumps(records, sort_keys=True).encode(), digest_size=9).hexdigest()


def _rank(text: str) -> tuple[bool, float, str]:
    """Numbers by size, any other text by its letters, which is right for ISO 8601 in one zone; nothing first."""
    try:
        return bool(text), float(text), ""
    except ValueError:
        return bool(text), 0.0, text
