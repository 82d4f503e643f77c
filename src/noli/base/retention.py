# SPDX-License-Identifier: Apache-2.0
"""How long everything that is stored is kept, why, and what happens at the end: one row a kind of datum.

This is the only place. Settings (``keep_…``), their bounds, every sweep, ``noli retention``, ``noli doctor`` and the
page of the reference read it here; a test holds it against the tables, so that none is forgotten. A kind with a period
has a clock and a sweep; one without stays until what ``since`` says.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Ending(StrEnum):
    """What happens when the time is over."""

    #: The rows are deleted.
    GONE = "deleted"
    #: The key is destroyed under which everything personal is sealed; the open part of events, and the ledger, stay.
    SHREDDED = "crypto-shredded"
    #: Nothing, by itself.
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Bound:
    """How short or long a period may be set, and what says so."""

    period: timedelta
    why: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of datum.

    Attributes:
        name: What it is called in settings, commands and jobs.
        datum: What it is.
        tables: Where it stands; empty where it is not in the database.
        why: Why it is kept so long, and no longer.
        period: How long, where no setting says otherwise; None where no clock runs.
        since: From what the period counts; of what has none, until when it stays.
        ending: What happens then.
        ends: That in words: what goes, and what stays for statistics and proof.
        least: No setting goes below this; None where nothing can be set.
        most: No setting goes above this.
        unit: In what the setting counts.
        held: Whether a preservation hold stops it.
        rule: How the erasure is cited in the ledger; empty where nothing is shredded.
    """

    name: str
    datum: str
    tables: tuple[str, ...]
    why: str
    since: str
    ends: str
    ending: Ending = Ending.KEPT
    period: timedelta | None = None
    least: Bound | None = None
    most: Bound | None = None
    unit: timedelta = DAY
    held: bool = False
    rule: str = ""

    @property
    def setting(self) -> str:
        """The setting's name; empty where nothing can be set."""
        return f"keep_{self.name}_{'days' if self.unit == DAY else 'hours'}" if self.least else ""

    @property
    def default(self) -> int:
        """The setting's default, in its unit."""
        return (self.period or timedelta()) // self.unit

    @property
    def bounds(self) -> tuple[int, int]:
        """The setting's smallest and largest value; 0 and 0 where nothing can be set."""
        if self.least is None or self.most is None:
            return 0, 0
        return self.least.period // self.unit, self.most.period // self.unit


#: Half a year at its longest.
_COMPLAINTS = Bound(
    184 * DAY,
    "Complaints are possible for six months after a decision, and who decides them must see what it was about.",
    "Regulation (EU) 2022/2065 (Digital Services Act), Art. 20(1)",
)
_TEN_YEARS = Bound(
    3653 * DAY,
    "What has no end is no period. One notice or case that is needed longer is held by itself.",
    "Regulation (EU) 2016/679 (GDPR), Art. 5(1)(e)",
)

NOTICES = Kind(
    name="notices",
    datum="what people wrote in a notice, where the content is, whom it is about, decisions and letters",
    tables=("notice_file", "notice_event", "notice_entry"),
    why="Complaints are possible for six months, and proceedings about them for about as long again.",
    period=366 * DAY,
    since="nothing was left to do, no restriction ran and no hold stood",
    ending=Ending.SHREDDED,
    ends="Texts, addresses, references and letters become unreadable. Kinds of events, measures, grounds, laws and "
    "times stay for figures, transparency reports and the ledger.",
    least=_COMPLAINTS,
    most=_TEN_YEARS,
    held=True,
    rule="retention of notices",
)

RECORDS = Kind(
    name="records",
    datum="who sends notices or uploads, with findings, warnings, hearings and suspensions",
    tables=("record_file", "record_event"),
    why="The longest suspension ends within half a year; what is older says nothing about today.",
    period=731 * DAY,
    since="anything happened to it last",
    ending=Ending.SHREDDED,
    ends="Who it was becomes unreadable. That there was a measure, when and by which rule, stays for transparency "
    "reports.",
    least=Bound(
        366 * DAY,
        "The longest suspension (180 days) and the six months in which it can be complained about have to fit in.",
        "Regulation (EU) 2022/2065 (Digital Services Act), Art. 20(1) and 23",
    ),
    most=_TEN_YEARS,
    rule="retention of records",
)

CASES = Kind(
    name="cases",
    datum="a person's case: contact, what they told, links, messages, requests to others and their answers",
    tables=("case_file", "case_event", "case_entry", "pursuit_file", "pursuit_event", "pursuit_tie"),
    why="Open cases are the person's own and stay until they end them. What they withdrew without erasing it they may "
    "still need for a complaint or in court.",
    period=731 * DAY,
    since="the person withdrew everything, and nothing was written since",
    ending=Ending.SHREDDED,
    ends="Everything personal becomes unreadable, evidence packages are deleted; number and words go on showing that "
    "the case was erased. At the person's word it happens at once.",
    least=Bound(90 * DAY, "Whoever withdrew under pressure must find it still there when they come back."),
    most=_TEN_YEARS,
    rule="retention of cases",
)

CHECKS = Kind(
    name="checks",
    datum="checks that matched: the platform's reference of an upload, its hashes, and what they were near to",
    tables=("matched_check", "check_match"),
    why="Who contests a refused upload within six months must be answered from how near it was. Checks that matched "
    "nothing leave counters alone.",
    period=200 * DAY,
    since="the check",
    ending=Ending.GONE,
    ends="Check and matches are gone. Decisions, their grounds and their numbers stand in notices. The newest one is "
    "emptied instead, because its number says where to read on. One whose reference stands in a notice that has "
    "something to do, or is held, stays until that is over.",
    least=_COMPLAINTS,
    most=Bound(
        731 * DAY, "It says who uploaded what for as long as it lasts.", "Regulation (EU) 2016/679 (GDPR), Art. 5(1)(c)"
    ),
    held=True,
)

LOOKS = Kind(
    name="looks",
    datum="which member of staff was shown which preview",
    tables=("look",),
    why="Whether somebody looked at what was decided matters as long as it can be complained about.",
    period=200 * DAY,
    since="the look",
    ending=Ending.GONE,
    ends="The row is gone; the ledger goes on saying that the notice was looked at.",
    least=_COMPLAINTS,
    most=_TEN_YEARS,
)

DELIVERIES = Kind(
    name="deliveries",
    datum="messages to webhooks that were delivered or given up, with the receivers' answers",
    tables=("outbox_message", "outbox_delivery"),
    why="A receiver that was down can be sent again what it missed.",
    period=30 * DAY,
    since="it was delivered or given up; what waits stays",
    ending=Ending.GONE,
    ends="Message and delivery are gone; messages hold ids, and what they told of stays where it was.",
    least=Bound(7 * DAY, "Whoever comes back after a long weekend must still be able to send dead letters again."),
    most=Bound(366 * DAY, "Events can be read from the API for as long as they exist."),
)

ANSWERS = Kind(
    name="answers",
    datum="answers that were given under an Idempotency-Key",
    tables=("idempotency",),
    why="A caller that did not hear back sends the same again and must not do it twice.",
    period=7 * DAY,
    since="the answer",
    ending=Ending.GONE,
    ends="The row is gone; the same key then counts as a new one.",
    least=Bound(3 * DAY, "Callers try again for as long as webhooks do: 72 hours."),
    most=Bound(30 * DAY, "An answer may repeat what a person wrote."),
)

SESSIONS = Kind(
    name="sessions",
    datum="sessions of persons and staff, as digests of their tokens",
    tables=("session",),
    why="After it one has to prove anew who one is.",
    period=12 * HOUR,
    since="log-in",
    ending=Ending.GONE,
    ends="The session ends, and its row goes. Half an hour without use ends it as well.",
    least=Bound(1 * HOUR, "Shorter ones end in the middle of work."),
    most=Bound(
        12 * HOUR, "One has to log in anew at least once in twelve hours.", "NIST SP 800-63B, section 4.2.3 (AAL2)"
    ),
    unit=HOUR,
)

UNUSABLE = Kind(
    name="unusable",
    datum="references of partners' records that could not be used, and why; of each partner the newest alone",
    tables=("quarantined",),
    why="Somebody must be able to see what is wrong and to tell the partner.",
    period=90 * DAY,
    since="it came in",
    ending=Ending.GONE,
    ends="The row is gone; how many there were stays counted.",
    least=Bound(7 * DAY, "Nobody looks every day."),
    most=Bound(366 * DAY, "It helps nobody any more."),
)

CHALLENGES = Kind(
    name="challenges",
    datum="proofs of work that were used, as digests",
    tables=("spent_challenge",),
    why="None may be used twice; what ran out is not accepted any more anyway, and a day makes up for clocks.",
    period=DAY,
    since="it ran out, two hours after it was given",
    ending=Ending.GONE,
    ends="The row is gone.",
)

PROBES = Kind(
    name="probes",
    datum="hashes that a key looked for near a matched picture, and a digest of what it was told",
    tables=("probe",),
    why="So long all processes together count them against the key's budget (``probing_budget``).",
    period=DAY,
    since="the answer",
    ending=Ending.GONE,
    ends="The row is gone.",
)

#: What a clock runs for, in the order in which it is swept.
SWEPT = (SESSIONS, CHALLENGES, PROBES, ANSWERS, DELIVERIES, UNUSABLE, LOOKS, CHECKS, NOTICES, RECORDS, CASES)

#: What has no clock, and why.
LASTING = (
    Kind(
        name="banks",
        datum="banks, entries with their hashes, opinions about them, and the sequence of changes",
        tables=("bank", "entry", "banked_hash", "banked_regions", "opinion", "bank_change"),
        why="They are the protection itself. Of a withdrawn entry the hash stays, inactive and searched by nobody: "
        "partners whose protocol knows entries by their hash are told of the withdrawal by it, however long they were "
        "away.",
        since="somebody withdraws them",
        ends="A withdrawn entry stops matching within a second; its regions are deleted at once.",
    ),
    Kind(
        name="ledger",
        datum="the ledger, its signed roots and time-stamps: that something happened, when, by which rule, under "
        "pseudonymous ids",
        tables=("ledger_entry", "ledger_root", "ledger_timestamp", "ledger_tile"),
        why="It shows that nothing was changed afterwards; with the keys destroyed it is about nobody.",
        since="the end of the installation",
        ends="Nothing of it can be changed or deleted.",
    ),
    Kind(
        name="figures",
        datum="how many notices came in, were decided, missed a clock or were restored on a day",
        tables=("notice_figure",),
        why="They are numbers of days, of which nobody can be told.",
        since="the end of the installation",
        ends="They stay as they are whatever is erased.",
    ),
    Kind(
        name="finding",
        datum="by which links, hosts and references a case or notice is found, as keyed digests",
        tables=("found_by",),
        why="Without it a notice about one link could be found only by reading all.",
        since="its case or notice is erased",
        ends="It is deleted with it.",
    ),
    Kind(
        name="staff",
        datum="accounts of staff: name, role, sealed secrets, passkeys, own settings, what they stepped aside from",
        tables=("staff", "passkey", "recovery_code", "desk_setting", "stepped_aside"),
        why="Decisions name who made them for as long as there are decisions; a disabled account lets nobody in.",
        since="the end of the installation",
        ends="A disabled account has no session any more; its name stays.",
    ),
    Kind(
        name="keys",
        datum="names, scopes and digests of API keys",
        tables=("api_key",),
        why="Checks, notices and the ledger name the key that they came by.",
        since="the end of the installation",
        ends="A revoked key opens nothing; its name is never given again.",
    ),
    Kind(
        name="partners",
        datum="agreements with partners, what came from and went to them, their receipts and doubts; no persons",
        tables=(
            "partner",
            "partner_key",
            "partner_share",
            "partner_import",
            "sync_state",
            "received",
            "held_doubt",
            "receipt",
            "share_step",
            "feed_identity",
            "feed_head",
        ),
        why="Whoever was given a hash must be told when it is withdrawn, and that they were told must be shown.",
        since="the end of the installation",
        ends="What was held goes when somebody decided about it.",
    ),
    Kind(
        name="webhooks",
        datum="addresses of webhooks, with sealed secrets",
        tables=("webhook",),
        why="They are in use.",
        since="somebody removes them",
        ends="They are deleted with their deliveries.",
    ),
    Kind(
        name="work",
        datum="jobs that wait, and how far readers have come; ids alone",
        tables=("job", "feed_position"),
        why="Nothing that is due may be forgotten.",
        since="the job is done",
        ends="The row is gone.",
    ),
    Kind(
        name="packages",
        datum="evidence packages, in a folder or an object store",
        tables=(),
        why="They are made for one case, to be shown to others.",
        since="their case is erased",
        ends="They are deleted with it; what was handed out is out of our hands.",
    ),
    Kind(
        name="catalogues",
        datum="hashes of a platform's catalogue that 'noli catalogue add' stored, and reports of scans",
        tables=(),
        why="What is removed is searched for in it.",
        since="somebody deletes the folder",
        ends="They are the platform's own files.",
    ),
    Kind(
        name="mail",
        datum="answers in the mailbox that requests are sent from",
        tables=(),
        why="Noli reads the mailbox and changes nothing in it.",
        since="your mail server says",
        ends="What was read stands in its case, and goes with it.",
    ),
    Kind(
        name="backups",
        datum="backups, encrypted to a key that is not on the server",
        tables=(),
        why="What was erased is still in a backup from before, under keys that the same backup holds.",
        since="you delete them",
        ends="Keep none longer than you promise that erased data are gone; after a restore what is due is swept again.",
    ),
)

#: The whole policy.
POLICY = (*SWEPT, *LASTING)

#: How it is cited where somebody asked for an erasure and no law that applies says so.
ON_REQUEST = "erasure on request"
