"""One POST to another system: no redirect is followed, the whole of it ends in good time, and failing has words."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import requests

from dashboard.notices.channels.seam import NotDelivered

AGENT = {"User-Agent": "dashboard-notices/1"}
LASTING = {
    401: "refuses the credential (401): renew it",
    403: "refuses the credential (403): renew it, or widen what it may do",
    404: "is not there (404): correct the url",
    410: "is gone (410): make a new one and correct the url",
}


def post(name: str, url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> str:
    """Posts `body`; returns the status as words. Raises NotDelivered. `url` may be a secret: only its host is shown."""
    code = _asked(name, "POST", url, timeout, data=body, headers={**AGENT, **headers})
    if not 200 <= code < 300:
        lasting = code in LASTING or code == requests.codes.bad_request
        said = LASTING.get(code, f"answered {code}")
        raise NotDelivered(f"{name}: {host_of(url)} {said}", lasting=lasting)
    return f"{code}"


def reach(name: str, url: str, timeout: float) -> str:
    """Asks whether anyone is there, by a request that posts nothing. Raises NotDelivered."""
    code = _asked(name, "HEAD", url, timeout, headers=AGENT)
    if code in LASTING:
        raise NotDelivered(f"{name}: {host_of(url)} {LASTING[code]}", lasting=True)
    return f"{name}: {host_of(url)} answers"


def _asked(name: str, method: str, url: str, timeout: float, **what: Any) -> int:
    """The status of the answer, which is not read on: what it says, it says by that."""
    where = f"{name}: {host_of(url)}"
    try:
        with requests.Session() as session:
            session.verify = _authorities(session)
            session.trust_env = False  # a .netrc of the user's must not go to a stranger
            ask = session.request(method, url, timeout=timeout, allow_redirects=False, stream=True, **what)
            with closing(ask) as answer:
                code = answer.status_code
    except requests.Timeout as why:
        raise NotDelivered(f"{where} did not answer within {timeout:g} s") from why
    except requests.exceptions.SSLError as why:
        raise NotDelivered(f"{where} shows no certificate that is trusted, or does not speak TLS") from why
    except ValueError as why:  # what requests says of an address that is none
        raise NotDelivered(f"{name}: its url is no http or https address: correct it", lasting=True) from why
    except requests.RequestException as why:
        raise NotDelivered(f"{where} cannot be reached ({type(why).__name__}): is it up, and the url right?") from why
    if 300 <= code < 400:
        raise NotDelivered(f"{where} redirects ({code}), which is not followed: write where it leads to", lasting=True)
    return code


def _authorities(session: requests.Session) -> str | bool:
    """The certificates that the environment names, as for everything else on this machine; else the usual ones."""
    found = session.merge_environment_settings("https://", {}, False, None, None)["verify"]
    return True if found is None else found


def host_of(url: str) -> str:
    """What of an address may be shown: paths and parameters of webhooks are secrets."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or 'nowhere'}{port}"
