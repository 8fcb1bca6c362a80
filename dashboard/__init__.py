"""Maintenance of rented GPU fleets: what is out, when it is back, how sure that is, and who has the ball."""
