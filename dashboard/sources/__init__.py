"""Where facts come from: one module a source. Each type that a configuration may name, and the class that reads it."""

SOURCES = {
    "dataset": "dashboard.sources.directory:Directory",
    "json": "dashboard.sources.json_api:JsonApi",
    "sql": "dashboard.sources.sql:Sql",
    "kusto": "dashboard.sources.kusto:Kusto",
    "statuspage": "dashboard.sources.statuspage:Statuspage",
    "kubernetes": "dashboard.sources.kubernetes:Kubernetes",
    "slurm": "dashboard.sources.slurm:Slurm",
    "gcp": "dashboard.sources.gcp:Gcp",
    "gcp_reservations": "dashboard.sources.gcp_reservations:Reservations",
    "azure_scheduled_events": "dashboard.sources.azure:ScheduledEvents",
    "azure_service_health": "dashboard.sources.azure_service_health:ServiceHealth",
    "azure_maintenance": "dashboard.sources.azure_maintenance:Updates",
    "azure_support": "dashboard.sources.azure_support:Support",
    "aws_ec2_events": "dashboard.sources.aws_ec2:Ec2Events",
    "aws_health": "dashboard.sources.aws_health:Health",
    "aws_support": "dashboard.sources.aws_support:Support",
    "oci_maintenance": "dashboard.sources.oci:Maintenance",
    "oci_announcements": "dashboard.sources.oci_announcements:Announcements",
    "pagerduty": "dashboard.sources.pagerduty:PagerDuty",
    "mailbox": "dashboard.sources.mailbox:Mailbox",
    "webhook": "dashboard.sources.webhook:Webhook",
    "drop_folder": "dashboard.sources.drop_folder:DropFolder",
}
"""Imported when configured: nobody waits for a provider's library that is not used."""
