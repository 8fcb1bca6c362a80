"""Support tickets at Azure, and what was written in them. Reference: Azure Support API, "Support Tickets - List".

Asked as an application of Entra ID that is a Support Request Contributor, or has Microsoft.Support/supportTickets/read.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

from dashboard.sources.mapping import as_json, as_text, field_of, strange
from dashboard.sources.microsoft import Azure, instant_text, machine_of, uncapitalised
from dashboard.sources.seam import Batches, Told
from dashboard.sources.web_text import text_of_page

STATUSES = {"open": "open", "closed": "closed"}
VERSION = {"api-version": "2024-04-01"}


class Support(Azure):
    """Reads the tickets of subscriptions. Gives each, how it goes on, and its messages."""

    node: Literal["", "name", "resource_id"] = ""  # what the fleet calls the machine that a ticket names; '' for none
    messages: bool = True  # asks for what was written in a ticket whenever that has changed

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """Every ticket that differs from the last answer. One that is no longer listed is old, no more."""
        known: dict[str, str] = json.loads(cursor) if cursor else {}
        stands: dict[str, str] = {}
        told: list[Told] = []
        with self.asking(now) as client:
            for subscription in self.subscriptions:
                path = f"/subscriptions/{subscription}/providers/Microsoft.Support/supportTickets"
                for ticket in self.listed(client, path, VERSION):
                    key = as_text(ticket.get("id")) or as_text(ticket.get("name"))
                    stands[key] = blake2b(as_json(ticket).encode(), digest_size=9).hexdigest()
                    if stands[key] == known.get(key):
                        continue
                    number, case = self._case(ticket)
                    told.append(case)
                    if self.messages and ticket.get("name"):
                        written = f"{path}/{ticket['name']}/communications"
                        told += [self._message(number, each) for each in self.listed(client, written, VERSION)]
        yield from self.brought(told, stands, cursor, now)

    def anew(self, cursor: str) -> str | None:
        """Every ticket that is listed can be told again."""
        return None

    def _case(self, ticket: Mapping[str, Any]) -> tuple[str, Told]:
        said = uncapitalised(ticket.get("properties"))
        number = as_text(field_of(said, "supportTicketId")) or as_text(ticket.get("name"))
        status, title = as_text(field_of(said, "status")), as_text(field_of(said, "title"))
        resource = as_text(field_of(said, "technicalTicketDetails.resourceId"))
        named = {"": "", "name": machine_of(resource), "resource_id": resource}[self.node]
        odd = strange(status.lower(), STATUSES) and strange(status, STATUSES)
        columns = {
            "case_id": f"{self.name}:{number}" if number else "",
            "node_id": named if "/virtualmachines/" in resource.lower() else "",
            "provider_id": self.provider,
            "status": STATUSES.get(status.lower(), ""),
            "severity": as_text(field_of(said, "severity")).lower(),
            "opened_at": instant_text(field_of(said, "createdDate")),
            "response_due_at": instant_text(field_of(said, "serviceLevelAgreement.expirationTime")),
            "note": f"{title} ({odd})" if odd else title,
        }
        return number, Told("support_cases", columns, ticket)

    def _message(self, number: str, written: Mapping[str, Any]) -> Told:
        said = uncapitalised(written.get("properties"))
        fields = {name: as_text(field_of(said, name)) for name in ("createdDate", "sender", "subject", "body")}
        digest = blake2b("|".join(fields.values()).encode(), digest_size=9).hexdigest()
        columns = {
            "message_id": f"{self.name}:{number}@{digest}",
            "provider_id": self.provider,
            "received_at": instant_text(fields["createdDate"]),
            "sender": fields["sender"],
            "subject": f"Ticket {number}: {fields['subject']}",
            "body": text_of_page(fields["body"]),
        }
        return Told("provider_messages", columns, written)
