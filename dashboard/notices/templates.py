"""The words of notices: a template a rung, a last line a kind of audience; each can be overridden."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import SandboxedEnvironment

from dashboard.notices.ladder import Rung

Kind = Literal["team", "scheduler", "cluster"]

FIELDS = {
    "title": "what the maintenance is called",
    "maintenance": "its id",
    "provider": "whose it is",
    "cluster": "where, '' where nobody told",
    "kind": "firmware, power, …",
    "audience": "who is told",
    "on_call": "who is on call now, by name; '' where the directory does not tell",
    "escalates_to": "to whom it goes where nobody acknowledges, by name; '' where it goes to nobody",
    "gpus": "1,024 GPUs, of this audience; 'GPUs' where nobody told how many",
    "share": "how a team's part is known: by node or pro rata",
    "start": "Tue 18:00 CET (in 3 d); '' where none is planned",
    "end": "the planned end, Thu 18:00 CET",
    "was_start": "the start that this audience was told before, where it moved",
    "was_end": "the end that it was told before, where it moved",
    "part": "95 %, or all once so many should be back",
    "likely": "when that part is likely back",
    "plan_on": "when to plan on it",
    "was_likely": "what it was told before, where that moved",
    "back": "56 %",
    "sure": "True where it is confirmed and its source speaks",
    "why": "why it is not sure",
    "missed": "the rungs that this notice makes good for",
    "page": "the address of its page, '' where the app has none",
}

_ON_CALL = "{% if on_call %}On call: {{ on_call }}. {% endif %}"
_MAY = "{% if not sure %} It may happen, which is not certain: {{ why }}.{% endif %}"
_WHERE = "{% if cluster %} on {{ cluster }}{% endif %}"
_WINDOW = (
    "{% if start %} from {{ start }}{% else %}, no start is planned yet{% endif %}"
    "{% if end %} until {{ end }}{% endif %}"
)
_PLAN = "{% if plan_on %}; plan on {{ plan_on }}{% endif %}."
_BACK = "{% if likely %} {{ part | capitalize }} are likely back {{ likely }}" + _PLAN + "{% endif %}"
_AHEAD = "{{ title }} ({{ provider }}{{ ', ' + maintenance if maintenance != title }}) takes {{ gpus }} out"

DEFAULTS: dict[str, str] = {
    Rung.CONFIRMED: f"{_AHEAD}{_WHERE}{_WINDOW}. It is confirmed.{_BACK}",
    Rung.BEFORE: f"{_AHEAD}{_WHERE}{_WINDOW}.{_MAY}{_BACK}",
    Rung.AGAIN: f"{_AHEAD}{_WHERE}{_WINDOW}. Nobody has acknowledged this yet.{_MAY}{_BACK}",
    Rung.ESCALATED: f"Nobody of {{{{ audience }}}} has acknowledged this: {_AHEAD}{_WHERE}{_WINDOW}.{_MAY}"
    "{% if escalates_to %} It goes to {{ escalates_to }}, too.{% endif %}",
    Rung.MOVED: f"Moved: {_AHEAD}{_WHERE}{_WINDOW}. You were told "
    f"{{{{ was_start or 'no start' }}}} until {{{{ was_end or 'no end' }}}}.{_MAY}{_BACK}",
    Rung.DEFERRED: "Deferred: {{ title }} ({{ provider }}) does not come as you were told, "
    f"{{{{ was_start or 'with no start' }}}}. {{% if start %}}It may still come{_WINDOW}.{{% endif %}}",
    Rung.DOUBTFUL: f"{_AHEAD}{_WHERE}{_WINDOW}, which is not certain: {{{{ why }}}}.",
    Rung.START: "{{ title }} ({{ provider }}) has begun: {{ gpus }} go out" + _WHERE + ", {{ back }} are back." + _BACK,
    Rung.ETA: "{{ title }} ({{ provider }}): the ETA moved{% if was_likely %} from {{ was_likely }}{% endif %}. "
    "{{ back }} of {{ gpus }} are back." + _BACK,
    Rung.BACK: "{{ title }} ({{ provider }}): {{ back }} of {{ gpus }} are back" + _WHERE + "." + _BACK,
    Rung.RESIZED: f"Changed in size: {_AHEAD}{_WHERE}{_WINDOW}.{_MAY}{_BACK}",
    Rung.COMPLETE: "{{ title }} ({{ provider }}) is complete: {{ gpus }} were in it" + _WHERE + ".",
    Rung.CANCELLED: "Cancelled: {{ title }} ({{ provider }}) takes nothing out" + _WHERE + ". You were told "
    "{{ was_start or 'of it' }}.",
    Rung.RELEASED: "{{ title }} ({{ provider }}) no longer takes anything of {{ audience }}'s.",
}
"""A template a rung, for every audience that has none of its own."""

TODO: dict[Kind, dict[str, str]] = {
    "team": {
        "before": "Yours by the {{ share }}: let what must not stop end before, or move it.",
        "running": "What ran there has to run elsewhere until then.",
        "over": "Your capacity is as it was.",
    },
    "scheduler": {
        "before": f"{_ON_CALL}Place nothing there that runs past the start; cordon in time.",
        "running": f"{_ON_CALL}Leave what is out cordoned; what is back may be filled.",
        "over": "Open it again where it is not.",
    },
    "cluster": {
        "before": f"{_ON_CALL}Please acknowledge, and have it drained by the start.",
        "running": f"{_ON_CALL}Hand over what is drained, take over what is back.",
        "over": "Check that nothing of it was left behind.",
    },
}
"""What each kind of audience is asked to do, at the end of a notice."""

STAGE_OF = {
    Rung.START: "running", Rung.ETA: "running", Rung.BACK: "running", Rung.COMPLETE: "over", Rung.CANCELLED: "over",
    Rung.RELEASED: "over",
}  # fmt: skip

_environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)
_TRIAL = dict.fromkeys(FIELDS, "x") | {"sure": False}


def unusable(rung: str, text: str) -> str:
    """Why such a template cannot be used for such a rung, in words; '' where it can."""
    known = [str(each) for each in Rung] + ["todo_before", "todo_running", "todo_over"]
    if rung not in known:
        return f"there is no notice {rung!r}; there are {', '.join(known)}"
    try:
        fields = meta.find_undeclared_variables(_environment.parse(text))
        unknown = sorted(fields - FIELDS.keys())
        if unknown:
            return f"there is no field {unknown[0]!r}; there are {', '.join(FIELDS)}"
        _environment.from_string(text).render(_TRIAL)
    except TemplateSyntaxError as why:
        return f"line {why.lineno}: {why.message}"
    except TemplateError as why:
        return f"cannot be filled in: {why.message}"
    except Exception as why:  # whatever a template does wrong, it does at once and not at night
        return f"cannot be filled in ({type(why).__name__})"
    return ""


def words_of(rung: str, kind: Kind, fields: Mapping[str, object], own: Mapping[Kind, Mapping[str, str]]) -> str:
    """One notice in words: what is, and what this kind of audience is asked to do."""
    mine = own.get(kind, {})
    stage = STAGE_OF.get(Rung(rung), "before")
    todo = mine.get(f"todo_{stage}", TODO[kind][stage])
    said = f"{_filled(mine.get(rung, DEFAULTS[rung]), fields)} {_filled(todo, fields)}"
    page = f"\n{fields['page']}" if fields["page"] else ""
    return " ".join(said.split()) + page


def _filled(text: str, fields: Mapping[str, object]) -> str:
    return str(_compiled(text).render(fields))


@cache
def _compiled(text: str):  # type: ignore[no-untyped-def]
    return _environment.from_string(text)


_MARKS = re.compile(r"(?<=\])(?=\()|(?<=:)(?=//)|(?<=@)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]+")


def harmless(text: str) -> str:
    """What a provider wrote, in one line that makes no link and pings nobody, wherever it is read."""
    return _MARKS.sub("\u2060", _CONTROL.sub(" ", text)).strip()[:300]
