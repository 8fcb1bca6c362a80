"""Viewers of a Streamlit page, as the server sees them: each keeps a session open and now and then asks for a rerun.

What the browser loads once and keeps (Streamlit's own scripts, the typeface) is not counted, nor is what a table
fetches while it is scrolled. What the server has sent before and a browser keeps is told to it, as a browser does.
"""

import asyncio
import time
from dataclasses import dataclass, field
from statistics import median

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

PATIENCE_SECONDS = 120
STAGGER_SECONDS = 0.05
THINK_SECONDS = 1.0
WARM_UP = 1  # reruns by each viewer that are not counted


@dataclass(frozen=True, slots=True)
class Answer:
    """A page as it arrived."""

    seconds: float
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """What all viewers together saw."""

    first: list[Answer]
    again: list[Answer]
    beats: list[Answer] = field(default_factory=list)  # what the page asks by itself, every few seconds

    @property
    def p50_ms(self) -> float:
        """The median of the reruns."""
        return self.percentile_ms(0.5)

    @property
    def p95_ms(self) -> float:
        """What one rerun in twenty takes longer than."""
        return self.percentile_ms(0.95)

    def percentile_ms(self, part: float) -> float:
        """The time of a rerun that `part` of them do not exceed."""
        ordered = sorted(each.seconds for each in self.again)
        return 1000 * ordered[min(int(part * len(ordered)), len(ordered) - 1)]

    @property
    def first_ms(self) -> float:
        """The median of the first loads."""
        return 1000 * median(each.seconds for each in self.first)

    @property
    def first_kib(self) -> float:
        """What a first load brings."""
        return median(each.size for each in self.first) / 1024

    @property
    def again_kib(self) -> float:
        """What a rerun brings where nothing changed."""
        return median(each.size for each in self.again) / 1024

    @property
    def beat_kib(self) -> float:
        """What a beat brings where nothing changed; 0 of a page that has none."""
        return median([each.size for each in self.beats] or [0]) / 1024


@dataclass
class Viewer:
    """One browser tab."""

    connection: ClientConnection
    page: str = ""  # '' is the first
    query: str = ""
    kept: set[str] = field(default_factory=set)
    beating: str = ""  # the fragment that the page asked to be run again and again

    async def beat(self) -> Answer | None:
        """Runs that fragment; None where there is none."""
        return await self.ask(self.beating) if self.beating else None

    async def ask(self, fragment: str = "") -> Answer:
        """Asks for the page and waits until all of it is there. Raises RuntimeError where the page failed."""
        request = BackMsg()
        request.rerun_script.query_string = self.query
        request.rerun_script.page_name = self.page
        request.rerun_script.fragment_id = fragment
        request.rerun_script.is_auto_rerun = bool(fragment)
        request.rerun_script.context_info.timezone = "Europe/Berlin"
        request.rerun_script.context_info.locale = "en-GB"
        request.rerun_script.cached_message_hashes.extend(sorted(self.kept))
        began, size = time.perf_counter(), 0
        await self.connection.send(request.SerializeToString())
        while True:
            raw = await asyncio.wait_for(self.connection.recv(decode=False), PATIENCE_SECONDS)
            size += len(raw)
            message = ForwardMsg()
            message.ParseFromString(raw)
            if message.metadata.cacheable and message.hash:
                self.kept.add(message.hash)
            if message.WhichOneof("type") == "auto_rerun":
                self.beating = message.auto_rerun.fragment_id
            if _is_over(message):
                return Answer(time.perf_counter() - began, size)


def _is_over(message: ForwardMsg) -> bool:
    kind = message.WhichOneof("type")
    if kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
        raise RuntimeError(f"the page failed: {message.delta.new_element.exception.message}")
    if kind == "page_not_found":
        raise RuntimeError("the server does not know the page")
    if kind != "script_finished":
        return False
    if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
        raise RuntimeError("the page does not compile")
    return message.script_finished in (
        ForwardMsg.FINISHED_SUCCESSFULLY,
        ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
    )


def look(port: int, viewers: int, reruns: int, page: str = "", query: str = "") -> Seen:
    """Opens a page so many times at once, and each time asks again `reruns` times, and once lets it beat."""
    return asyncio.run(_look(port, viewers, reruns, page, query))


async def _look(port: int, viewers: int, reruns: int, page: str, query: str) -> Seen:
    return together(
        await asyncio.gather(*(_visit(port, i * STAGGER_SECONDS, reruns, page, query) for i in range(viewers)))
    )


def together(visits: list[Seen]) -> Seen:
    """What several visitors saw."""
    return Seen(*([one for each in visits for one in getattr(each, name)] for name in ("first", "again", "beats")))


async def _visit(port: int, wait: float, reruns: int, page: str, query: str) -> Seen:
    await asyncio.sleep(wait)
    async with connected(port) as connection:
        viewer, answers = Viewer(connection, page, query), []
        for _ in range(1 + WARM_UP + reruns):
            answers.append(await viewer.ask())
            await asyncio.sleep(THINK_SECONDS)
        beat = await viewer.beat()
        return Seen(answers[:1], answers[1 + WARM_UP :], [beat] if beat else [])


def connected(port: int, cookie: str = "") -> websockets.connect:
    """A session, uncompressed, so that what is counted is what the page says."""
    return websockets.connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        additional_headers={"Cookie": cookie} if cookie else {},
        max_size=None,
        compression=None,
        open_timeout=PATIENCE_SECONDS,
    )
