"""Who is told what and when: the ladder, the outbox, the channels."""
