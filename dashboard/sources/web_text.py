"""A web page as the text that it shows: nothing of it is fetched or run, and however it is written, no word is lost.

A scanner of our own: the standard library's parser takes minutes for forty kilobytes of `<a <a <a`, and libxml2 leaves
out what is nested beyond its limit. This one looks at each letter a few times at most.
"""

import re
from html import unescape

TAG = re.compile(r"<(?:(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})(?![a-zA-Z0-9:-])[^<>]*|[!?][^<>]*)>")
UNSEEN = frozenset({"script", "style", "head", "template"})
CELLS = frozenset({"td", "th"})
BLOCKS = """
    address article aside blockquote br dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav
    ol p pre section table tr ul
"""
LINES = frozenset(BLOCKS.split())


def text_of_page(page: str) -> str:
    """The words of an HTML page: a line for each block and each row of a table."""
    lines = (" ".join(line.split()) for line in "".join(_said(_without_comments(page))).split("\n"))
    shown: list[str] = []
    for line in lines:
        if line or (shown and shown[-1]):
            shown.append(line)
    return "\n".join(shown).strip("\n")


def _without_comments(page: str) -> str:
    kept, at = [], 0
    while (start := page.find("<!--", at)) >= 0 and (end := page.find("-->", start)) >= 0:
        kept.append(page[at:start])
        at = end + len("-->")
    return "".join(kept) + page[at:]


def _said(page: str) -> list[str]:
    """Text and the breaks between; what is unseen is left out where it ends somewhere."""
    said, at, endless = [], 0, set()
    while found := TAG.search(page, at):
        said.append(_words(page[at : found.start()]))
        at = found.end()
        tag = (found[2] or "").lower()
        if tag in LINES:
            said.append("\n- " if tag == "li" and not found[1] else "\n")
        elif tag in CELLS:
            said.append(" ")
        elif tag in UNSEEN and not found[1] and tag not in endless:
            end = re.compile(f"</{tag}", re.IGNORECASE).search(page, at)
            if end:
                at = end.start()
            else:
                endless.add(tag)
    return [*said, _words(page[at:])]


def _words(text: str) -> str:
    return unescape(text).replace("\n", " ")
