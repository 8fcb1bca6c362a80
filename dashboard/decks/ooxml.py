"""What python-pptx has no word for: a table without a style of its own, rules, and text that XML can hold."""

import re
from datetime import UTC, datetime
from typing import Any

from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn

NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # No Style, No Grid
UNWRITABLE = re.compile("[\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff]")
DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)  # of spreadsheets


def written(words: str) -> str:
    """The words in one line, without the letters that XML has no way to hold."""
    line = " ".join(words.split())
    return "".join(
        each for each in line if each >= " " and not 0xD800 <= ord(each) <= 0xDFFF and each not in "\ufffe\uffff"
    )


def days(at: datetime) -> float:
    """An instant as spreadsheets count: days since the end of 1899, in UTC."""
    return (at - DAY_ZERO).total_seconds() / 86_400


def plain_table(shape: Any) -> None:
    """Takes a table's colours and bands away."""
    properties = shape._element.graphic.graphicData.tbl.tblPr
    for name in ("bandRow", "firstRow"):
        properties.set(name, "0")
    properties.find(qn("a:tableStyleId")).text = NO_STYLE


def rule_below(cell: Any, colour: str) -> None:
    """A thin line under a cell."""
    fill = f'<a:solidFill><a:srgbClr val="{colour.removeprefix("#")}"/></a:solidFill>'
    line = f'<a:lnB {nsdecls("a")} w="6350">{fill}</a:lnB>'
    cell._tc.get_or_add_tcPr().insert(0, parse_xml(line))
