"""What the providers wrote about the eleven current maintenances, letter by letter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from changes import Letter
from fleet import Cluster
from people import DESKS, mailbox
from phrases import CLOSINGS


@dataclass(frozen=True, slots=True)
class Voice:
    """A provider's people, writing about a change to one cluster."""

    cluster: Cluster

    def _says(self, at: datetime, subject: str, text: str, claim: datetime | None = None, author: int = 0) -> Letter:
        """One letter; authors are numbered in the order of escalation."""
        provider = self.cluster.provider_id
        name = DESKS[provider][0][author]
        return Letter(at, mailbox(name, provider), subject, f"{text}\n\n{name}\n{CLOSINGS[provider]}", claim)

    def nearly_done(self, start: datetime, anchor: datetime) -> tuple[Letter, ...]:
        """Calm to the end."""
        subject = "Coolant exchange in the secondary loop, rows A to C (HC-2026-0958)"
        return (
            self._says(
                start - timedelta(days=12, hours=2),
                subject,
                "Good morning,\n\nwe exchange the coolant of the secondary loop in hall 1. 60 racks are affected, 240"
                " nodes. We take them from Friday to Tuesday, during the day, and expect the last one back on"
                " Wednesday the 18th at 20:00.\n\nThe list is in the portal.",
                start + timedelta(hours=132),
            ),
            self._says(
                start + timedelta(hours=1, minutes=20),
                f"Re: {subject}",
                "Hei,\n\nwe have started. The first racks are drained and the pump is quieter than we feared.",
            ),
            self._says(
                anchor - timedelta(hours=2, minutes=41),
                f"Re: {subject}",
                "Hello all,\n\na dozen nodes are left, in a few racks whose flow sensors still show air. We"
                " vent those"
                " once more before they get power. We hold on to 20:00 tonight, Oslo time.\n\nPlease ignore"
                " the old state in the portal"
                " export, it has not run since this morning.",
                start + timedelta(hours=132),
                author=1,
            ),
        )

    def stuck(self, start: datetime) -> tuple[Letter, ...]:
        """Confident, then silent."""
        subject = "KM91602 leaf switches phx-1 row A"
        return (
            self._says(
                start - timedelta(days=9, hours=15),
                subject,
                "Folks,\n\nwe swap the leaf switches behind row A in Phoenix and exchange weak optics while"
                " we are there."
                ' 120 nodes, 15 racks. Done Wednesday end of day, "worst case" midnight UTC.',
                start + timedelta(hours=66),
            ),
            self._says(
                start + timedelta(hours=22, minutes=14),
                f"Re: {subject}",
                "Hey team,\n\nalmost through. One leaf in the last rack takes the new image but does not bring up its"
                " uplinks, Becca's crew is looking at it. You should have everything back well before the deadline.",
            ),
        )

    def late(self, end: datetime, anchor: datetime) -> tuple[Letter, ...]:
        """The promise moves twice."""
        subject = "[NMB-CHG-46204] Firmware 2.14 on H100 trays, wave 2 of 3"
        return (
            self._says(
                end - timedelta(days=16, hours=17),
                subject,
                "Hi all,\n\nwave 2 of the 2.14 programme covers 320 nodes in rows A to D. We take up to a"
                " third at once."
                " Start is Tuesday 17 November, 12:00 UTC, planned end Wednesday 01:00 UTC.\n\nWave 1 went"
                " well, so we keep the same"
                " procedure.",
                end,
            ),
            self._says(
                end - timedelta(hours=12, minutes=36),
                f"Started: {subject}",
                "Hi team,\n\nwe have the first trays. Expected end is unchanged.",
                end,
            ),
            self._says(
                end - timedelta(hours=6, minutes=25),
                f"Delay: {subject}",
                "Hello,\n\nwe are behind. About one tray in eight comes up on the recovery image and has to"
                " be flashed a"
                " second time, which we did not see in wave 1. Our new estimate for the last node is"
                " Wednesday, 13:00 UTC.",
                end + timedelta(hours=12),
            ),
            self._says(
                anchor - timedelta(hours=5, minutes=12),
                f"Further delay: {subject}",
                "Hello,\n\nthe estimate of 13:00 UTC will not hold, and I am sorry that you hear this so"
                " late. The second"
                " flash has to be done from the console, one tray at a time, and the crew we had hoped for tonight is"
                " not available. We now expect the last node on Thursday, 09:00 UTC. I have asked for this to"
                ' be a "P1"'
                " on our side.\n\nWave 3 moves accordingly, a separate note follows.",
                end + timedelta(hours=32),
                author=1,
            ),
        )

    def failing(self, start: datetime, anchor: datetime) -> tuple[Letter, ...]:
        """Franker by the day."""
        subject = "SDC-C-12740: B200 module swap, lot 2631"
        end = start + timedelta(days=4, hours=9)
        return (
            self._says(
                start - timedelta(days=17, hours=4),
                subject,
                "Dear colleagues,\n\nthe manufacturer has recalled modules of lot 2631. Ten of your twelve racks in"
                " London carry them, 180 nodes. We swap on working days from 07:00 to 16:00 and plan to be"
                " done on Friday"
                " the 20th, 16:00.",
                end,
            ),
            self._says(
                start + timedelta(days=1, hours=1),
                f"Re: {subject}",
                "Hello,\n\nfirst racks are done. A few of the new modules fail your burn-in, which should not"
                " happen with"
                " parts straight from the factory. We have started to test them on the bench first.",
                author=1,
            ),
            self._says(
                anchor - timedelta(hours=3, minutes=48),
                f"Re: {subject}",
                "Hello,\n\nwhere we stand: nine boards wait for replacement modules, and two nodes cannot be"
                " saved, since"
                " the baseboard was damaged when the old module came off. We will take those two off the"
                " contract.\n\n"
                "The remaining racks are on plan. Replacements for the nine are promised for Friday, but I would not"
                " bet on it.",
                end,
                author=1,
            ),
        )

    def without_nodes(self, start: datetime, end: datetime, anchor: datetime) -> tuple[Letter, ...]:
        """All there is to know."""
        subject = "Planned Work OC/26/641: UPS battery exchange, row A"
        return (
            self._says(
                start - timedelta(days=14, hours=6),
                subject,
                "Dear team,\n\nplease be informed that the batteries of UPS 2 will be exchanged on 18"
                " November, 17:00 to"
                " 09:00 the next day (Singapore). Sixteen racks, 128 nodes, will be without power. We regret that we"
                " cannot report per node; we will write after each string.",
                end,
            ),
            self._says(
                start + timedelta(minutes=2),
                f"Re: {subject}",
                "Dear all,\n\nwork has begun. String 1 of 4 is isolated, row A is switched off.",
            ),
            self._says(
                anchor - timedelta(minutes=21, seconds=15),
                f"Re: {subject}",
                "Dear all,\n\nstrings 1 and 2 are exchanged and charged, string 3 has been opened. We are on"
                " time, so far,"
                " and keep to 09:00 tomorrow, Singapore time.",
                end,
                author=1,
            ),
        )

    def moved(self, starts: Sequence[datetime], anchor: datetime) -> tuple[Letter, ...]:
        """Two excuses."""
        subject = "[NMB-CHG-46205] Firmware 2.14 on H100 trays, wave 3 of 3"
        length = timedelta(hours=14)
        return (
            self._says(
                anchor - timedelta(days=14, hours=4),
                subject,
                "Hi all,\n\nthe last wave: 80 nodes in row F, Thursday 19 November, 13:00 UTC, for fourteen hours.",
                starts[0] + length,
            ),
            self._says(
                anchor - timedelta(days=1, hours=16),
                f"New window: {subject}",
                "Hi team,\n\nwave 2 runs late and needs the same crew, so we move wave 3 to Saturday, 14:00 UTC.",
                starts[1] + length,
            ),
            self._says(
                anchor - timedelta(hours=5, minutes=57),
                f"New window: {subject}",
                "Hello,\n\none more move, to Monday 23 November, 13:00 UTC. Your hardware team asked us not"
                " to touch wave 3"
                ' before wave 2 "has been back for three days", which is fair.',
                starts[2] + length,
                author=1,
            ),
        )

    def clash_network(self, start: datetime, anchor: datetime) -> tuple[Letter, ...]:
        """A plain confirmation."""
        subject = "[NMB-CHG-46377] Network OS 5.13 on leaf switches, row A"
        return (
            self._says(
                anchor - timedelta(hours=20),
                subject,
                "Hi all,\n\nconfirmed for Tuesday, 24 November, 06:00 UTC. We take four racks at a time, and"
                " each is without"
                " network for three to four hours. 24 hours in total.",
                start + timedelta(days=1),
            ),
        )

    def clash_power(self, start: datetime, anchor: datetime) -> tuple[Letter, ...]:
        """Not minded to move."""
        subject = "KM91744 PDU replacement dfw-1, rows A and B"
        return (
            self._says(
                anchor - timedelta(days=10, hours=3),
                subject,
                "Folks,\n\nthirty racks in Dallas get new PDUs, starting Tuesday the 24th at 8 in the"
                " morning, local time."
                " 120 nodes, two days with a break at night.",
                start + timedelta(hours=30),
            ),
            self._says(
                anchor - timedelta(minutes=52),
                f"Re: {subject}",
                "Hey,\n\ngot your question about waiting until Thursday because of the other provider. Thursday is"
                " Thanksgiving, so no. I will ask whether row B can go the week after, answer by tomorrow.",
            ),
        )

    def proposed(self, start: datetime, anchor: datetime) -> tuple[Letter, ...]:
        """A first word."""
        return (
            self._says(
                anchor - timedelta(days=1, hours=5),
                "Proposal: host OS security patch, December bundle (HC-2026-0991)",
                "Hei,\n\nwe would like to patch 160 hosts in Stockholm from Monday, 30 November, 08:00. Is"
                " that possible for"
                " you? If not, the week after is open, except the 8th.\n\nEach host restarts once, about an hour.",
                start + timedelta(hours=30),
            ),
        )

    def deferred(self, start: datetime, anchor: datetime) -> tuple[Letter, ...]:
        """A withdrawal."""
        subject = "SDC-C-12791: NIC firmware 28.45 on H100 nodes, row A"
        return (
            self._says(
                anchor - timedelta(days=13, hours=4),
                subject,
                "Hello,\n\n72 nodes in Frankfurt, from 26 November, 07:00 London time. Five minutes without"
                " network per"
                " node, if all goes well; we reckon with an hour.",
                start + timedelta(hours=33),
            ),
            self._says(
                anchor - timedelta(days=2, hours=6),
                f"Deferred: {subject}",
                "Hello,\n\nthe vendor has pulled 28.45 after a customer lost links under heavy congestion. We"
                " defer the"
                " change. A new date will not be before 4 December.",
                author=1,
            ),
        )

    def plain(self, start: datetime, anchor: datetime) -> tuple[Letter, ...]:
        """Nothing to worry about."""
        return (
            self._says(
                anchor - timedelta(days=9, hours=15),
                "[NMB-CHG-46410] CDU filter change, loop 2",
                "Hi team,\n\nyearly filter change in Dublin, Friday 27 November, 18:00 UTC. Four racks, two"
                " at a time, and"
                " we are usually quicker than the eighteen hours we ask for.",
                start + timedelta(hours=18),
            ),
        )
