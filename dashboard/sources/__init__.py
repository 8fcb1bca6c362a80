"""Where facts come from: one module a source. Each type that a configuration may name, and the class that reads it."""

SOURCES = {
    "dataset": "dashboard.sources.directory:Directory",
    "json": "dashboard.sources.json_api:JsonApi",
    "sql": "dashboard.sources.sql:Sql",
    "statuspage": "dashboard.sources.statuspage:Statuspage",
    "kubernetes": "dashboard.sources.kubernetes:Kubernetes",
    "gcp": "dashboard.sources.gcp:Gcp",
    "azure_scheduled_events": "dashboard.sources.azure:ScheduledEvents",
}
"""Imported when configured: nobody waits for a provider's library that is not used."""
