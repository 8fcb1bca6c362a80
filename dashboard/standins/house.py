"""The stand-ins on loopback, in threads of their own, and the configuration that collects from them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.model.stages import OUT, Stage
from dashboard.standins import wires
from dashboard.standins.play import Play

INTERVAL = "5s"
START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Roles:
    """Who tells what: a provider by its Statuspage, a cluster by its Kubernetes; the rest by the usual interfaces."""

    portals: tuple[str, ...]  # providers
    statuspage: str
    kubernetes: str


def roles(play: Play) -> Roles:
    """Kubernetes tells of the cluster with the most nodes out; the provider with the fewest keeps a Statuspage too."""
    out = [node for node in play.nodes.values() if node.stage in OUT]
    clusters = sorted({node.cluster_id for node in out}, key=lambda c: -sum(node.cluster_id == c for node in out))
    last = next((plan.provider_id for plan in play.plans.values() if clusters and plan.cluster_id == clusters[-1]), "")
    return Roles(tuple(sorted(play.portals)), last, clusters[0] if clusters else "")


@contextmanager
def standing_in(play: Play, clock: Callable[[], datetime]) -> Iterator[str]:
    """Serves the play on a free port of loopback; gives the address."""
    # Their clock is the play's: a test may play another day.
    quiet = uvicorn.Config(stage_door(play, clock), host="127.0.0.1", port=0, log_level="error", date_header=False)
    server = uvicorn.Server(quiet)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = threading.Event()
    for _ in range(int(START_SECONDS / 0.05)):
        if server.started:
            break
        until.wait(0.05)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=START_SECONDS)


def stage_door(play: Play, clock: Callable[[], datetime]) -> Starlette:
    """The interfaces. The play begins when somebody first looks, so that nothing of it is missed, and goes on then."""
    lock, cast = threading.Lock(), roles(play)
    behind: list[timedelta] = []

    def told(answer: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Response]:
        def reply(request: Request) -> Response:
            with lock:
                if not behind:
                    behind.append(clock() - play.at)
                play.until(clock() - behind[0])
                return JSONResponse(answer(request), headers={"date": format_datetime(clock(), usegmt=True)})

        return reply

    def since(request: Request) -> str:
        return request.query_params.get("since", "")

    def heard(_request: Request) -> Response:
        return JSONResponse({"ok": True})

    return Starlette(
        routes=[
            Route("/chat", heard, methods=["POST"]),
            Route(
                "/fleet/moves",
                told(lambda r: wires.moves(play, since(r), ours=True, without=[cast.kubernetes])),
            ),
            Route(
                "/{provider}/moves",
                told(lambda r: wires.moves(play, since(r), ours=False, provider=r.path_params["provider"],
                                           without=[cast.kubernetes])),
            ),
            Route("/{provider}/changes", told(lambda r: wires.changes(play, r.path_params["provider"]))),
            Route(
                "/{provider}/api/v2/scheduled-maintenances.json",
                told(lambda r: wires.scheduled_maintenances(play, r.path_params["provider"])),
            ),
            Route(
                "/{cluster}/api/v1/nodes",
                told(lambda r: wires.node_list(
                    play,
                    r.path_params["cluster"],
                    int(r.query_params.get("limit", "500")),
                    int(r.query_params.get("continue", "0")),
                )),
            ),
        ]
    )  # fmt: skip


def notices(app: str, secret_env: str, chat_env: str) -> str:
    """The TOML that tells everybody by the chat that is played; these variables hold its address and the secret."""
    audiences = "".join(
        f'[[notices.audiences]]\nname = "{each}"\nfor = "{each}"\nchannels = ["chat"]\n'
        for each in ("teams", "schedulers", "clusters")
    )
    head = f'[notices]\nbase_url = "{app}"\nsecret_env = "{secret_env}"\n'
    return f'{head}[[notices.channels]]\nname = "chat"\ntype = "slack"\nurl_env = "{chat_env}"\n{audiences}'


def configuration(play: Play, url: str) -> str:
    """The TOML that collects from all of them."""
    cast, names = roles(play), play.portals
    moves = _moves("fleet", f"{url}/fleet/moves")
    portals = [_moves(names[each], f"{url}/{each}/moves") for each in cast.portals]
    changes = [_changes(f"{names[each]}-changes", f"{url}/{each}/changes") for each in cast.portals]
    parts = [moves, *portals, *changes]
    if cast.statuspage:
        parts.append(_statuspage(cast.statuspage, f"{url}/{cast.statuspage}", play))
    if cast.kubernetes:
        parts.append(_kubernetes(cast.kubernetes, f"{url}/{cast.kubernetes}"))
    return "\n".join(parts)


def _head(name: str, kind: str, url: str) -> str:
    return f'[[sources]]\nname = "{name}"\ntype = "{kind}"\nurl = "{url}"\ninterval = "{INTERVAL}"\n'


def _moves(name: str, url: str) -> str:
    return (
        _head(name, "json", url)
        + 'records = "moves"\nsince_param = "since"\nsince_field = "at"\n'
        + "[sources.facts.node_transitions]\n"
        + 'maintenance_id = "change"\nnode_id = "host"\nstage = "state"\noccurred_at = "at"\n'
    )


def _changes(name: str, url: str) -> str:
    return (
        _head(name, "json", url)
        + 'records = "changes"\n[sources.facts.maintenance_updates]\n'
        + 'maintenance_id = "change"\nstatus = "state"\nrecorded_at = "at"\n'
    )


def _statuspage(provider: str, url: str, play: Play) -> str:
    clusters = sorted({plan.cluster_id for plan in play.plans.values() if plan.provider_id == provider})
    components = ", ".join(f'"{each}" = "{each}"' for each in clusters if each)
    return (
        _head(f"{provider}-status", "statuspage", url) + f'provider = "{provider}"\ncomponents = {{ {components} }}\n'
    )


def _kubernetes(cluster: str, url: str) -> str:
    taints = ", ".join(f'"{wires.PHASE}={stage}" = "{stage}"' for stage in Stage if stage in OUT)
    return (
        _head(cluster, "kubernetes", url)
        + f'cluster = "{cluster}"\nrack_label = "{wires.RACK}"\nteam_label = "{wires.TEAM}"\n'
        + f'maintenance_label = "{wires.MAINTENANCE}"\ntaints = {{ {taints} }}\ngone = "{Stage.REMOVED}"\n'
    )
