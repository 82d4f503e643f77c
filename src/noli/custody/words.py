# SPDX-License-Identifier: Apache-2.0
"""The words of evidence packages, in English and German: calm, exact, for readers who do not know the software."""

from collections.abc import Mapping

#: One sentence for each kind of event that a package tells of; every other kind stays out of it.
STORY: Mapping[str, tuple[str, str]] = {
    "case.opened": (
        "The case was opened. Reported by: %(reporter)s. Situation: %(situation)s.",
        "Der Fall wurde eröffnet. Gemeldet von: %(reporter)s. Lage: %(situation)s.",
    ),
    "item.added": (
        "Registered by its fingerprints alone (%(hashes)s): %(what)s. The file itself was never sent.",
        "Allein mit Fingerabdrücken (%(hashes)s) registriert: %(what)s. Die Datei selbst wurde nie übertragen.",
    ),
    "link.added": ("A copy was reported at: %(url)s", "Eine Kopie wurde gemeldet unter: %(url)s"),
    "matches.found": (
        "%(platform)s met copies of what was registered: %(count)s, the last on %(last_at)s. Its answer: %(verdict)s.",
        "%(platform)s traf auf Kopien des Registrierten: %(count)s, zuletzt am %(last_at)s. Die Antwort: %(verdict)s.",
    ),
    "share.made": (
        "The fingerprints of %(items)s files were given to %(recipient)s.",
        "Die Fingerabdrücke von %(items)s Dateien gingen an %(recipient)s.",
    ),
    "share.confirmed": ("%(recipient)s confirmed that it has them.", "%(recipient)s bestätigte den Empfang."),
    "withdrawal.requested": (
        "The person asked to withdraw everything, by %(due_at)s.",
        "Die Person bat darum, alles zurückzuziehen, zum %(due_at)s.",
    ),
    "withdrawal.revoked": ("The person took that back.", "Die Person nahm das zurück."),
    "withdrawal.told": (
        "%(recipient)s was told of the withdrawal.",
        "%(recipient)s wurde die Rücknahme mitgeteilt.",
    ),
    "withdrawal.confirmed": (
        "%(recipient)s confirmed the withdrawal.",
        "%(recipient)s bestätigte die Rücknahme.",
    ),
    "withdrawal.refused": (
        "%(recipient)s cannot honour the withdrawal.",
        "%(recipient)s kann die Rücknahme nicht umsetzen.",
    ),
    "case.withdrawn": (
        "Everything was withdrawn (%(items)s files): nothing is matched any more.",
        "Alles wurde zurückgezogen (%(items)s Dateien): Es wird nichts mehr abgeglichen.",
    ),
    "state.changed": ("State of the case: %(state)s.", "Stand des Falls: %(state)s."),
    "evidence.captured": (
        "An evidence package was made (SHA-256 %(digest)s).",
        "Ein Beweispaket wurde erstellt (SHA-256 %(digest)s).",
    ),
    "pursuit.opened": ("Work on the copies at %(site)s began.", "Das Vorgehen gegen die Kopien auf %(site)s begann."),
    "pursuit.copy-added": ("It is about: %(url)s", "Es geht um: %(url)s"),
    "pursuit.looked-up": (
        "Name servers and registries were asked who is responsible for %(site)s. They said: %(parties)s",
        "Nameserver und Register wurden gefragt, wer für %(site)s zuständig ist. Auskunft: %(parties)s",
    ),
    "pursuit.party-added": (
        "Named by staff as responsible: %(parties)s",
        "Von uns als zuständig benannt: %(parties)s",
    ),
    "request.drafted": (
        "Request %(number)s to %(name)s (%(rung)s) was written. It rests on: %(laws)s.",
        "Anfrage %(number)s an %(name)s (%(rung)s) wurde verfasst. Sie stützt sich auf: %(laws)s.",
    ),
    "request.mail-queued": (
        "A mail of request %(number)s was released for %(address)s.",
        "Eine Mail zu Anfrage %(number)s wurde für %(address)s freigegeben.",
    ),
    "request.mail-sent": (
        "The mail server took the mail of request %(number)s for %(address)s.",
        "Der Mailserver nahm die Mail zu Anfrage %(number)s für %(address)s an.",
    ),
    "request.mail-failed": (
        "The mail of request %(number)s could not be delivered: %(reason)s",
        "Die Mail zu Anfrage %(number)s konnte nicht zugestellt werden: %(reason)s",
    ),
    "request.sent": (
        "Request %(number)s to %(name)s was sent. %(clock)s",
        "Anfrage %(number)s an %(name)s ist versandt. %(clock)s",
    ),
    "request.reply-received": (
        "Mail came back on request %(number)s from %(sender)s (%(kind)s).",
        "Zu Anfrage %(number)s kam Mail von %(sender)s (%(kind)s).",
    ),
    "request.settled": (
        "On record for request %(number)s to %(name)s: %(outcome)s.",
        "Festgehalten zu Anfrage %(number)s an %(name)s: %(outcome)s.",
    ),
    "request.lapsed": (
        "The time of request %(number)s to %(name)s ran out.",
        "Die Frist von Anfrage %(number)s an %(name)s lief ab.",
    ),
}

#: Words for codes, and for parts of sentences and pages.
WORDS: Mapping[str, tuple[str, str]] = {
    "depicted-person": ("the person shown", "der abgebildeten Person"),
    "helpline": ("a helpline", "einer Beratungsstelle"),
    "lawyer": ("a lawyer", "einer Anwältin oder einem Anwalt"),
    "guardian": ("a guardian", "einer gesetzlichen Vertretung"),
    "friend": ("somebody whom the person trusts", "einer Vertrauensperson"),
    "other": ("somebody else for the person", "jemand anderem für die Person"),
    "files": ("files that the person has", "Dateien, die die Person hat"),
    "links": ("links to copies", "Links zu Kopien"),
    "threat": ("a threat", "eine Drohung"),
    "image": ("a picture", "ein Bild"),
    "video": ("a video", "ein Video"),
    "allow": ("let through", "durchgelassen"),
    "review": ("held for a person to look", "zur Prüfung angehalten"),
    "block": ("stopped", "verhindert"),
    "open": ("open", "offen"),
    "in-progress": ("in progress", "in Arbeit"),
    "waiting": ("waiting", "wartet"),
    "closed": ("closed", "geschlossen"),
    "site": ("site", "Website"),
    "host": ("hosting provider", "Hostinganbieter"),
    "cdn": ("delivery network", "Auslieferungsnetz"),
    "registrar": ("registrar", "Registrar"),
    "search": ("search engine", "Suchmaschine"),
    "payment": ("payment provider", "Zahlungsanbieter"),
    "book": ("addressee book", "Adressbuch"),
    "rdap": ("registry (RDAP)", "Register (RDAP)"),
    "convention": ("usual address of a domain, not confirmed", "übliche Adresse einer Domain, nicht bestätigt"),
    "staff": ("staff", "Mitarbeitende"),
    "answer": ("an answer", "eine Antwort"),
    "automatic": ("a machine's confirmation", "eine automatische Bestätigung"),
    "bounce": ("could not be delivered", "nicht zustellbar"),
    "removed": ("removed", "entfernt"),
    "refused": ("refused", "abgelehnt"),
    "passed-on": ("pointed at somebody else", "an andere verwiesen"),
    "due": ("Time until %(at)s (%(words)s; %(source)s).", "Frist bis %(at)s (%(words)s; %(source)s)."),
    "no-clock": ("No term is set for it.", "Dafür ist keine Frist bestimmt."),
    "none": ("none", "keine"),
    "running": ("running", "läuft"),
    "kept": ("kept", "gewahrt"),
    "missed": ("missed", "versäumt"),
    "ended": ("ended without removal", "beendet ohne Entfernung"),
    "nobody": ("nobody was found", "niemand gefunden"),
    "house": ("no particular law", "kein bestimmtes Gesetz"),
    "person": ("the person or who acts for them", "die Person oder wer für sie handelt"),
    "system": ("the software", "die Software"),
    "command line": ("the operator", "der Betreiber"),
    "staff-member": ("staff member %(id)s", "Mitarbeitende Person %(id)s"),
    "program": ("program “%(id)s”", "Programm „%(id)s“"),
    "title": ("Evidence package", "Beweispaket"),
    "of": ("Case %(case)s, made on %(at)s by %(by)s.", "Fall %(case)s, erstellt am %(at)s durch %(by)s."),
    "made-at": ("Organisation: %(organisation)s.", "Organisation: %(organisation)s."),
    "story": ("What happened", "Was geschah"),
    "requests": ("Requests and their terms", "Anfragen und ihre Fristen"),
    "copies": ("Where copies were reported", "Wo Kopien gemeldet wurden"),
    "none-of": ("Nothing is on record.", "Nichts ist festgehalten."),
    "when": ("When (UTC)", "Wann (UTC)"),
    "who": ("Who", "Wer"),
    "what": ("What", "Was"),
    "entry": ("Ledger", "Register"),
    "number": ("Request", "Anfrage"),
    "to": ("To", "An"),
    "sent": ("Sent", "Versandt"),
    "until": ("Term", "Frist"),
    "term": ("Kept?", "Gewahrt?"),
    "outcome": ("Outcome", "Ergebnis"),
    "address": ("Address", "Adresse"),
    "reported": ("Reported", "Gemeldet"),
}

#: What a package says of itself, before its table of files.
ABOUT: Mapping[str, str] = {
    "en": """\
EVIDENCE PACKAGE

What it shows
  What this organisation had on record of one case when the package was made: where
  copies were reported, when and by whom; who was found responsible and who said so;
  each request as it was sent; what came back; terms, and whether they were kept.
  Each line stands in an append-only ledger. The proofs in ledger.json show that it
  stood there when the root was signed, and was not changed since.

What it does not show
  The picture or video: it never reached this organisation and is in no file here.
  Whether a copy is still where it was reported, or what it shows: nobody here fetched
  it. That the sender of a mail is who the mail says. What was attached to answers:
  it was never fetched. Times are those of the organisation's clock, unless a
  time-stamp authority signed the root (timestamp.tsr).

What was left out
  The person's name, contact, passphrase and case number, what they told in their own
  words, their messages with caseworkers, and caseworkers' notes and names. Members
  of staff stand here by a pseudonym that the organisation can resolve. A request
  holds the name of the person only where a law asked for it and it was sent.
  Fingerprints of files are here only where hashes.json is: they are no picture, but
  parts of one could be guessed from them. Handle them like the rest of the file.
  Notices that reached this organisation as a platform are kept apart from cases, so
  that nobody can join the two; they are not part of a case's package.

How to check it
  noli evidence verify FILE [--key KEY], on any computer, without a network. KEY is
  the organisation's public key; ask for it on another way than this file. By hand:
  manifest.json lists the SHA-256 of every file; manifest.sig is an Ed25519 signature
  over the text "noli-evidence-package-1", a line feed, and manifest.json; ledger.json
  holds RFC 6962 proofs and the root as a signed note.

Files
""",
    "de": """\
BEWEISPAKET

Was es zeigt
  Was dieser Organisation zu einem Fall vorlag, als das Paket erstellt wurde: wo, wann
  und von wem Kopien gemeldet wurden; wer als zuständig ermittelt wurde und nach
  welcher Quelle; jede Anfrage so, wie sie versandt wurde; was zurückkam; Fristen und
  ob sie gewahrt wurden. Jede Zeile steht in einem Register, dem nur angefügt werden
  kann. Die Nachweise in ledger.json zeigen, dass sie dort stand, als die Wurzel
  signiert wurde, und seither nicht verändert wurde.

Was es nicht zeigt
  Das Bild oder Video: Es hat diese Organisation nie erreicht und ist in keiner Datei
  hier. Ob eine Kopie noch dort ist, wo sie gemeldet wurde, oder was sie zeigt:
  Niemand hier hat sie abgerufen. Dass eine Mail von der Stelle stammt, die sie nennt.
  Was Antworten angehängt war: Es wurde nie abgerufen. Zeiten sind die der Uhr dieser
  Organisation, sofern nicht ein Zeitstempeldienst die Wurzel signiert hat
  (timestamp.tsr).

Was weggelassen wurde
  Name, Kontakt, Passphrase und Fallnummer der Person, was sie mit eigenen Worten
  erzählt hat, ihre Nachrichten mit der Beratung sowie Notizen und Namen der
  Beratenden. Mitarbeitende stehen hier unter einem Pseudonym, das die Organisation
  auflösen kann. Den Namen der Person enthält eine Anfrage nur, wo ein Gesetz ihn
  verlangte und sie so versandt wurde. Fingerabdrücke von Dateien sind nur dabei, wo
  es hashes.json gibt: Sie sind kein Bild, doch Teile davon ließen sich daraus
  erraten. Behandeln Sie sie wie den Rest der Datei. Meldungen, die diese Organisation
  als Plattform erreichten, werden getrennt von Fällen gehalten, damit niemand beides
  verbinden kann; sie gehören nicht zum Paket eines Falls.

Wie man es prüft
  noli evidence verify DATEI [--key SCHLÜSSEL], auf jedem Rechner, ohne Netz.
  SCHLÜSSEL ist der öffentliche Schlüssel der Organisation; erfragen Sie ihn auf einem
  anderen Weg als mit dieser Datei. Von Hand: manifest.json nennt die SHA-256 jeder
  Datei; manifest.sig ist eine Ed25519-Signatur über den Text
  "noli-evidence-package-1", einen Zeilenvorschub und manifest.json; ledger.json
  enthält Nachweise nach RFC 6962 und die Wurzel als signierte Notiz.

Dateien
""",
}


def word(key: str, language: str) -> str:
    """Return the word for a code; the code itself where there is none."""
    return WORDS[key][language == "de"] if key in WORDS else key
