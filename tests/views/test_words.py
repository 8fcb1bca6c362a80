"""Words that several pages share."""

import pytest

from dashboard.views.words import reached


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("mailto:ann@p.example", "ann@p.example"),
        ("slack:#hardware-health", "#hardware-health on Slack"),
        ("tel:+441234", "+441234"),
        ("https://p.example/desk", "https://p.example/desk"),
        ("noc", "noc"),
        ("mailto:", "mailto:"),
        ("", ""),
    ],
)
def test_a_contact_is_said_as_people_write_it(contact: str, said: str) -> None:
    assert reached(contact) == said
