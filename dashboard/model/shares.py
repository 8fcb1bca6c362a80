"""What part of a node's GPUs is a team's."""

from collections.abc import Mapping


def share(allocated: Mapping[tuple[str, str], int], cluster: str, team: str, wanted: str) -> float:
    """What part of the GPUs in `cluster` on nodes that name `team` ('' for none) is of the team `wanted`, 0 to 1.

    By the node where it names a team, else pro rata to `allocated`: (cluster, team) -> GPUs.
    """
    if team:
        return float(team == wanted)
    given = sum(gpus for (where, _), gpus in allocated.items() if where == cluster)
    return allocated.get((cluster, wanted), 0) / given if given else 0.0
