"""How Compute Engine is asked, and what it says of a maintenance to come: of an instance or of a reserved block.

Token: kept fresh in a file, by whatever may act as the service account: name it by token_file.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.errors import SourceUnavailable
from dashboard.model.stages import Stage, Status
from dashboard.sources.http import Address, Client, HttpSource
from dashboard.sources.mapping import as_text, field_of, strange
from dashboard.sources.seam import Standing

STATUSES = {"PENDING": Status.SCHEDULED, "ONGOING": Status.IN_PROGRESS}
STAGES = {"PENDING": Stage.SCHEDULED, "ONGOING": Stage.IN_MAINTENANCE}
PAGE = "500"
KIND, KNOWN = "compute#", {"items", "unreachables", "warning"}
HARMLESS = ("NO_RESULTS_ON_PAGE",)  # a warning that every zone without instances carries


class Google(HttpSource, Standing):
    """What every source at Compute Engine takes."""

    url: Address = "https://compute.googleapis.com"
    project: str
    provider: str = "gcp"
    cluster: str = ""

    def pages(self, client: Client, path: str, params: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Every page of a list, by its path within the project."""
        url, asked = f"{self.url.rstrip('/')}/compute/v1/projects/{self.project}/{path}", {"maxResults": PAGE, **params}
        known = set[str]()
        while True:
            answer = client.get(url, asked).value
            if not (isinstance(answer, dict) and (KNOWN & set(answer) or as_text(answer.get("kind")).startswith(KIND))):
                # Whatever answered here, it does not say that there are no instances.
                raise SourceUnavailable(f"{self.name}: its answer is no list: is the url that of Compute Engine?")
            yield answer
            following = as_text(answer.get("nextPageToken"))
            if not following:
                return
            if following in known:
                raise SourceUnavailable(f"{self.name}: its next page is one that it gave already: it is asked again")
            known.add(following)
            asked = asked | {"pageToken": following}

    def signed(self, key: str) -> dict[str, str]:
        """The columns that every fact about a maintenance has."""
        return {"maintenance_id": f"{self.name}:{key}", "source": self.name}

    def announced(self, upcoming: Mapping[str, str], title: str, note: str = "") -> dict[str, str]:
        """The columns of an update that an upcomingMaintenance fills."""
        odd = strange(upcoming["status"], STATUSES)
        return {
            "status": STATUSES.get(upcoming["status"], ""),
            "kind": upcoming["reason"].lower(),
            "title": title,
            "provider_id": self.provider,
            "cluster_id": self.cluster,
            "planned_start": upcoming["start"],
            "planned_end": upcoming["end"],
            "note": "; ".join(filter(None, (note, odd))),
        }


def standing(upcoming: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of an upcomingMaintenance: status, type, start, end and the first reason; '' for none of it."""
    reasons = upcoming.get("maintenanceReasons")
    return {
        "status": as_text(upcoming.get("maintenanceStatus")),
        "type": as_text(upcoming.get("type")),
        "start": as_text(upcoming.get("windowStartTime")),
        "end": as_text(upcoming.get("windowEndTime")),
        "reason": as_text(reasons[0]) if isinstance(reasons, list) and reasons else "",
    }


def unseen(answer: Mapping[str, Any]) -> set[str]:
    """The places that an answer does not speak for, by their short names."""
    zones, away = answer.get("items"), answer.get("unreachables")
    told = {as_text(each) for each in away} if isinstance(away, list) else set()
    for name, zone in zones.items() if isinstance(zones, Mapping) else ():
        if as_text(field_of(zone, "warning.code")) not in ("", *HARMLESS):
            told.add(name)
    if as_text(field_of(answer, "warning.code")) not in ("", *HARMLESS):
        told.add(f"all ({as_text(field_of(answer, 'warning.code'))[:60]})")
    return {each.rpartition("/")[2] for each in told if each}
