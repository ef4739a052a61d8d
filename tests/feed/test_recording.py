"""Which files are recordings, and what is read of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bigboard.errors import FeedError
from bigboard.feed.recording import Recording, find_recordings, merged_lines, open_recordings
from bigboard.feed.skips import Skips
from feed.recorded_lines import START_NS, depth, snapshot, trade, write
from recorded import RECORDINGS, final_state, recording

if TYPE_CHECKING:
    from pathlib import Path

DAY_S = 24 * 3600.0


def times_s(path: Path, skips: Skips) -> list[float]:
    """When the messages of a recording are played, in seconds from the start."""
    lines = Recording(path).lines(skips)
    return [(line.local_ns - START_NS) / 1e9 for line in lines if line.message is not None]


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_line_of_real_recordings_is_read(name: str) -> None:
    path, skips = recording(name), Skips()
    real = Recording(path)
    state = final_state(path)
    assert (real.symbol, real.market) == (state.symbol, "usdm")
    lines = [line for line in real.lines(skips) if line.message is not None]
    assert len(lines) == state.lines
    assert (lines[-1].local_ns - real.start_ns) / 1e9 == pytest.approx(state.span_s)
    assert skips.count == 0


class TestFinding:
    def test_folders_are_searched_and_each_file_is_taken_once(self, tmp_path: Path) -> None:
        first = write(tmp_path / "a" / "b" / "one.gz", trade(0, 1))
        second = write(tmp_path / "a" / "two", trade(0, 1))
        write(tmp_path / "a" / ".hidden", trade(0, 1))
        assert find_recordings([first, tmp_path / "a", str(second)]) == [first, second]

    def test_a_path_that_does_not_exist(self, tmp_path: Path) -> None:
        with pytest.raises(FeedError, match="no such file or folder") as raised:
            find_recordings([tmp_path / "nowhere"])
        assert raised.value.source == str(tmp_path / "nowhere")

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(FeedError, match="empty"):
            find_recordings([tmp_path])

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FeedError, match="no regular file"):
            find_recordings([tmp_path / "pipe"])

    def test_no_path(self) -> None:
        with pytest.raises(FeedError, match="name a file or a folder"):
            find_recordings([])

    def test_other_files_are_counted(self, tmp_path: Path) -> None:
        write(tmp_path / "btc.gz", trade(0, 1))
        (tmp_path / "README.md").write_text("# Recordings\n")
        (tmp_path / "empty").touch()
        skips = Skips()
        assert [found.path.name for found in open_recordings([tmp_path], skips)] == ["btc.gz"]
        assert skips.count == 2
        assert "README.md is no recording" in str(skips)

    @pytest.mark.parametrize("content", [b"", b"hello\n", b"17 {}\n", b"\x1f\x8bxx", b"1700000000000000000 what\n"])
    def test_nothing_that_is_a_recording(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(FeedError, match="is no recording: expected lines of"):
            open_recordings([tmp_path], Skips())


class TestProbing:
    def test_the_symbol_of_a_file_with_several_is_unknown(self, tmp_path: Path) -> None:
        assert Recording(write(tmp_path / "x", trade(0, 1), trade(1, 1, symbol="ETHUSDT"))).symbol is None

    def test_a_snapshot_in_front_learns_its_symbol_from_what_follows(self, tmp_path: Path) -> None:
        assert Recording(write(tmp_path / "x", snapshot(0, 1), depth(1, 1))).symbol == "BTCUSDT"

    def test_a_file_that_never_says_its_symbol_has_it_in_its_name(self, tmp_path: Path) -> None:
        assert Recording(write(tmp_path / "bnbusdt.log.gz", snapshot(0, 1))).symbol == "BNBUSDT"

    def test_spot_is_known_by_its_diffs_and_by_its_quotes(self, tmp_path: Path) -> None:
        spot_diff = depth(0, 1).replace(b'"pu": 9, ', b"")
        assert Recording(write(tmp_path / "x", spot_diff)).market == "spot"
        quote = b'%d {"stream":"a@bookTicker","data":{"u":1,"s":"A","b":"1","B":"1","a":"2","A":"1"}}' % START_NS
        assert Recording(write(tmp_path / "y", quote)).market == "spot"
        assert Recording(write(tmp_path / "z", trade(0, 1))).market is None


class TestTimes:
    def test_time_never_goes_back(self, tmp_path: Path) -> None:
        assert times_s(write(tmp_path / "x", trade(0, 1), trade(5, 2), trade(3, 3), trade(6, 4)), Skips()) == [
            0,
            5,
            5,
            6,
        ]

    def test_one_time_in_the_far_future_is_a_broken_line(self, tmp_path: Path) -> None:
        skips = Skips()
        lines = (trade(0, 1), trade(400 * DAY_S, 2), trade(1, 3))
        assert times_s(write(tmp_path / "x", *lines), skips) == [0, 1]
        assert str(skips) == "1 skipped (1 broken line)"

    def test_a_recorder_that_was_off_for_days_costs_one_line(self, tmp_path: Path) -> None:
        skips = Skips()
        lines = (trade(0, 1), *(trade(9 * DAY_S + second, 2 + second) for second in range(3)))
        assert times_s(write(tmp_path / "x", *lines), skips) == [0, 9 * DAY_S + 1, 9 * DAY_S + 2]
        assert skips.count == 1

    @pytest.mark.parametrize(
        "line", [b"", b"x", b"12 {}", b"+1700000000000000000 {}", b"1700000000000000000{}", b" 1 2"]
    )
    def test_a_line_without_a_time_is_counted(self, tmp_path: Path, line: bytes) -> None:
        skips = Skips()
        assert times_s(write(tmp_path / "x", trade(0, 1), line, trade(1, 2)), skips) == [0, 1]
        assert skips.count == (1 if line else 0)


class TestMerging:
    def test_recordings_are_merged_by_time(self, tmp_path: Path) -> None:
        write(tmp_path / "a.gz", trade(0, 1), trade(2, 3), trade(5, 6))
        write(tmp_path / "b", trade(1, 2), trade(3, 4), trade(4, 5))
        skips = Skips()
        lines = list(merged_lines(open_recordings([tmp_path], skips), skips))
        assert [(line.local_ns - START_NS) // 10**9 for line in lines if line.message] == [0, 1, 2, 3, 4, 5]

    def test_a_file_is_opened_only_when_its_time_has_come(self, tmp_path: Path) -> None:
        write(tmp_path / "a", *(trade(number, number) for number in range(10)))
        write(tmp_path / "b", trade(20, 1))
        skips = Skips()
        recordings = open_recordings([tmp_path], skips)
        lines = merged_lines(recordings, skips)
        for line in lines:
            if line.local_ns == START_NS + 9 * 10**9:
                break
        assert [recording.consumed > 0 for recording in recordings] == [True, False]
        lines.close()
