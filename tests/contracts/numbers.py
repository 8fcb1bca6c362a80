"""What the log comes to at an instant, in SQL on the facts alone: nothing derived, and none of the product's code."""

from typing import Any

from sqlalchemy import Connection, text

STANDING = """
WITH told AS (
  SELECT maintenance_id, node_id, stage,
    ROW_NUMBER() OVER (PARTITION BY maintenance_id, node_id ORDER BY occurred_at DESC, CASE stage
      WHEN 'scheduled' THEN 0 WHEN 'cordoned' THEN 1 WHEN 'drained' THEN 2 WHEN 'in_maintenance' THEN 3
      WHEN 'returned' THEN 4 WHEN 'validating' THEN 5 WHEN 'repairing' THEN 6 WHEN 'in_service' THEN 7
      WHEN 'removed' THEN 8 END DESC) AS newest
  FROM node_transitions WHERE recorded_at <= :at
),
named AS (
  SELECT maintenance_id, node_id, removed,
    ROW_NUMBER() OVER (PARTITION BY maintenance_id, node_id ORDER BY recorded_at DESC) AS newest
  FROM maintenance_nodes WHERE recorded_at <= :at
),
words AS (
  SELECT maintenance_id, status, recorded_at,
    ROW_NUMBER() OVER (PARTITION BY maintenance_id ORDER BY recorded_at DESC, digest DESC) AS newest,
    LAG(status) OVER (PARTITION BY maintenance_id ORDER BY recorded_at, digest) AS before
  FROM maintenance_updates WHERE recorded_at <= :at AND status <> ''
),
said AS (
  SELECT maintenance_id, MAX(CASE WHEN newest = 1 THEN status END) AS status,
    MAX(CASE WHEN before IS NULL OR before <> status THEN recorded_at END) AS since
  FROM words GROUP BY maintenance_id
),
member AS (
  SELECT maintenance_id, node_id FROM named WHERE newest = 1 AND NOT removed
  UNION SELECT maintenance_id, node_id FROM told
),
standing AS (
  SELECT member.maintenance_id, member.node_id, nodes.gpus, nodes.cluster_id, said.status, said.since,
    CASE WHEN member.maintenance_id IN (SELECT maintenance_id FROM told) THEN COALESCE(told.stage, 'scheduled')
      WHEN said.status = 'in_progress' THEN 'in_maintenance' WHEN said.status = 'recovering' THEN 'returned'
      WHEN said.status = 'completed' THEN 'in_service' ELSE 'scheduled' END AS stage
  FROM member JOIN nodes ON nodes.node_id = member.node_id
  LEFT JOIN told ON told.maintenance_id = member.maintenance_id AND told.node_id = member.node_id AND told.newest = 1
  LEFT JOIN said ON said.maintenance_id = member.maintenance_id
),
away AS (
  SELECT *, stage NOT IN ('scheduled', 'in_service', 'removed') AS is_out FROM standing
),
whole AS (
  SELECT maintenance_id, MAX(since) AS since, COUNT(*) AS nodes, SUM(gpus) AS gpus,
    SUM(CASE WHEN is_out THEN gpus ELSE 0 END) AS gpus_out,
    SUM(CASE WHEN stage = 'in_service' THEN gpus ELSE 0 END) AS returned,
    SUM(CASE WHEN stage = 'removed' THEN gpus ELSE 0 END) AS lost,
    CASE WHEN MAX(status) IN ('completed', 'cancelled') AND MAX(is_out) THEN 'recovering'
      WHEN MAX(status) IN ('proposed', 'scheduled', 'confirmed', 'deferred') AND MAX(is_out) THEN 'in_progress'
      ELSE MAX(status) END AS status
  FROM away GROUP BY maintenance_id
)
"""
"""`away`: a row a node in a maintenance, and whether it is out; `whole`: a row a maintenance."""

OUT = "SELECT COALESCE(SUM(gpus), 0) FROM (SELECT DISTINCT node_id, gpus FROM away WHERE is_out) AS once"
LOST = """
SELECT COALESCE(SUM(gpus), 0) FROM (SELECT DISTINCT node_id, gpus FROM away WHERE stage = 'removed'
  AND node_id NOT IN (SELECT node_id FROM away WHERE is_out)) AS once
"""
CLUSTERS = """
SELECT cluster_id, SUM(gpus) FROM (SELECT DISTINCT node_id, gpus, cluster_id FROM away WHERE is_out) AS once
GROUP BY cluster_id
"""
OPEN = "status NOT IN ('completed', 'cancelled')"
SHOWN = f"({OPEN} OR since >= :at - 14 * 86400000000)"


class Numbers:
    """The answers of SQL at one instant, microseconds since 1970."""

    def __init__(self, connection: Connection, at: int) -> None:
        self.connection, self.at = connection, at

    def one(self, query: str) -> int:
        """A number."""
        return int(self._rows(query).scalar() or 0)

    def by(self, query: str) -> dict[str, Any]:
        """The second column by the first."""
        return {row[0]: row[1] for row in self._rows(query)}

    def all(self, query: str) -> list[tuple[Any, ...]]:
        """The rows."""
        return [tuple(row) for row in self._rows(query)]

    def _rows(self, query: str) -> Any:
        return self.connection.execute(text(STANDING + query), {"at": self.at} if ":at" in STANDING + query else {})


LATE = """
SELECT COUNT(*) FROM whole LEFT JOIN (
  SELECT maintenance_id, planned_end, MIN(recorded_at) OVER (PARTITION BY maintenance_id, planned_end) AS planned_at,
    ROW_NUMBER() OVER (PARTITION BY maintenance_id ORDER BY recorded_at DESC, digest DESC) AS newest
  FROM maintenance_updates WHERE recorded_at <= :at AND planned_end IS NOT NULL
) AS plan ON plan.maintenance_id = whole.maintenance_id AND plan.newest = 1 LEFT JOIN (
  SELECT maintenance_id, claimed_end, received_at,
    ROW_NUMBER() OVER (PARTITION BY maintenance_id ORDER BY received_at DESC) AS newest
  FROM provider_messages WHERE received_at <= :at AND claimed_end IS NOT NULL
) AS claim ON claim.maintenance_id = whole.maintenance_id AND claim.newest = 1
WHERE whole.status IN ('in_progress', 'recovering') AND (plan.planned_end < :at
  OR (claim.claimed_end < :at AND claim.received_at > COALESCE(plan.planned_at, 0)))
"""
"""Running past the planned end, or past an end that was claimed since."""

CASES = """
SELECT COUNT(*) FROM (
  SELECT case_id, status, ROW_NUMBER() OVER (PARTITION BY case_id ORDER BY recorded_at DESC, digest DESC) AS newest
  FROM support_cases WHERE recorded_at <= :at AND status <> ''
) AS told WHERE newest = 1 AND status NOT IN ('resolved', 'closed')
"""
ENTERED = """
SELECT COUNT(*) FROM node_transitions
WHERE recorded_at <= :at AND occurred_at > :at - 3600000000
"""
"""Stages that nodes entered in the last hour, all of them changes."""
