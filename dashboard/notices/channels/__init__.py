"""Where a message can be sent to; a type is a module and a line here."""

CHANNELS = {
    "slack": "dashboard.notices.channels.chat:Slack",
    "webhook": "dashboard.notices.channels.webhook:Webhook",
    "email": "dashboard.notices.channels.mail:Mail",
    "teams": "dashboard.notices.channels.apprised:Teams",
    "pagerduty": "dashboard.notices.channels.apprised:PagerDuty",
    "apprise": "dashboard.notices.channels.apprised:Apprised",
}
"""The word in the configuration, and what it names; imported when it is configured."""
