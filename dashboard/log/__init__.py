"""The append-only log with two clocks, and the tables that make now fast."""
