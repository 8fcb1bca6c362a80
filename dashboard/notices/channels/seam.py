"""What every channel is: options read from the configuration, and `send`, which ends in good time and says why not."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from dashboard.errors import DashboardError
from dashboard.options import Name, Span


class NotDelivered(DashboardError):
    """A message did not arrive; the words say why, what to change, and hold no secret.

    `lasting`: it will not arrive this way until somebody changes something.
    """

    def __init__(self, words: str, *, lasting: bool = False) -> None:
        super().__init__(words)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: one notice or several, to one audience. The same key is the same message, whenever it comes."""

    key: str
    sent_at: float  # seconds since 1970
    audience: str
    contact: str  # of the audience, as the directory has it; '' where it has none
    subject: str
    text: str
    link: str  # to acknowledge; '' where nobody need
    urgent: bool
    notices: tuple[dict[str, Any], ...]  # each as programs read it
    base: str = ""  # the app's address, '' where nobody told


class Channel(BaseModel):
    """Where messages go. A channel is its options; a new one is a subclass in a module of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    type: str = ""
    timeout: Span = 15.0  # seconds that one delivery may take, all of it

    @abstractmethod
    def send(self, message: Message) -> str:
        """Sends it, and returns what the other side said of it. Raises NotDelivered."""

    def unfit(self, contact: str) -> str:
        """Why nothing can be sent to such a contact, in words; '' where it can."""
        del contact
        return ""

    @abstractmethod
    def examine(self) -> str:
        """Asks the other side without sending anything; says in words what it found. Raises NotDelivered."""
