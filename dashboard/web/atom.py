"""News as an Atom feed (RFC 4287)."""

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from dashboard.model.instants import EPOCH
from dashboard.views.agenda import News, Newsfeed

NAMESPACE = "http://www.w3.org/2005/Atom"
SELF = "application/atom+xml"


def feed(found: Newsfeed, base: str, own: str) -> bytes:
    """The feed. `base`: the app's address, `own`: the feed's, which is also its name."""
    register_namespace("", NAMESPACE)
    root = Element(_tag("feed"))
    _add(root, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, own)}")
    _add(root, "title", found.name)
    _add(root, "updated", _instant(max((each.at for each in found.news), default=EPOCH)))
    _add(root, "link", rel="self", type=SELF, href=own)
    _add(root, "link", rel="alternate", type="text/html", href=f"{base}/maintenances")
    _add(root, "generator", "maintenance dashboard")
    for each in found.news:
        root.append(_entry(each, base))
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _entry(news: News, base: str) -> Element:
    entry = Element(_tag("entry"))
    _add(entry, "id", f"urn:uuid:{news.uid}")
    _add(entry, "title", news.title, type="text")
    _add(entry, "updated", _instant(news.at))
    _add(entry, "published", _instant(news.at))
    _add(_add(entry, "author"), "name", news.by)
    _add(entry, "link", rel="alternate", type="text/html", href=f"{base}{news.path}")
    if news.kind:
        _add(entry, "category", term=news.kind)
    _add(entry, "summary", news.words, type="text")
    return entry


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    made = SubElement(parent, _tag(name), {key: _clean(value) for key, value in attributes.items()})
    made.text = _clean(text) or None
    return made


def _clean(text: str) -> str:
    """Without what XML may not hold."""
    return "".join(each if each.isprintable() else " " for each in text)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
