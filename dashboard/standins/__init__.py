"""Stand-ins for providers and the fleet: open maintenances played on from now, told in the wire formats of sources."""
