"""Every benchmark runs, on very little; how long anything takes is no test's business."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import first_sync, gate, keys, pages, peers, start, sync
from benchmarks.__main__ import main
from benchmarks.communications import furnish
from benchmarks.figures import Chapter, Row, Sample, duration, table
from benchmarks.mails import mailbox, mails, patients
from benchmarks.practice import data_folder
from demo.portal.holdings import Holdings

FEW = 120
_AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    among = tmp_path_factory.mktemp("folders")
    data_folder(FEW, among)
    return among


@pytest.fixture(autouse=True)
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """One size of the terminal, short texts, and no servers of other people."""
    monkeypatch.setattr(start, "SIZES", ((80, 24),))
    monkeypatch.setattr(keys, "SIZES", ((80, 24),))
    monkeypatch.setattr(gate, "SIZE", 2_000)
    monkeypatch.setattr(sync, "why_not", lambda *_: "not asked for")


def told(chapter: Chapter) -> str:
    return "\n".join(table(chapter))


def test_start_is_a_ratio_to_the_bare_app(folders: Path, tmp_path: Path) -> None:
    shown = told(start.measure(FEW, 1, folders, tmp_path))
    assert "bare app, first paint, 80x24" in shown
    assert "usable list of 120 messages, 80x24" in shown
    assert shown.count("aim 2.0 or less") == 1


def test_keys_are_seen_to_change_the_list(folders: Path, tmp_path: Path) -> None:
    shown = told(keys.measure(FEW, 3, folders, tmp_path))
    assert "next row, 120 messages, 80x24" in shown
    assert shown.count("aim under 16 ms") == 2


def test_pages_compare_sizes(folders: Path) -> None:
    shown = told(pages.measure([FEW, FEW + 10], 1, folders))
    assert "first page, 120 messages" in shown
    assert "of 120" in shown


def test_the_gate_is_shown_hostile_text() -> None:
    shown = told(gate.measure(1))
    assert "an ordinary draft" in shown
    assert "of ordinary words" in shown


def test_a_first_sync_stores_files_and_records_each_mail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sync", "--mails", "12", "--folders", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "First sync of 12 mails" in shown
    for step in ("bare", "whole", "fetch alone", "parse alone", "file alone", "record alone"):
        assert f"loopback, {step}" in shown
    assert "Dovecot was left out: not asked for" in shown


def test_texts_are_synced_and_their_requests_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["texts", "--texts", "30", "--runs", "2", "--folders", str(tmp_path)]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "First sync of 30 texts" in shown
    assert "µs a text" in shown
    assert "1.0 requests; aim 1 request: met" in shown


def test_a_portal_s_first_sync_counts_its_requests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["portal", "--communications", "40", "--folders", str(tmp_path)]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "First sync of 40 Communications" in shown
    for step in ("bare", "whole", "again", "fetch alone", "parse alone", "file alone"):
        assert f"\n{step} " in shown, step
    assert "µs a message" in shown
    assert " requests" in shown


def test_a_portal_holds_the_same_each_time() -> None:
    first, again = Holdings(lambda: _AT), Holdings(lambda: _AT)
    for holdings in (first, again):
        furnish(holdings, 30)
    held = [[one.resource for one in each.all("Communication")] for each in (first, again)]
    assert held[0] == held[1]
    assert len(held[0]) == 30


def test_without_the_other_programs_a_first_sync_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_sync, "why_not", lambda *_: "")
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = told(first_sync.measure(12, 1, tmp_path))
    assert "First sync of 12 mails from Dovecot" in shown
    assert "mbsync was left out: apt-get install isync" in shown


@pytest.mark.interop
@pytest.mark.parametrize("program", ["mbsync", "mu"])
def test_a_first_sync_is_a_ratio_to_others(tmp_path: Path, program: str) -> None:
    if peers.missing(program):
        pytest.skip(peers.missing(program))
    shown = told(first_sync.measure(60, 1, tmp_path))
    assert "Twoway: stored, threaded, indexed" in shown
    assert "Twoway, 100 more" in shown
    assert "aim under 250: met" in shown


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(SystemExit, match="no part speed"):
        main(["speed"])


def test_the_same_folder_is_used_again(folders: Path) -> None:
    made = data_folder(FEW, folders)
    (made / "mark").touch()
    assert (data_folder(FEW, folders) / "mark").exists()
    assert (folders / ".gitignore").read_text() == "*\n"


def test_mail_is_the_same_each_time() -> None:
    first, again = list(mails(30)), list(mails(30))
    assert first == again
    assert len(set(first)) == 30
    assert all(mail.isascii() or b"8bit" in mail for mail in first)


def test_a_larger_mailbox_is_made_as_it_is_read() -> None:
    arrived = mailbox(1_000_000)
    first, second = next(arrived), next(arrived)
    assert first[1] < second[1]
    assert len(patients(1_000_000)) == 3_750
    assert sum(1 for _ in mailbox(30, later=5)) == 35


def test_a_sample_is_told_in_units_that_suit() -> None:
    sample = Sample((1.0, 2.0, 30.0))
    assert (sample.median, sample.best, sample.slow) == (2.0, 1.0, 30.0)
    assert sample.to(Sample((4.0,))) == 0.5
    assert sample.beside(Sample((1.0, 4.0, 5.0))) == 1.0
    assert [duration(value) for value in (0.5, 2, 150, 20_000)] == [
        "500 µs", "2.0 ms", "150 ms", "20.0 s",
    ]  # fmt: skip


def test_the_table_says_whether_the_aim_is_met() -> None:
    row = Row("a thing", Sample((3.0, 5.0, 4.0)), 2.5, "a bare one", "2.0 or less", met=False)
    head, _, line, note = table(Chapter("Things", (row,), ("a note",)))
    assert head.split() == ["Things", "median", "best", "p95", "ratio"]
    assert line.endswith("2.50x  of a bare one; aim 2.0 or less: MISSED")
    assert note == "  a note"
