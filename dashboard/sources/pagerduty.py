"""Who is on call now, by PagerDuty. Reference: PagerDuty REST API v2, "List all of the on-calls".

Token: a read-only API key, Integrations > API Access Keys; name it by token_env or token_file.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dashboard.errors import SourceUnavailable
from dashboard.model.instants import iso
from dashboard.model.parties import NOBODY_ON_CALL
from dashboard.model.stages import Role
from dashboard.sources.address import Address, HttpSource
from dashboard.sources.http import Client
from dashboard.sources.mapping import as_text, field_of
from dashboard.sources.seam import Batches, Name, Secret, Standing, Told

PAGE, MOST = 100, 10_000


class Duty(BaseModel):
    """A duty of the fleet, and the schedule or escalation policy that says who has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    party: Name
    role: Role
    schedule: str = ""  # their id
    escalation_policy: str = ""
    provider: str = ""
    cluster: str = ""
    team: str = ""
    channel: str = ""  # where the duty is reached, whoever has it
    escalates_to: str = ""
    timezone: str = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> "Duty":
        if bool(self.schedule) == bool(self.escalation_policy):
            raise ValueError("give either a schedule or an escalation_policy, by its id")
        return self


class PagerDuty(HttpSource, Standing):
    """Reads on-calls. Gives a party for each duty, by the name of whoever has it: nothing else of a person."""

    url: Address = "https://api.pagerduty.com"
    token: Secret
    token_prefix: str = "Token token="
    headers: dict[str, str] = Field(default={"Accept": "application/vnd.pagerduty+json;version=2"})
    duties: tuple[Duty, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> "PagerDuty":
        names = [each.party for each in self.duties]
        twice = next((name for name in names if names.count(name) > 1), "")
        if twice:
            raise ValueError(f"two duties make the party {twice!r}; give each a party of its own")
        return self

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """The duties whose holder is another than before. An escalation policy's is the first level's that has one."""
        known: dict[str, str] = json.loads(cursor) if cursor else {}
        with Client(self, now) as client:
            schedules = [each.schedule for each in self.duties if each.schedule]
            policies = [each.escalation_policy for each in self.duties if each.escalation_policy]
            listed = [
                *self._listed(client, "schedule_ids[]", schedules, now),
                *self._listed(client, "escalation_policy_ids[]", policies, now),
            ]
        stands = {each.party: holder(each, listed) for each in self.duties}
        told = [self._party(each, stands[each.party]) for each in self.duties]
        changed = [each for each in told if known.get(each.columns["party_id"]) != each.columns["name"]]
        yield from self.brought(changed, stands, cursor, now)

    def anew(self, cursor: str) -> str | None:
        """Every duty is told again, as it is configured by then."""
        return None

    def _listed(self, client: Client, name: str, ids: Sequence[str], now: datetime) -> Iterator[Mapping[str, Any]]:
        if not ids:
            return
        asked: dict[str, Any] = {name: sorted(set(ids)), "since": iso(now), "until": iso(now), "limit": str(PAGE)}
        for offset in range(0, MOST, PAGE):
            answer = client.get(f"{self.url.rstrip('/')}/oncalls", asked | {"offset": str(offset)}).value
            found = field_of(answer, "oncalls")
            if not isinstance(found, list):
                raise SourceUnavailable(f"{self.name}: its answer lists no oncalls: is the url that of PagerDuty?")
            yield from (each for each in found if isinstance(each, Mapping))
            if field_of(answer, "more") is not True:
                return

    def _party(self, duty: Duty, name: str) -> Told:
        columns = {
            "party_id": duty.party,
            "name": name,
            "role": duty.role,
            "provider_id": duty.provider,
            "cluster_id": duty.cluster,
            "team_id": duty.team,
            "channel": duty.channel,
            "escalates_to": duty.escalates_to,
            "timezone": duty.timezone,
        }
        return Told("parties", columns, f"{duty.schedule or duty.escalation_policy}: {name}")


def holder(duty: Duty, listed: Sequence[Mapping[str, Any]]) -> str:
    """Who has a duty, by name; several by theirs."""
    field, wanted = ("schedule", duty.schedule) if duty.schedule else ("escalation_policy", duty.escalation_policy)
    found: dict[int, set[str]] = {}
    for each in listed:
        name, level = as_text(field_of(each, "user.summary")).strip(), each.get("escalation_level")
        if as_text(field_of(each, f"{field}.id")) == wanted and name:
            found.setdefault(level if isinstance(level, int) else 99, set()).add(name)
    return ", ".join(sorted(found[min(found)])) if found else NOBODY_ON_CALL
