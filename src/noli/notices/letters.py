# SPDX-License-Identifier: Apache-2.0
"""What the sides are told, built from structured grounds, in English and German; whoever decides may edit it.

A statement of reasons has every part that a person needs to contest it: what was restricted, where and for how long;
the facts, and whether somebody notified or it was found here; whether machines took part; the rule; the ways to
contest. It never says who is shown, and who notified only where that is strictly necessary.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from noli.base import dates
from noli.notices.model import Ground, Measure, Notice, Opening, Ruling
from noli.regimes.model import Field, Missing, Need

#: Languages that letters are written in; others get the first.
LANGUAGES = ("en", "de")

#: One text in each language.
Texts = Mapping[str, str]

#: Each ground as a sentence.
GROUNDS: Mapping[Ground, Texts] = {
    Ground.INTIMATE: {
        "en": "It shows a person in an intimate way, and that person did not agree to its publication.",
        "de": "Es zeigt eine Person in intimer Weise, und sie hat der Veröffentlichung nicht zugestimmt.",
    },
    Ground.SYNTHETIC: {
        "en": "It was made or altered to show a real person in an intimate way, and that person did not agree.",
        "de": "Es wurde so hergestellt oder verändert, dass es eine wirkliche Person in intimer Weise zeigt, ohne dass "
        "sie zugestimmt hat.",
    },
    Ground.THREAT: {
        "en": "It threatens to publish intimate content of a person.",
        "de": "Es droht damit, intime Inhalte einer Person zu veröffentlichen.",
    },
    Ground.COPY: {
        "en": "It is a copy of content that was removed after an examination.",
        "de": "Es ist eine Kopie eines Inhalts, der nach einer Prüfung entfernt wurde.",
    },
    Ground.MATCH: {
        "en": "It matches content that is protected from being uploaded.",
        "de": "Es stimmt mit einem Inhalt überein, der vor dem Hochladen geschützt ist.",
    },
    Ground.ORDERED: {
        "en": "An authority or court ordered it.",
        "de": "Eine Behörde oder ein Gericht hat es angeordnet.",
    },
    Ground.TERMS: {
        "en": "It is not compatible with our terms.",
        "de": "Es ist mit unseren Nutzungsbedingungen nicht vereinbar.",
    },
    Ground.PRECAUTION: {
        "en": "It is out of sight until it has been examined; this can be undone.",
        "de": "Es ist nicht mehr zu sehen, bis es geprüft wurde; das lässt sich rückgängig machen.",
    },
    Ground.NOT_INTIMATE: {
        "en": "It does not show anybody in an intimate way.",
        "de": "Es zeigt niemanden in intimer Weise.",
    },
    Ground.CONSENT_SHOWN: {
        "en": "There is evidence that the person shown agreed to its publication.",
        "de": "Es ist belegt, dass die gezeigte Person der Veröffentlichung zugestimmt hat.",
    },
    Ground.NOT_ENTITLED: {
        "en": "The notice did not come from the person shown, nor from somebody who acts for that person.",
        "de": "Die Meldung kam weder von der gezeigten Person noch von jemandem, der für sie handelt.",
    },
    Ground.NOT_FOUND: {
        "en": "We could not find it from what we were told.",
        "de": "Wir konnten es nach den Angaben nicht finden.",
    },
    Ground.NEVER_COMPLETED: {
        "en": "What we had asked for was not given, and without it we could not decide otherwise.",
        "de": "Was wir erbeten hatten, wurde nicht nachgereicht; ohne das konnten wir nicht anders entscheiden.",
    },
    Ground.FALSE_MATCH: {
        "en": "It only resembles protected content.",
        "de": "Es ähnelt einem geschützten Inhalt nur.",
    },
    Ground.MISTAKEN: {
        "en": "The notice, or our reading of it, was mistaken.",
        "de": "Die Meldung oder unser Verständnis davon war ein Irrtum.",
    },
    Ground.FRAUDULENT: {
        "en": "What the notice said about who sent it, or about the content, was not true.",
        "de": "Was die Meldung über ihre Herkunft oder den Inhalt sagte, war nicht wahr.",
    },
    Ground.MALICIOUS: {
        "en": "The notice was sent to harm somebody, not to protect anybody.",
        "de": "Die Meldung sollte jemandem schaden und niemanden schützen.",
    },
    Ground.REVOKED: {
        "en": "The order behind it was revoked.",
        "de": "Die zugrunde liegende Anordnung wurde aufgehoben.",
    },
}

_MEASURES: Mapping[Measure, Texts] = {
    Measure.REMOVE: {"en": "We removed the content.", "de": "Wir haben den Inhalt entfernt."},
    Measure.DISABLE: {
        "en": "Nobody can reach the content any more.",
        "de": "Der Inhalt ist für niemanden mehr erreichbar.",
    },
    Measure.PROVISIONAL_DISABLE: {
        "en": "For now nobody can reach the content. This is not the decision; we examine it.",
        "de": "Vorläufig ist der Inhalt für niemanden erreichbar. Das ist nicht die Entscheidung; wir prüfen ihn.",
    },
    Measure.GEO_RESTRICT: {
        "en": "The content cannot be reached from: {territory}.",
        "de": "Der Inhalt ist von hier aus nicht mehr erreichbar: {territory}.",
    },
    Measure.REFUSE_UPLOAD: {
        "en": "The upload was not accepted.",
        "de": "Das Hochladen wurde nicht angenommen.",
    },
    Measure.KEEP: {"en": "The content stays.", "de": "Der Inhalt bleibt."},
}

_WORDS: Mapping[str, Texts] = {
    "everywhere": {"en": "This applies everywhere", "de": "Das gilt überall"},
    "there": {"en": "This applies there", "de": "Das gilt dort"},
    "lasting": {"en": "and has no end.", "de": "und ohne Ende."},
    "until": {"en": "until {until}.", "de": "bis zum {until}."},
    "noticed": {
        "en": "We acted on a notice that somebody sent us.",
        "de": "Wir haben auf eine Meldung hin gehandelt.",
    },
    "notifier": {
        "en": "It has to be said here who notified: {who}.",
        "de": "Hier muss gesagt werden, wer gemeldet hat: {who}.",
    },
    "ordered": {
        "en": "We acted on an order of {authority} ({basis}).",
        "de": "Wir haben auf Anordnung gehandelt: {authority} ({basis}).",
    },
    "found": {
        "en": "We came upon it ourselves, without a notice.",
        "de": "Wir sind selbst darauf gestoßen, ohne eine Meldung.",
    },
    "detected": {
        "en": "The content was found by automated means.",
        "de": "Der Inhalt wurde mit automatisierten Mitteln gefunden.",
    },
    "not-detected": {
        "en": "The content was not found by automated means.",
        "de": "Der Inhalt wurde nicht mit automatisierten Mitteln gefunden.",
    },
    "automated": {
        "en": "The decision was made by automated means.",
        "de": "Die Entscheidung wurde mit automatisierten Mitteln getroffen.",
    },
    "human": {"en": "A person made the decision.", "de": "Ein Mensch hat die Entscheidung getroffen."},
    "law": {"en": "Legal ground: {rule}.", "de": "Rechtsgrundlage: {rule}."},
    "terms": {"en": "Clause of our terms: {rule}.", "de": "Regel unserer Nutzungsbedingungen: {rule}."},
    "redress": {
        "en": "If you think that this is wrong, you can complain to us within six months, free of charge; somebody "
        "else decides then.",
        "de": "Wenn Sie das für falsch halten, können Sie sich innerhalb von sechs Monaten kostenlos bei uns "
        "beschweren; dann entscheidet jemand anderes.",
    },
    "court": {
        "en": "You can also turn to a court.",
        "de": "Sie können sich auch an ein Gericht wenden.",
    },
    "body": {
        "en": "You can also turn to a certified out-of-court dispute settlement body, or to a court.",
        "de": "Sie können sich auch an eine zugelassene Stelle für außergerichtliche Streitbeilegung oder an ein "
        "Gericht wenden.",
    },
    "receipt": {
        "en": "We have received your notice, and look at it now.",
        "de": "Wir haben Ihre Meldung erhalten und sehen sie uns an.",
    },
    "missing": {
        "en": "To act on your notice under every law that applies, we still need:",
        "de": "Um nach jedem Gesetz handeln zu können, das hier gilt, brauchen wir noch:",
    },
    "optional": {
        "en": "It would help if you also told us:",
        "de": "Es würde helfen, wenn Sie uns auch sagen:",
    },
    "told": {
        "en": "We have decided about your notice.",
        "de": "Wir haben über Ihre Meldung entschieden.",
    },
    "copies": {
        "en": "We also look for copies of it.",
        "de": "Wir suchen auch nach Kopien davon.",
    },
    "complaint": {
        "en": "We have received your complaint. Somebody who did not decide before looks at it.",
        "de": "Wir haben Ihre Beschwerde erhalten. Jemand, der zuvor nicht entschieden hat, sieht sie sich an.",
    },
    "upheld": {
        "en": "You were right: the decision was changed.",
        "de": "Sie hatten recht: Die Entscheidung wurde geändert.",
    },
    "not-upheld": {
        "en": "Somebody else looked at the decision, and it stands.",
        "de": "Jemand anderes hat die Entscheidung geprüft, und sie bleibt.",
    },
    "restored": {
        "en": "The restriction was taken back, and the content is there again. We are sorry for it.",
        "de": "Die Einschränkung wurde aufgehoben, und der Inhalt ist wieder da. Es tut uns leid.",
    },
    "ended": {
        "en": "The time for which the content was restricted is over, and the restriction with it.",
        "de": "Die Zeit, für die der Inhalt eingeschränkt war, ist vorbei, und damit auch die Einschränkung.",
    },
    "effect": {
        "en": "Effect was given to the order on {at}.",
        "de": "Die Anordnung wurde am {at} umgesetzt.",
    },
    "no-effect": {
        "en": "The order could not be given effect, for the reason below.",
        "de": "Die Anordnung konnte aus dem folgenden Grund nicht umgesetzt werden.",
    },
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons in its parts.

    Attributes:
        measure: What was restricted, its territory and duration.
        facts: The facts, and whether somebody notified or it was found here.
        automation: Whether machines found it or decided.
        rule: The legal ground, or the clause of the terms, and why.
        redress: The ways to contest it.
    """

    measure: str
    facts: str
    automation: str
    rule: str
    redress: str

    def __str__(self) -> str:
        """Write it as one text."""
        return f"{self.measure}\n\n{self.facts}\n\n{self.automation}\n\n{self.rule}\n\n{self.redress}"


def statement(notice: Notice, ruling: Ruling, *, bodies: bool, disclose: str = "", detected: bool = False) -> Statement:
    """Build the statement of reasons for who uploaded, in their language.

    Args:
        notice: With the ruling or before it.
        ruling: What was decided.
        bodies: Whether a law lets them turn to a body outside.
        disclose: Who notified, where they must strictly know it.
        detected: Whether it was found by automated means, other than that a check opened the notice.
    """
    language = notice.uploader_language
    where = _word("there" if ruling.territory else "everywhere", language)
    lasting = "lasting" if ruling.until is None else "until"
    until = "" if ruling.until is None else day(ruling.until, language)
    measure = text(_MEASURES[ruling.measure], language).format(territory=ruling.territory)
    why = " ".join(text(GROUNDS[each], language) for each in ruling.grounds)
    facts = _why_here(notice, language)
    if disclose:
        facts += " " + _word("notifier", language).format(who=disclose)
    found = "detected" if detected or notice.opening is Opening.DETECTION else "not-detected"
    by = "automated" if ruling.automated else "human"
    rule = rule_of(ruling.rule, language, contractual=ruling.contractual)
    return Statement(
        measure=f"{measure} {where} {_word(lasting, language).format(until=until)}",
        facts=facts,
        automation=f"{_word(found, language)} {_word(by, language)}",
        rule=f"{rule} {why}",
        redress=redress(language, bodies=bodies),
    )


def decision(notice: Notice, ruling: Ruling, *, bodies: bool) -> str:
    """Write to who sent the notice what was decided, why, and how to contest it."""
    language = notice.language
    measure = text(_MEASURES[ruling.measure], language).format(territory=ruling.territory)
    why = " ".join(text(GROUNDS[each], language) for each in ruling.grounds)
    by = _word("automated" if ruling.automated else "human", language)
    copies = [_word("copies", language)] if ruling.measure is Measure.REMOVE else []
    rule = rule_of(ruling.rule, language, contractual=ruling.contractual)
    told = " ".join((_word("told", language), measure, *copies))
    return "\n\n".join((told, f"{why} {rule}", by, redress(language, bodies=bodies)))


def effect(notice: Notice, ruling: Ruling) -> str:
    """Write to an authority what became of its order, and when."""
    language = notice.language
    if ruling.measure.restricts:
        measure = text(_MEASURES[ruling.measure], language).format(territory=ruling.territory)
        return f"{_word('effect', language).format(at=dates.moment(ruling.at, _written(language)))} {measure}"
    why = " ".join(text(GROUNDS[each], language) for each in ruling.grounds)
    return f"{_word('no-effect', language)} {why}"


def receipt(language: str) -> str:
    """Say that something was received."""
    return _word("receipt", language)


def missing(language: str, lacking: Iterable[Missing]) -> str:
    """Ask for what is missing, each thing once, what is required first."""
    asked: dict[Field, Missing] = {}
    for each in sorted(lacking, key=lambda one: one.need is not Need.REQUIRED):
        asked.setdefault(each.field, each)
    parts = []
    for need, head in ((Need.REQUIRED, "missing"), (Need.ASKED, "optional")):
        lines = [f"- {text(each.ask, language)}" for each in asked.values() if each.need is need]
        parts += ["\n".join([_word(head, language), *lines])] if lines else []
    return "\n\n".join(parts)


def complaint_receipt(language: str) -> str:
    """Say that a complaint was received."""
    return _word("complaint", language)


def complaint_decision(language: str, *, upheld: bool, bodies: bool) -> str:
    """Say what became of a complaint, and what is left to do about it."""
    if upheld:
        return _word("upheld", language)
    return f"{_word('not-upheld', language)} {_word('body' if bodies else 'court', language)}"


def restored(language: str) -> str:
    """Say that a restriction was taken back."""
    return _word("restored", language)


def ended(language: str) -> str:
    """Say that a restriction has ended when its time was over."""
    return _word("ended", language)


def rule_of(rule: str, language: str, *, contractual: bool) -> str:
    """Name the legal ground, or the clause of the terms."""
    return _word("terms" if contractual else "law", language).format(rule=rule)


def redress(language: str, *, bodies: bool) -> str:
    """Name the ways to contest something."""
    return f"{_word('redress', language)} {_word('body' if bodies else 'court', language)}"


def _why_here(notice: Notice, language: str) -> str:
    if notice.opening is Opening.ORDER and notice.order is not None:
        return _word("ordered", language).format(authority=notice.order.authority, basis=notice.order.legal_basis)
    return _word("noticed" if notice.opening is Opening.REQUEST else "found", language)


def _word(key: str, language: str) -> str:
    return text(_WORDS[key], language)


def day(at: date, language: str) -> str:
    """Write a day as the rest of a letter is written."""
    return dates.day(at, _written(language))


def _written(language: str) -> str:
    return language if language in LANGUAGES else LANGUAGES[0]


def text(texts: Texts, language: str) -> str:
    """Choose the text of a language, or of the first where there is none."""
    return texts[_written(language)]
