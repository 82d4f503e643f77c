# SPDX-License-Identifier: Apache-2.0
"""Cases in a whole installation: from submitting to withdrawing, through crashes, races and guessing."""

import json
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from noli.access.model import ApiKey, Role, Scope, Staff
from noli.app import App
from noli.base.config import Config
from noli.base.errors import NoliError, Throttled, Unauthenticated
from noli.casework import work
from noli.casework.model import CaseFilter, Receipt
from noli.cli import main
from noli.matching.service import Upload
from tests.conftest import opened
from tests.support.casework import CALLER, FakeClock, made_up_item, submission
from tests.support.killing import said_before_the_kill
from tests.support.server import Server, check_hex, eventually
from tests.support.statements import statements

# Submitters that are killed, each after a random moment of work.
_KILLS = 3

# Submits cases for ever, each twice, and says which were acknowledged.
_SUBMITTER = """
from pathlib import Path
from noli.casework import work as proofs
from tests.journeys.test_cases import installation
from tests.support.casework import made_up_item, submission

def work(url, folder, first):
    app, number = installation(Path(folder), url), int(first)
    while True:
        token = app.intake.new_token()
        print("trying", token, number, flush=True)
        proof = proofs.solve(app.intake.challenge())
        receipt = app.intake.submit(submission(made_up_item(number)), token=token, proof=proof, caller=b"x")
        print("acknowledged", token, number, receipt.number, receipt.passphrase, flush=True)
        number += 1
"""


def installation(folder: Path, url: str = "", *, memory_mib: int = 8) -> App:
    """Open an installation in which hashing is quick, with its index loaded."""
    settings = Config(
        data=folder,
        database_url=url,
        password_memory_mib=memory_mib,
        proof_of_work_bits=2,
        submissions_per_hour=100_000,
    )
    opened(url, folder).close()
    app = App.open(settings)
    app.indexes.load(app.store)
    return app


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[App]:
    """An installation on each kind of database."""
    made = installation(tmp_path, database_url)
    yield made
    made.close()


def _submit(app: App, *seeds: int, token: str = "") -> Receipt:
    proof = work.solve(app.intake.challenge())
    items = map(made_up_item, seeds)
    return app.intake.submit(submission(*items), token=token or app.intake.new_token(), proof=proof, caller=CALLER)


def _count(app: App) -> int:
    return len(app.desk.cases(_LEAD, CaseFilter(), limit=10_000))


_LEAD = Staff("lead", "lead", Role.LEAD, FakeClock().now(), FakeClock().now())


def _key(app: App) -> ApiKey:
    return app.access.create("platform", [Scope.CHECKS])[0]


def test_a_withdrawal_reaches_a_running_server(tmp_path: Path) -> None:
    """A server that only checks holds an upload while it is protected, and lets it through after the withdrawal."""
    server = Server(tmp_path)
    platform = server.key("platform", "checks")
    app = installation(tmp_path)
    value = made_up_item(1).hashes[0].hex
    assert check_hex(server, platform, value) == "allow"
    receipt = _submit(app, 1)
    eventually(lambda: check_hex(server, platform, value) == "review")
    case = app.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case
    app.cases.request_withdrawal(case, erase=False)
    eventually(lambda: check_hex(server, platform, value) == "allow")
    app.close()
    server.stop()


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(app: App, database_url: str, tmp_path: Path) -> None:
    """After kill -9 at any moment each acknowledged case is there whole; sending again doubles none and loses none."""
    starts = [str(1 + kill * 1000) for kill in range(_KILLS)]
    said = said_before_the_kill(
        _SUBMITTER, (database_url, str(tmp_path)), starts, dice=random.Random(3), after=2, longest_s=0.3
    )
    acknowledged: dict[str, tuple[int, str, str]] = {}
    unanswered: dict[str, int] = {}
    for line in said:
        state, token, number, *rest = line.split(maxsplit=4)
        if state == "trying":
            unanswered[token] = int(number)
        else:
            acknowledged[token] = int(number), rest[0], rest[1]
            del unanswered[token]
    assert len(acknowledged) >= _KILLS
    assert app.ledger.verify().whole
    for token, (seed, number, words) in acknowledged.items():
        case = app.cases.view(app.entrance.log_in(number, words, caller=token.encode()).case)
        assert len(case.protected) == 1
        assert not _submit(app, seed, token=token).created
    before = _count(app)
    assert len(acknowledged) <= before <= len(acknowledged) + len(unanswered)
    # Who got no answer sends again: the same case where it had been stored, a new one where it had not.
    stored = sum(not _submit(app, seed, token=token).created for token, seed in unanswered.items())
    assert _count(app) == len(acknowledged) + len(unanswered)
    assert before == len(acknowledged) + stored
    with app.store.transaction() as transaction:
        assert transaction.bank("intake").entries == _count(app)


def test_withdrawing_while_copies_are_found(app: App) -> None:
    """Checks, matches being told and a withdrawal at the same time: no error, and afterwards nothing matches."""
    app.upkeep._settled_after = app.upkeep._settled_after * 0
    key = _key(app)
    receipts = [_submit(app, number) for number in range(1, 7)]
    cases = [app.entrance.log_in(r.number, r.passphrase, caller=CALLER).case for r in receipts]
    stop, failed = threading.Event(), []

    def repeat(work_: Callable[[], object]) -> None:
        while not stop.is_set():
            try:
                work_()
            except NoliError as error:  # collected, and shown by the assertion
                failed.append(error)

    queries = [made_up_item(number).hashes[0] for number in range(1, 7)]
    threads = [
        threading.Thread(
            target=repeat, args=(lambda: [app.checker.check(Upload((query,)), key=key) for query in queries],)
        ),
        threading.Thread(target=repeat, args=(app.upkeep.record_matches,)),
        threading.Thread(target=repeat, args=(app.upkeep.complete_withdrawals,)),
    ]
    for thread in threads:
        thread.start()
    for number, case in enumerate(cases):
        app.cases.request_withdrawal(case, erase=number % 2 == 0)
        assert app.checker.check(Upload((queries[number],)), key=key).decision.verdict == "allow"
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    while app.upkeep.record_matches():
        pass
    assert [app.checker.check(Upload((query,)), key=key).decision.verdict for query in queries] == ["allow"] * 6
    assert {app.cases.view(case).protected for case in cases} == {()}
    assert app.ledger.verify().whole


def test_what_platforms_were_told_is_told_to_the_person(app: App) -> None:
    """A copy that was held back somewhere stands in the timeline of its case, once, and in no other."""
    app.upkeep._settled_after = app.upkeep._settled_after * 0
    key = _key(app)
    receipts = [_submit(app, 1), _submit(app, 2)]
    mine, other = [app.entrance.log_in(r.number, r.passphrase, caller=CALLER).case for r in receipts]
    for _ in range(3):
        app.checker.check(Upload(made_up_item(1).hashes[:1]), key=key)
    for _ in range(2):
        app.upkeep.record_matches()
    lines = [line for line in app.cases.view(mine).timeline if line.key == "match.found"]
    assert [(line.data["platform"], line.data["verdict"], line.data["count"]) for line in lines] == [
        ("platform", "review", 3)
    ]
    assert app.cases.view(other).matches == 0


def test_a_thousand_wrong_attempts_open_nothing_and_stop_nobody(app: App) -> None:
    """From many networks, at a case that exists: none gets in, most have to wait, the owner enters at once."""
    receipt = _submit(app, 1)
    before = app.ledger.verify().root.size
    tried = 0
    for number in range(1000):
        try:
            app.entrance.log_in(receipt.number, f"wrong words {number}", caller=b"%d" % (number % 20))
        except Unauthenticated:
            tried += 1
        except Throttled:
            continue
    assert tried <= 20 * 5
    assert app.entrance.log_in(receipt.number, receipt.passphrase, caller=b"owner").case
    assert app.ledger.verify().root.size == before


def _statements(app: App, attempt: Callable[[], object]) -> list[str]:
    """Return the shape of every statement that an attempt sends to the database."""
    with statements(app.database.engine) as sent, pytest.raises(Unauthenticated):
        attempt()
    return sent


def test_a_refusal_takes_the_same_steps_whoever_asks(app: App) -> None:
    """A case that exists, one that does not, and a number that is none send the same statements to the database."""
    receipt = _submit(app, 1)
    numbers = (receipt.number, "0000-0000-0000", "nothing")
    shapes = [_statements(app, partial(app.entrance.log_in, number, "wrong", caller=b"x")) for number in numbers]
    assert shapes[0] == shapes[1] == shapes[2] != []


def _kolmogorov_smirnov(one: list[float], other: list[float]) -> float:
    """Return the largest distance between the two empirical distributions."""
    values = sorted([*one, *other])
    below = [(sum(x <= v for x in one) / len(one), sum(x <= v for x in other) / len(other)) for v in values]
    return max(abs(a - b) for a, b in below)


def _times(app: App, numbers: Sequence[str], tries: int) -> tuple[list[list[float]], list[float]]:
    """Return the seconds of each refusal by the clock, and the medians by the processor's count of the work."""
    clock: dict[str, list[float]] = {number: [] for number in numbers}
    processor: dict[str, list[float]] = {number: [] for number in numbers}
    for turn in range(tries):
        # Each kind goes first as often as the other: what comes second finds caches warm.
        for number in numbers[:: 1 if turn % 2 else -1]:
            started, worked = time.perf_counter(), time.thread_time()
            with pytest.raises(Unauthenticated):
                app.entrance.log_in(number, "six wrong words in a row", caller=b"%d" % turn)
            clock[number].append(time.perf_counter() - started)
            processor[number].append(time.thread_time() - worked)
    return [*clock.values()], [statistics.median(taken) for taken in processor.values()]


@pytest.mark.parametrize(("memory_mib", "tries"), [(8, 100), (64, 20)])
def test_time_does_not_tell_whether_a_case_exists(tmp_path: Path, memory_mib: int, tries: int) -> None:
    """Over hundreds of tries, at a low and at the real cost of hashing, refusals of both kinds take equally long.

    The two kinds alternate, so that whatever else the machine does meets both. By the clock their distributions must
    not differ by more than chance explains once in ten thousand runs; by the processor's own count of the work, which
    other programs disturb less, their medians must not differ by 5 ms or a tenth. Another program's noise spoils one
    measurement in some; a difference that is ours would show in each of three.
    """
    app = installation(tmp_path, memory_mib=memory_mib)
    numbers = (_submit(app, 1).number, "0000-0000-0000")
    apart = []
    for _ in range(3):
        clock, (known, unknown) = _times(app, numbers, tries)
        apart.append((_kolmogorov_smirnov(*clock), abs(known - unknown), max(0.005, known / 10)))
        # Critical value of the two-sample test for equal sizes n: sqrt(-ln(alpha / 2) / n).
        if apart[-1][0] < (9.9 / tries) ** 0.5 and apart[-1][1] < apart[-1][2]:
            break
    else:
        pytest.fail(
            f"refusals of known and unknown cases differ, by the share of tries and by seconds of so many: {apart}"
        )
    app.close()


def _noli(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments], catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for an installation that commands share."""
    monkeypatch.setenv("NOLI_DATA", str(tmp_path))
    monkeypatch.setenv("NOLI_PASSWORD_MEMORY_MIB", "8")
    return tmp_path


def test_the_first_admin_is_made_on_the_command_line(folder: Path) -> None:
    """The set-up token stands alone on standard output and works; accounts are listed, renewed and closed."""
    made = _noli("staff", "create", "maria", "--role", "admin")
    assert made.exit_code == 0
    app = installation(folder)
    assert app.staff.enrolment(made.stdout.strip()).name == "maria"
    app.close()
    assert "not set up" in _noli("staff", "list").stdout
    renewed = _noli("staff", "renew", "maria").stdout.strip()
    assert renewed not in {"", made.stdout.strip()}
    assert "would disable maria" in _noli("staff", "disable", "maria", "--dry-run").stdout
    assert _noli("staff", "disable", "maria").stdout == "disabled maria\n"
    [listed] = _noli("staff", "list", "--json").stdout.splitlines()
    assert (json.loads(listed)["role"], json.loads(listed)["state"]) == ("admin", "closed")
    assert _noli("staff", "disable", "maria").exit_code == 1
    assert _noli("staff", "create", "maria", "--role", "admin").exit_code == 1
    assert _noli("staff", "create", "ivan", "--role", "king").exit_code == 2


def test_an_active_account_is_listed_as_such(folder: Path) -> None:
    """Once somebody has set up the account, the list says so."""
    import pyotp

    token = _noli("staff", "create", "maria", "--role", "lead").stdout.strip()
    app = installation(folder)
    code = pyotp.TOTP(app.staff.enrolment(token).secret).now()
    app.staff.set_up(token, password="several words make one", code=code)
    app.close()
    assert "active" in _noli("staff", "list").stdout


def test_the_ledger_is_verified_on_the_command_line(folder: Path) -> None:
    """Exit status 0 and the root; against a noted root too; 1 with what is wrong where something was changed."""
    app = installation(folder)
    for number in range(1, 4):
        _submit(app, number)
    app.close()
    whole = _noli("ledger", "verify")
    assert whole.exit_code == 0
    root = whole.stdout.strip()
    assert _noli("ledger", "verify", "--noted", root).exit_code == 0
    assert json.loads(_noli("ledger", "verify", "--json").stdout) == {"whole": True, "root": root, "flaws": []}
    assert _noli("ledger", "verify", "--noted", "nonsense").exit_code == 2
    database = opened("", folder)
    with database.engine.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER ledger_entry_no_update"))
        connection.execute(sa.text("UPDATE ledger_entry SET subject = 'X' WHERE sequence = 2"))
    database.close()
    broken = _noli("ledger", "verify")
    assert broken.exit_code == 1
    assert broken.stdout.startswith("WRONG  Entry 2 was changed")
    [line] = _noli("ledger", "verify", "--json").stdout.splitlines()
    assert json.loads(line)["flaws"][0]["sequence"] == 2


def test_keys_are_rotated_on_the_command_line(folder: Path) -> None:
    """Afterwards everything opens under the new key, and the old one is gone."""
    app = installation(folder)
    receipt = _submit(app, 1)
    app.close()
    assert _noli("keys", "rotate", "--forget").stdout == "1 keys are now under k2.\n"
    app = installation(folder)
    case = app.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case
    assert app.cases.view(case).items[0].label == "holiday"
    assert app.keyring.key_ids == {"k2"}
    app.close()


def test_a_server_looks_after_cases_by_itself(tmp_path: Path) -> None:
    """Copies that were found while a server runs are told without anybody asking."""
    app = installation(tmp_path)
    app.upkeep._settled_after = app.upkeep._settled_after * 0
    receipt = _submit(app, 1)
    case = app.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case
    app.checker.check(Upload(made_up_item(1).hashes[:1]), key=_key(app))
    app.start()
    eventually(lambda: app.cases.view(case).matches == 1)
    app.close()
