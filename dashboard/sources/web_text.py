"""A web page as the text that it shows: nothing of it is fetched or run, and however it is nested, no word is lost."""

from html.parser import HTMLParser

UNSEEN = frozenset({"script", "style", "head", "template"})
CELLS = frozenset({"td", "th"})
BLOCKS = """
    address article aside blockquote br dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav
    ol p pre section table tr ul
"""
LINES = frozenset(BLOCKS.split())


def text_of_page(page: str) -> str:
    """The words of an HTML page: a line for each block and each row of a table."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.said).split("\n"))
    shown: list[str] = []
    for line in lines:
        if line or (shown and shown[-1]):
            shown.append(line)
    return "\n".join(shown).strip("\n")


class _Reader(HTMLParser):
    """Hears of each tag and text in turn; a page that never closes what is unseen is seen all the same."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unseen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body" or (self._unseen == "head" and tag in LINES):
            self._unseen = ""
        elif tag in UNSEEN and not self._unseen:
            self._unseen = tag
        if tag == "li":
            self.said.append("\n- ")
        elif tag in LINES:
            self.said.append("\n")
        elif tag in CELLS:
            self.said.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""
        if tag in LINES:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.said.append(data.replace("\n", " "))
