"""How Oracle Cloud is asked: every request signed with a user's API key, every list read to its last page."""

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, model_validator
from requests import PreparedRequest
from requests.auth import AuthBase

from dashboard.errors import SourceRefused, SourceUnavailable
from dashboard.sources.address import Reached
from dashboard.sources.http import Client
from dashboard.sources.mapping import field_of
from dashboard.sources.seam import Secret, Standing

LIMIT = "100"


class Oci(Reached, Standing):
    """What every source at OCI takes."""

    host: ClassVar[str]

    region: str
    tenancy: str  # OCIDs, and the key's fingerprint, as a configuration file of OCI has them
    user: str
    fingerprint: str
    key: Secret  # PEM
    compartments: tuple[str, ...] = Field(min_length=1)
    provider: str = "oci"
    cluster: str = ""

    @model_validator(mode="before")
    @classmethod
    def _at_home(cls, told: Any) -> Any:
        """The region's own address, where none is given."""
        return (
            {"url": f"https://{cls.host}.{told.get('region')}.oraclecloud.com", **told}
            if isinstance(told, dict)
            else told
        )

    def credential(self) -> Secret | None:
        """The private key, which signs and is never sent."""
        return self.key

    def asking(self, now: datetime) -> Client:
        """A client whose every request is signed. Raises SourceRefused for a key that is none."""
        try:
            key = load_pem_private_key(self.key.reveal().encode(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as why:
            raise SourceRefused(f"{self.name}: {self.key.where} holds no PEM key without a passphrase") from why
        if not isinstance(key, RSAPrivateKey):
            raise SourceRefused(f"{self.name}: {self.key.where} holds no RSA key: make an API signing key")
        return Client(self, now, Signed(key, f"{self.tenancy}/{self.user}/{self.fingerprint}", now))

    def pages(self, client: Client, path: str, field: str) -> Iterator[Mapping[str, Any]]:
        """What is listed in every compartment. `field`: where the list is in an answer; '' if it is the answer."""
        for compartment in self.compartments:
            asked = {"compartmentId": compartment, "limit": LIMIT}
            while True:
                answer = client.get(self.url.rstrip("/") + path, asked)
                found = field_of(answer.value, field) if field else answer.value
                if not isinstance(found, list):
                    raise SourceUnavailable(f"{self.name}: its answer is no list: is the url that of OCI's interface?")
                yield from (each for each in found if isinstance(each, Mapping) and each.get("id"))
                following = answer.headers.get("opc-next-page", "")
                if not following:
                    break
                asked = asked | {"page": following}

    def signed(self, key: str) -> dict[str, str]:
        """The columns that every fact about a maintenance has."""
        return {"maintenance_id": f"{self.name}:{key}", "source": self.name}


class Signed(AuthBase):
    """Signs as draft-cavage-http-signatures-08 has it, and OCI asks for it: target, host and date."""

    def __init__(self, key: RSAPrivateKey, key_id: str, now: datetime) -> None:
        self._key, self._key_id, self._now = key, key_id, now

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """The request with its date and signature."""
        parts = urlsplit(str(request.url))
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        said = {"date": format_datetime(self._now, usegmt=True), "host": parts.netloc}
        lines = [f"(request-target): {str(request.method).lower()} {target}", *(f"{k}: {v}" for k, v in said.items())]
        signature = base64.b64encode(self._key.sign("\n".join(lines).encode(), PKCS1v15(), SHA256())).decode()
        request.headers.update(said)
        request.headers["authorization"] = (
            f'Signature version="1",keyId="{self._key_id}",algorithm="rsa-sha256",'
            f'headers="(request-target) date host",signature="{signature}"'
        )
        return request
