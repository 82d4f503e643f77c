# SPDX-License-Identifier: Apache-2.0
"""The page of a package that people read: one HTML file without scripts, pictures or anything from elsewhere.

Addresses are text and no links, so that none is opened by mistake.
"""

from collections.abc import Iterable, Sequence
from html import escape

from noli.custody import story
from noli.custody.model import Known, Making, StoryLine
from noli.custody.words import ABOUT, word

_STYLE = """\
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #d5d5dd;overflow-wrap:anywhere}
th,td:first-child{white-space:nowrap}.files{display:block;color:#55555f}pre{white-space:pre-wrap}
@media print{body{margin:0}}
"""

# Columns of its tables.
_REQUESTS = ("number", "to", "sent", "until", "term", "outcome")
_STORY = ("when", "who", "what", "entry")


def page(known: Known, told: Sequence[StoryLine], making: Making) -> bytes:
    """Write the page."""
    language = making.language

    def say(key: str) -> str:
        return escape(word(key, language))

    by = story.actor(making.by, language)
    head = word("of", language) % {"case": known.case.id, "at": story.moment(making.at), "by": by}
    whose = word("made-at", language) % {"organisation": making.organisation} if making.organisation else ""
    links = [(story.moment(each.added_at), escape(each.url)) for each in known.case.links]
    requests = [
        (
            str(request.number),
            escape(f"{request.to.name} ({word(request.to.rung, language)}), {pursuit.site}"),
            "–" if request.sent_at is None else story.moment(request.sent_at),
            "–" if request.due is None else story.moment(request.due.at),
            say(story.clock(request)),
            "–" if request.outcome is None else say(request.outcome),
        )
        for pursuit, request in story.asked(known)
    ]
    rows = [
        (
            story.moment(each.at),
            escape(story.actor(each.actor, language)),
            escape(each.says) + "".join(f'<span class="files">{escape(name)}</span>' for name in each.files),
            str(each.ledger),
        )
        for each in told
    ]
    parts = [
        f"<h1>{say('title')}</h1><p>{escape(head)}{f'<br>{escape(whose)}' if whose else ''}</p>",
        f"<h2>{say('copies')}</h2>{_table([say('reported'), say('address')], links, say('none-of'))}",
        f"<h2>{say('requests')}</h2>{_table([say(each) for each in _REQUESTS], requests, say('none-of'))}",
        f"<h2>{say('story')}</h2>{_table([say(each) for each in _STORY], rows, say('none-of'))}",
        f"<pre>{escape(ABOUT[language].rpartition(chr(10) * 2)[0])}</pre>",
    ]
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    start = f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">{policy}'
    view = '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
    title = f"<title>{say('title')} {escape(known.case.id)}</title><style>{_STYLE}</style></head><body><main>"
    return "\n".join([f"{start}{view}{title}", *parts, "</main></body></html>\n"]).encode()


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    if not body:
        return f"<p>{empty}</p>"
    heads = "".join(f'<th scope="col">{each}</th>' for each in head)
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table></div>'
