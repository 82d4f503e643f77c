# SPDX-License-Identifier: Apache-2.0
"""Every setting of an installation, with its unit, default and reason.

Loaded once, by ``adapters/config.py``: the TOML file, then ``NOLI_*`` environment variables, then
``NOLI_*_FILE`` for secrets. Each field's comment (``#:``) is its documentation.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from noli.base import retention
from noli.base.retention import Kind

#: Parts that each role serves; what the setting ``parts`` leaves out none does.
ROLES = {
    "all": frozenset({"intake", "api", "console", "exchange", "notice"}),
    "api": frozenset({"api"}),
    "intake": frozenset({"intake", "notice"}),
    "console": frozenset({"console"}),
    "exchange": frozenset({"exchange"}),
    "worker": frozenset[str](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of one installation."""

    #: Folder for the embedded database and everything else Noli keeps on disk.
    data: Path = Path("data")
    #: SQLAlchemy URL of the database; empty for SQLite inside ``data``. Secret: may hold a password.
    database_url: str = ""
    #: Address to listen on.
    host: str = "127.0.0.1"
    #: TCP port to listen on.
    port: int = 8000
    #: What this process is for: ``api``, ``intake`` (with the notice form), ``console``, ``exchange``, ``worker`` (what
    #: happens by itself, and health alone), or ``all`` of it. Only ``worker`` and ``all`` do what happens by itself.
    role: str = "all"
    #: Server processes that share the port.
    workers: int = 1
    #: Seconds between the signal to end and the end of new connections, in which ``/readyz`` says 503 already; as long
    #: as your load balancer takes to notice.
    drain_s: float = 0.0
    #: Child processes that decode media; 0 for one a core, shared out among ``workers``.
    decode_workers: int = 0
    #: Seconds one file may take to decode before its child is killed.
    decode_timeout_s: float = 10.0
    #: Address space of one decoding child, in MiB.
    decode_memory_mib: int = 1536
    #: Largest picture that is decoded, in pixels; larger ones are ``too_large``.
    max_pixels: int = 100_000_000
    #: Most distinct frames of an animated picture that are hashed.
    max_frames: int = 32
    #: Largest upload, in bytes.
    max_upload_bytes: int = 64 * 1024 * 1024
    #: Pictures that may wait for a decoding child over HTTP; further ones are asked to come back.
    pictures_waiting: int = 64
    #: Requests that a process answers at one time; further ones are asked to come back at once, so that those it has
    #: taken are answered soon.
    calls_at_once: int = 500
    #: Videos that are decoded at one time; 0 for one a core. They run with lower priority than pictures.
    video_workers: int = 0
    #: Videos that may wait for their turn over HTTP; further ones are asked to come back.
    videos_waiting: int = 16
    #: Seconds one video may take to decode, twice where it gets a closer look; what was read by then is checked, and
    #: the rest is left to a person.
    video_timeout_s: float = 300.0
    #: Whether every second of a video that is checked is decoded, ``on`` or ``off``: then even a short part of one long
    #: shot is found, however far apart key frames lie, at a multiple of the time.
    video_every_second: str = "off"
    #: Largest video sent over HTTP, in bytes; the command line reads files of any size.
    max_video_bytes: int = 256 * 1024 * 1024
    #: Requests a second one key may make, averaged; twice as many in a burst.
    rate_limit_per_s: int = 20_000
    #: Failed log-ins an address may make a minute before it has to wait.
    failed_auth_per_min: int = 60
    #: Entries near one hash that a bank reports at most; more are counted as "capped".
    max_neighbours: int = 1000
    #: Seconds between looks at the change sequence; a withdrawal elsewhere stops matching here within this time.
    follow_interval_s: float = 0.25
    #: Seconds that a process which cannot look at the change sequence goes on calling itself ready, so that matching
    #: outlives a database that is away; what is withdrawn elsewhere meanwhile still matches here as long.
    max_lag_s: float = 60.0
    #: Changes of the banks after which a new snapshot of their indexes is made, which the processes of a host share; a
    #: twentieth of all hashes where that is more. With fewer changes in all there is none.
    snapshot_changes: int = 50_000
    #: Differing answers that one key may get around one matched picture in 24 hours, from all processes together,
    #: before probing is assumed.
    probing_budget: int = 16
    #: Uploads that are not like each other of which one entry may block so many in 24 hours; then it asks for review
    #: only, until somebody says that it is right. 0 for no limit.
    doubted_after: int = 40
    #: Whether an uploaded picture that is near nothing is looked for a second time in banks that have no regions, as it
    #: may have been before it was cut, turned, framed or collaged: ``on`` or ``off``.
    second_look: str = "on"
    #: File with the keys that the database must not give away; empty for ``secrets/keys.json`` inside ``data``.
    key_file: str = ""
    #: Name of the bank that pictures from the intake pages go to; made on first use with the action ``review``.
    intake_bank: str = "intake"
    #: Name of the bank that keeps removed content down; made on first use with the action ``block``.
    removed_bank: str = "removed"
    #: Folder of a catalogue that ``noli catalogue add`` stored, in which copies of what was removed are searched; empty
    #: for none: then the platform searches, and answers over the API.
    catalogue: str = ""
    #: Where the service is offered, as codes of countries and unions (``US,EU``): which laws apply to its notices.
    #: Empty for everywhere, so that the strictest known law counts.
    jurisdictions: str = ""
    #: What kind of service it is, for the same: ``intermediary``, ``hosting``, ``platform`` or ``search``.
    service: str = "platform"
    #: ``small`` for micro and small enterprises, which some laws exempt; else ``large``.
    enterprise: str = "large"
    #: Submissions an hour from one network; helplines that submit for many need more.
    submissions_per_hour: int = 30
    #: Leading zero bits of the proof of work that a submission costs; one more doubles it. 18 is a second on a phone.
    proof_of_work_bits: int = 18
    #: Memory that hashing a passphrase takes, in MiB, and with it the time.
    password_memory_mib: int = 64
    #: Passphrases that are hashed at the same time; further log-ins wait.
    passwords_at_once: int = 1
    #: Log-ins that wait for their turn; further ones are asked to come back.
    passwords_waiting: int = 20
    #: What is served, separated by commas: ``intake`` (the pages at ``/``), ``api``, ``console``, ``exchange`` (for
    #: partners), ``notice`` (the public form at ``/notice``).
    parts: str = "intake,api,console,exchange,notice"
    #: How the public form for notices calls the platform; empty for no name.
    platform_name: str = ""
    #: Origins whose pages may show the notice form in a frame, separated by commas, ``https://www.platform.example``;
    #: empty for none.
    notice_embedders: str = ""
    #: Address under which people reach the pages, ``https://noli.example``; empty for what their browser asked for.
    public_url: str = ""
    #: Addresses or networks of the reverse proxies whose ``X-Forwarded-For`` is believed, separated by commas.
    trusted_proxies: str = ""
    #: Hosts inside your own network that may be called (webhooks, time-stamp authority), separated by commas; also
    #: without TLS. Public hosts need no mention; all other private, loopback and link-local addresses are refused.
    private_hosts: str = ""
    #: Address of a time-stamp authority (RFC 3161) that signed roots of the ledger are shown to each day; empty for
    #: none.
    timestamp_url: str = ""
    #: PEM file with the root certificates of that authority.
    timestamp_certificates: str = ""
    #: Name servers that are asked who is behind a link, separated by commas (``192.0.2.53``, ``[2001:db8::53]:5353``);
    #: empty for those of the machine.
    dns_servers: str = ""
    #: Where the lists are that say which registry answers for a domain or address (RFC 9224); empty to ask none.
    rdap_url: str = "https://data.iana.org/rdap"
    #: DNS zone that tells which network announces an address; empty to ask none.
    asn_zone: str = "asn.cymru.com"
    #: How the organisation is called in the requests that it sends; it signs them.
    organisation: str = ""
    #: As whom it writes under the laws: ``helpline``, ``trusted-flagger`` or ``agent``.
    writes_as: str = "helpline"
    #: Mail address that requests come from and that answers go to.
    mail_from: str = ""
    #: Mail server that requests go out by, ``smtps://user:password@mail.example.org``; empty for none. Secret.
    smtp_url: str = ""
    #: Mailbox that answers come to, ``imaps://user:password@mail.example.org/INBOX``; empty for none. Secret.
    imap_url: str = ""
    #: Name in the DNS under which the key stands that mail is signed with; ``noli mail key`` prints it.
    dkim_selector: str = "noli"
    #: Where evidence packages are kept: ``s3://bucket/folder`` for an object store that speaks S3, with
    #: ``?endpoint_override=…`` for any but Amazon's; empty for the folder ``packages`` inside ``data``. Secret: may
    #: hold keys (``s3://KEY:SECRET@bucket/…``), else they are looked for where the store's usual tools have them.
    packages_url: str = ""
    #: What happens when the clock of a request runs out: ``draft`` writes the next one for staff, ``send`` also sends
    #: it, by mail, where it lacks nothing and the address came from a registry or the addressee's own page.
    next_step: str = "draft"
    #: Where the pages' "leave" button leads: a site that says nothing about who opens it.
    exit_url: str = "https://www.wikipedia.org/"
    #: Country whose helplines are shown first where the browser does not tell: two letters, or empty.
    country: str = ""
    #: Hosts from which ``/hma`` fetches files that callers name by URL, separated by commas; ``*`` for all public ones,
    #: empty for none. Only ``https`` is called, except on ``private_hosts``; redirects are not followed.
    hma_url_hosts: str = ""
    #: Address of the platform's own previews for the console, with ``{ref}`` where a content's reference belongs; empty
    #: for none. Pictures, or videos, of which still pictures are made. Called only when somebody asks to see one,
    #: signed, and never kept. Needs ``preview_secret``.
    preview_url: str = ""
    #: Secret that requests for previews are signed with (HMAC-SHA256).
    preview_secret: str = ""
    #: Days that notices are kept after nothing was left to do; this and the next ones: see [retention](retention.md).
    keep_notices_days: int = retention.NOTICES.default
    #: Days that records of who sends and uploads are kept after anything happened to them last.
    keep_records_days: int = retention.RECORDS.default
    #: Days that cases are kept after the person withdrew everything in them without erasing them.
    keep_cases_days: int = retention.CASES.default
    #: Days that checks which matched are kept.
    keep_checks_days: int = retention.CHECKS.default
    #: Days that it is known who was shown which preview.
    keep_looks_days: int = retention.LOOKS.default
    #: Days that deliveries to webhooks are kept after they were delivered or given up.
    keep_deliveries_days: int = retention.DELIVERIES.default
    #: Days that answers are kept for requests which are sent again under the same ``Idempotency-Key``.
    keep_answers_days: int = retention.ANSWERS.default
    #: Days that references are kept of partners' records that could not be used.
    keep_unusable_days: int = retention.UNUSABLE.default
    #: Hours after which one has to log in anew, however much one does.
    keep_sessions_hours: int = retention.SESSIONS.default
    #: Log lines as ``json`` or ``text``.
    log_format: str = "json"

    @property
    def served(self) -> frozenset[str]:
        """The parts that this process serves."""
        return ROLES[self.role] & set(self.parts.split(","))

    def kept(self, kind: Kind) -> timedelta | None:
        """Say how long a kind of datum is kept here; None where no clock runs."""
        return kind.unit * int(getattr(self, kind.setting)) if kind.setting else kind.period

    @property
    def does_jobs(self) -> bool:
        """Whether this process does what happens by itself."""
        return self.role in {"all", "worker"}
