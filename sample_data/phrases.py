"""The words of people at providers: how they greet, sign, announce, apologise and close."""

GREETINGS = {
    "nimbus": ("Hi all,", "Hi team,", "Hello,"),
    "halden": ("Hei,", "Good morning,", "Hello all,"),
    "kestrel": ("Folks,", "Hey team,", "Morning all,"),
    "orrery": ("Dear team,", "Dear all,", "Good day,"),
    "southmere": ("Hello,", "Afternoon all,", "Dear colleagues,"),
}

CLOSINGS = {
    "nimbus": "Nimbus Cloud Maintenance",
    "halden": "Halden Compute, drift",
    "kestrel": "Kestrel Metal NOC",
    "orrery": "Orrery Compute Service Desk",
    "southmere": "Southmere Data Change Control",
}

WORK = {
    "firmware": (
        "we will update the baseboard, GPU and switch tray firmware",
        "the new image fixes the link flaps we have seen since the summer, and it needs a cold start of every tray",
        "each tray is flashed twice, because the recovery image is replaced as well",
    ),
    "security_patch": (
        "we will patch the host operating system and restart every host",
        "the patch closes the kernel issue in this month's bulletin, which is rated high",
        "each host restarts once; local scratch disks are kept",
    ),
    "power": (
        "we will replace worn parts of the power feed and the racks will be dark while we do",
        "the utility asked for the work, so the hours are less flexible than usual",
        'both feeds are touched one after the other; please do not count on "N+1" meanwhile',
    ),
    "network": (
        "we will replace leaf switches and re-terminate the fibres behind them",
        "traffic of a rack stops while its leaf is swapped, so we take racks as a whole",
        "optics that show a weak signal are exchanged in the same visit",
    ),
    "hardware_refresh": (
        "we will swap parts that the manufacturer has recalled",
        "technicians open every chassis, so expect several hours a node",
        "modules are tested on the bench before they go back in, which takes most of the time",
    ),
    "cooling": (
        "we will service the cooling loop and drain the coolant of whole racks",
        "flow sensors are calibrated afterwards, and a rack is only powered again once its flow has been stable",
        "cold plates are inspected while the loop is open",
    ),
}

ANNOUNCED = (
    "On {start} {work}. {count} nodes of {cluster} are affected ({rows}), the list is attached to change {reference}."
    " We plan to be done by {end}.",
    "This is to let you know that from {start} {work}. It concerns {count} nodes in {cluster}, {rows}."
    " Planned end: {end}. Please tell us within five working days if the window hurts you.",
    "Change {reference} is now in our calendar. In short, {work}; {count} nodes, {rows}, {start} to {end}.",
)

REMINDED = (
    "A reminder that {reference} begins {start}. {count} nodes, as announced. Please have them drained or tell us which"
    " ones to leave for last.",
    "Tomorrow's work on {cluster} is confirmed. {detail_cap}. We start at {start} and expect the last node back by"
    " {end}.",
    "All parts are on site and the crew is booked, so we go ahead on {start}. Nothing has changed in scope.",
)

STARTED = (
    "We have started on {cluster}. The first racks are with us, and {detail}.",
    "Work under {reference} has begun. Current expectation is {end}, we will write again if that moves.",
    "Started on time. Our lead on the floor today is {lead}; for anything urgent, call the desk and quote {reference}.",
)

SLIPPED = (
    "We are slower than planned: {reason}. The new estimate is {claim}, and we will confirm it before the day is over.",
    "An honest update, as promised. {reason_cap}. We now expect the last nodes back by {claim}.",
    "{reason_cap}, so {end} will not hold. Our best estimate is {claim}. Sorry about the short notice.",
)

SLIPPED_AGAIN = (
    "We have to move the estimate again, to {claim}. {reason_cap}. A second crew joins tonight.",
    "This is taking longer than we told you. {reason_cap}. Please plan with {claim}.",
    "New estimate: {claim}. {reason_cap}, and we did not see it coming when we last wrote. The service manager is"
    " copied.",
)

REASONS = {
    "firmware": (
        "about one tray in ten needs a second flash",
        "the recovery image takes forty minutes longer than in the lab",
        "a handful of controllers came up with the wrong clock and had to be reset by hand",
    ),
    "security_patch": (
        "the restart hangs on hosts with the older boot loader",
        "the package mirror was slow, and hosts queued for it",
        'one group of hosts came back as "unknown" in our inventory and had to be matched by hand',
    ),
    "power": (
        "two breakers failed their test and had to be replaced",
        "the electrician's permit came three hours late",
        "after re-energising we found a loose busbar joint, and we will not close up before it is fixed",
    ),
    "network": (
        "several fibres were labelled wrongly, so we trace each one before we move it",
        "the new leaf switches needed another software version than the one they shipped with",
        "a batch of optics was dead on arrival, spares come from the next site",
    ),
    "hardware_refresh": (
        "the bench has a queue, since more modules fail the memory test than we reckoned with",
        "a pallet of parts is held at customs",
        "screws on the older chassis are seized, and each one costs us half an hour",
    ),
    "cooling": (
        "the loop takes longer to vent than planned",
        "one quick coupling leaked and we replace all of that lot, to be safe",
        "flow stayed unstable after the refill, so we drain and fill once more",
    ),
}

DONE = (
    "{reference} is finished on our side. All {count} nodes were handed back, the last at {last}. Thank you for your"
    " patience.",
    "We are done. Should any node misbehave within 72 hours, open a case with {reference} in the subject, and it is"
    " treated as part of this change.",
    "Work on {cluster} is complete, and monitoring has been re-enabled. A short report follows next week.",
)

MOVED = (
    "We need to move {reference}: the new window is {start} to {end}. The crew is needed elsewhere on the old date."
    " Sorry for the trouble.",
    "Following your request, {reference} was moved to {start}. Planned end is now {end}.",
    "The parts for {reference} arrive later than promised, so we start on {start} instead. Duration is unchanged.",
)

CANCELLED = (
    "{reference} is cancelled. The manufacturer has withdrawn the notice that made it necessary.",
    "Please disregard change {reference}: we found a way to do this without taking nodes from you.",
    "We cancel {reference}; it will be part of a larger change next quarter, which we will announce separately.",
)

DEFERRED = (
    "{reference} is deferred until further notice. The vendor has pulled the release after a report from another site.",
    "On your request we have put {reference} on hold. A new window will be proposed within three weeks.",
)

NOTES = {
    "proposed": ("seen in the provider's calendar", "", "early notice, dates may move", ""),
    "scheduled": ("", "node list attached", "accepted by fleet operations", ""),
    "confirmed": ("", "go/no-go call held, go", "parts on site, crew booked", "confirmed by the desk"),
    "in_progress": ("", "first nodes handed over", ""),
    "recovering": ("provider reports done, burn-in still running", "", "last rack handed back"),
    "completed": ("", "closed", "closed, report to follow", ""),
    "moved": (
        "moved: crew not available",
        "moved at our request, a large run ends that day",
        "moved, parts late",
        'moved: "weather", says the desk',
    ),
    "cancelled": ("cancelled by the provider", "no longer needed"),
    "deferred": ("deferred, vendor pulled the release", "on hold at our request, evaluation week"),
    "extended": ("planned end moved by the provider", "extended, see message", "extended"),
}

CASE_OPENED = (
    "burn-in: GPU {gpu} drops off the bus under load",
    "burn-in: uncorrectable memory errors on GPU {gpu}",
    "link to switch tray trains at half width, port {gpu}",
    "node does not come up after the restart, no console",
    "NIC {gpu} flaps, more than 40 link changes an hour",
    'health check: "power brake" asserted on GPU {gpu}, clocks stay low',
    "GPU {gpu} is 14 degrees hotter than its neighbours",
    "PCIe replays on slot {gpu}, bandwidth test 60 % of target",
)

CASE_TAKEN = (
    "technician assigned, logs requested",
    "provider sees the same fault, part ordered",
    "acknowledged, visit planned for the next shift",
    "reproduced on the bench",
)

CASE_SOLVED = (
    "module replaced, burn-in passed",
    "reseated and retested, no errors in 6 h",
    "cable replaced",
    "board swapped, serial number updated",
    "firmware reloaded, passes now",
)

GENERAL = (
    (
        "nimbus",
        "Change freeze in late December",
        "Hi all,\n\nas every year, we freeze planned changes from 18 December to 4 January. Urgent security work is"
        " exempt, and would be announced at least 72 hours ahead.\n\nPriya Raman\nNimbus Cloud Maintenance",
    ),
    (
        "halden",
        "Portal moves to new address format",
        "Hei,\n\nfrom next month the change portal groups hosts by hall. Exports keep their columns, but the hourly"
        " job may run a few minutes later than you are used to.\n\nMats Bergdal\nHalden Compute, drift",
    ),
    (
        "kestrel",
        "New desk hours",
        "Folks,\n\nthe maintenance desk in Dallas is now staffed around the clock, Monday to Friday. Weekends stay"
        ' "best effort", please call instead of mailing.\n\nBecca Stroud\nKestrel Metal NOC',
    ),
    (
        "orrery",
        "Lunar New Year",
        "Dear team,\n\nour offices are closed for the holidays. Planned work resumes in the following week, and the"
        " duty engineer can be reached by phone.\n\nMei Ling Tan\nOrrery Compute Service Desk",
    ),
    (
        "southmere",
        "How we count notice periods",
        "Hello,\n\nyou asked how we count. Notice runs from the moment the change is published in the feed, not from"
        " this mailbox, and weekends do count.\n\nOliver Penhale\nSouthmere Data Change Control",
    ),
    (
        "nimbus",
        "Firmware programme, autumn",
        "Hello,\n\na heads-up for planning: release 2.14 goes to all H100 trays in us-east before the freeze, in three"
        " waves. H200 follows in January, B200 is not affected.\n\nTom Ackerley\nNimbus Cloud Maintenance",
    ),
    (
        "halden",
        "Portal export",
        "Hei,\n\nwe are aware that the export job of the portal has not run since this morning. The portal itself is"
        " fine, only the export is stuck. We are on it, but cannot give you a time yet.\n\nMats Bergdal\nHalden"
        " Compute, drift",
    ),
)
"""Messages about no maintenance in particular: provider, subject, body."""
