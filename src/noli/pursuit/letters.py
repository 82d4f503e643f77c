# SPDX-License-Identifier: Apache-2.0
"""Requests in words, in English and German, from what the invoked laws ask for; staff may edit them before sending.

A letter names the law and its clock, because that is what moves an addressee. It never says who is shown, except where
``law.names_person`` says that it has to. Its subject is neutral: it stands in mailboxes that others see.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from noli.base import dates
from noli.pursuit.model import Copy, Letterhead, Rung
from noli.regimes.model import Content, Deadline, Field, Filer, Regime, SetBy
from noli.regimes.period import Period

#: Languages that letters are written in; others get the first.
LANGUAGES = ("en", "de")

Texts = Mapping[str, str]

_WORDS: Mapping[str, Texts] = {
    "subject": {"en": "Request for removal [{reference}]", "de": "Bitte um Entfernung [{reference}]"},
    "greeting": {"en": "To whom it may concern,", "de": "Sehr geehrte Damen und Herren,"},
    "where": {"en": "The content is here:", "de": "Der Inhalt ist hier:"},
    "person": {"en": "The person shown is called: {person}", "de": "Die gezeigte Person heißt: {person}"},
    "search-person": {
        "en": "Searches for this name must no longer lead there: {person}",
        "de": "Suchen nach diesem Namen dürfen nicht mehr dorthin führen: {person}",
    },
    "law": {"en": "This request rests on {law}.", "de": "Diese Bitte stützt sich auf {law}."},
    "hours": {
        "en": "From the receipt of this request the law gives you {period} ({source}).",
        "de": "Das Gesetz gibt Ihnen ab dem Eingang dieser Bitte {period} Zeit ({source}).",
    },
    "words": {
        "en": "The law asks you to act without undue delay ({source}). We look again after {period}.",
        "de": "Das Gesetz verlangt, dass Sie unverzüglich handeln ({source}). Wir sehen nach {period} wieder nach.",
    },
    "terms": {
        "en": "Publishing such content is against your own terms of use, or against those of your suppliers. Please "
        "enforce them. We look again after {period}.",
        "de": "Solche Inhalte zu veröffentlichen verstößt gegen Ihre eigenen Nutzungsbedingungen oder gegen die Ihrer "
        "Lieferanten. Bitte setzen Sie diese durch. Wir sehen nach {period} wieder nach.",
    },
    "earlier": {
        "en": "Before you we asked: {earlier}. The content is still there.",
        "de": "Vor Ihnen haben wir gebeten: {earlier}. Der Inhalt ist noch immer da.",
    },
    "earlier-one": {"en": "{name} on {day}", "de": "{name} am {day}"},
    "answer": {
        "en": "Please answer to {contact} and leave [{reference}] in the subject. Tell us what you did, or why you do "
        "nothing. Please send no copies of the content.",
        "de": "Bitte antworten Sie an {contact} und lassen Sie [{reference}] im Betreff stehen. Sagen Sie uns, was Sie "
        "getan haben oder warum Sie nichts tun. Bitte schicken Sie uns keine Kopien des Inhalts.",
    },
    "confidential": {
        "en": "Do not pass this request on to whoever published the content, except where a law makes you.",
        "de": "Geben Sie diese Bitte nicht an die Person weiter, die den Inhalt veröffentlicht hat, außer wenn ein "
        "Gesetz Sie dazu zwingt.",
    },
    "signed": {"en": "Signed: {name}", "de": "Unterzeichnet: {name}"},
    "shown": {"en": "the person shown", "de": "die gezeigte Person"},
}

_ASKS: Mapping[Rung, Texts] = {
    Rung.SITE: {
        "en": "please remove the content named below, and its copies on your service.",
        "de": "bitte entfernen Sie den unten genannten Inhalt und seine Kopien auf Ihrem Dienst.",
    },
    Rung.HOST: {
        "en": "the content named below is on machines of yours. Please have it removed, or make it unreachable.",
        "de": "der unten genannte Inhalt liegt auf Ihren Rechnern. Bitte lassen Sie ihn entfernen, oder machen Sie ihn "
        "unerreichbar.",
    },
    Rung.CDN: {
        "en": "your network delivers the content named below. Please stop that, pass this request on to whoever hosts "
        "it, and tell us who that is and where they take complaints.",
        "de": "Ihr Netz liefert den unten genannten Inhalt aus. Bitte beenden Sie das, leiten Sie diese Bitte an den "
        "Betreiber der Server weiter, und sagen Sie uns, wer das ist und wo er Beschwerden annimmt.",
    },
    Rung.REGISTRAR: {
        "en": "the domain of the addresses named below is registered through you. Those who run it leave unlawful "
        "content in place. Please enforce your terms, and suspend the domain if they do not act.",
        "de": "die Domain der unten genannten Adressen ist über Sie registriert. Wer sie betreibt, lässt "
        "rechtswidrige Inhalte stehen. Bitte setzen Sie Ihre Bedingungen durch, und sperren Sie die Domain, wenn "
        "dort nichts geschieht.",
    },
    Rung.SEARCH: {
        "en": "please no longer show the addresses named below, nor pictures from them, in your results.",
        "de": "bitte zeigen Sie die unten genannten Adressen und Bilder von dort nicht mehr in Ihren Ergebnissen.",
    },
    Rung.PAYMENT: {
        "en": "the site named below earns money through you with the content that is described here. Please enforce "
        "your rules, and end that.",
        "de": "die unten genannte Seite verdient über Sie Geld mit dem hier beschriebenen Inhalt. Bitte setzen Sie "
        "Ihre Regeln durch, und beenden Sie das.",
    },
}

_CAPACITIES: Mapping[Filer, Texts] = {
    Filer.SELF: {"en": "I am the person shown.", "de": "Ich bin die gezeigte Person."},
    Filer.AGENT: {
        "en": "We act for the person shown, with that person's authority.",
        "de": "Wir handeln für die gezeigte Person und sind von ihr bevollmächtigt.",
    },
    Filer.HELPLINE: {
        "en": "We are a helpline and act for the person shown, at that person's request and with their authority.",
        "de": "Wir sind eine Beratungsstelle und handeln für die gezeigte Person, auf ihre Bitte und mit ihrer "
        "Vollmacht.",
    },
    Filer.TRUSTED_FLAGGER: {
        "en": "We are a trusted flagger, and act for the person shown.",
        "de": "Wir sind ein vertrauenswürdiger Hinweisgeber und handeln für die gezeigte Person.",
    },
    Filer.ANYONE: {"en": "We noticed the content.", "de": "Wir sind auf den Inhalt aufmerksam geworden."},
}

_FIELDS: Mapping[Field, Texts] = {
    Field.STATEMENT: {
        "en": "The content shows a person in an intimate way, and that person did not agree to its publication.",
        "de": "Der Inhalt zeigt eine Person in intimer Weise, und sie hat der Veröffentlichung nicht zugestimmt.",
    },
    Field.GOOD_FAITH: {
        "en": "This request is made in good faith.",
        "de": "Diese Bitte ergeht in gutem Glauben.",
    },
    Field.ACCURACY: {
        "en": "To the best of our knowledge what is said here is true and complete.",
        "de": "Nach bestem Wissen sind diese Angaben wahr und vollständig.",
    },
}

_REASONS: Mapping[bool, Texts] = {
    False: {
        "en": "To publish intimate pictures or videos of somebody who did not agree is unlawful, and violates that "
        "person's private life.",
        "de": "Intime Bilder oder Videos ohne Zustimmung der gezeigten Person zu veröffentlichen ist rechtswidrig und "
        "verletzt ihre Intimsphäre.",
    },
    True: {
        "en": "The content was made or altered by a computer, to show a real person in an intimate way. To publish "
        "that without the person's agreement is unlawful, and violates that person's private life.",
        "de": "Der Inhalt wurde mit einem Computer hergestellt oder verändert und zeigt eine wirkliche Person in "
        "intimer Weise. Das ohne ihre Zustimmung zu veröffentlichen ist rechtswidrig und verletzt ihre Intimsphäre.",
    },
}

_UNITS: tuple[tuple[str, Texts, Texts], ...] = (
    ("months", {"en": "month", "de": "Monat"}, {"en": "months", "de": "Monaten"}),
    ("days", {"en": "day", "de": "Tag"}, {"en": "days", "de": "Tagen"}),
    ("business_days", {"en": "business day", "de": "Werktag"}, {"en": "business days", "de": "Werktagen"}),
    ("hours", {"en": "hour", "de": "Stunde"}, {"en": "hours", "de": "Stunden"}),
    ("minutes", {"en": "minute", "de": "Minute"}, {"en": "minutes", "de": "Minuten"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a letter is made of.

    Attributes:
        rung: As what the addressee is asked.
        copies: The links.
        content: What they show.
        regimes: The laws that are invoked.
        clock: The strictest of their clocks; None where none of them has one.
        house: Whether that is a target of ours, because no law gives one.
        period: Its length.
        filer: As whom we write.
        head: Who writes.
        fields: What is said for a field in place of the template.
        said: Fields that the letter holds.
        person: Name of the depicted person, where the letter has to say it.
        earlier: Whom we asked before, and on which day.
        language: In which language.
        reference: What ties answers to it.
    """

    rung: Rung
    copies: Sequence[Copy] = field(repr=False)
    content: frozenset[Content]
    regimes: Sequence[Regime]
    clock: Deadline | None
    house: bool
    filer: Filer
    head: Letterhead
    fields: Mapping[Field, str] = field(repr=False)
    said: frozenset[Field]
    person: str = field(repr=False)
    earlier: Sequence[tuple[str, date]] = field(repr=False)
    language: str
    reference: str = field(repr=False)


def subject(matter: Matter) -> str:
    """Return a subject that says nothing about anybody."""
    return _word("subject", matter.language).format(reference=matter.reference)


def letter(matter: Matter) -> str:
    """Write a request."""
    language = matter.language
    parts = [
        f"{_word('greeting', language)}\n\n{_text(_ASKS[matter.rung], language)}",
        "\n".join([_word("where", language), *(f"  {copy.url}" for copy in matter.copies)]),
        _field(matter, Field.STATEMENT, _text(_FIELDS[Field.STATEMENT], language)),
        _field(matter, Field.REASONS, _text(_REASONS[Content.SYNTHETIC in matter.content], language)),
        _law(matter),
        _earlier(matter.earlier, language),
        _field(matter, Field.CAPACITY, _text(_CAPACITIES[matter.filer], language)),
        _person(matter),
        _joined(_field(matter, each, _text(_FIELDS[each], language)) for each in (Field.GOOD_FAITH, Field.ACCURACY)),
        _word("confidential", language),
        _word("answer", language).format(contact=_contact(matter), reference=matter.reference),
        _signature(matter),
    ]
    return "\n\n".join(part for part in parts if part)


def period_words(clock: Deadline, language: str) -> str:
    """Put the length of a clock into words."""
    read = Period.parse(clock.period)
    hours, minutes = divmod(read.minutes, 60)
    counted = {
        "months": read.months,
        "days": read.days,
        "business_days": read.business_days,
        "hours": hours,
        "minutes": minutes,
    }
    return " ".join(
        f"{counted[unit]} {_text(one if counted[unit] == 1 else many, language)}"
        for unit, one, many in _UNITS
        if counted[unit]
    )


def _law(matter: Matter) -> str:
    language, clock = matter.language, matter.clock
    period = period_words(clock, language) if clock and clock.period else ""
    if not matter.regimes:
        return _word("terms", language).format(period=period)
    named = ", ".join(_text(each.names, language) for each in matter.regimes)
    parts = [_word("law", language).format(law=named)]
    if clock is not None and period:
        by_law = clock.set_by is SetBy.LAW and not matter.house
        source = str(clock.source) if not matter.house else named
        parts.append(_word("hours" if by_law else "words", language).format(period=period, source=source))
    return " ".join(parts)


def _earlier(earlier: Sequence[tuple[str, date]], language: str) -> str:
    asked = [_word("earlier-one", language).format(name=name, day=dates.day(day, language)) for name, day in earlier]
    return _word("earlier", language).format(earlier=", ".join(asked)) if asked else ""


def _person(matter: Matter) -> str:
    if not matter.person:
        return ""
    key = "search-person" if matter.rung is Rung.SEARCH else "person"
    return _word(key, matter.language).format(person=matter.person)


def _contact(matter: Matter) -> str:
    return matter.fields.get(Field.CONTACT) or matter.head.contact


def _signature(matter: Matter) -> str:
    own = matter.person if matter.filer is Filer.SELF else matter.head.organisation
    name = matter.fields.get(Field.SIGNATURE) or matter.fields.get(Field.NAME) or own
    return _word("signed", matter.language).format(name=name or _word("shown", matter.language))


def _field(matter: Matter, which: Field, template: str) -> str:
    if which not in matter.said:
        return ""
    return matter.fields.get(which) or template


def _joined(parts: Iterable[str]) -> str:
    return " ".join(part for part in parts if part)


def _word(key: str, language: str) -> str:
    return _text(_WORDS[key], language)


def _text(texts: Texts, language: str) -> str:
    return texts.get(language) or texts[LANGUAGES[0]]
