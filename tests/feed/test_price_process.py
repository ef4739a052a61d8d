"""The fair price: the right size of moves, clusters of volatility, and a scale that it stays on."""

from __future__ import annotations

from math import log, sqrt
from random import Random
from statistics import correlation, fmean

import pytest

from bigboard.feed.price_process import YEAR_S, FairPrice


def returns(*, seconds: int, seed: int = 3, dt_s: float = 1.0) -> list[float]:
    rng, price = Random(seed), FairPrice(100.0, volatility=0.8, beta=0.0)
    return [price.advance(dt_s, 0.0, rng) for _ in range(seconds)]


def test_the_volatility_is_about_what_was_asked_for() -> None:
    moves = [move for seed in range(6) for move in returns(seconds=20_000, seed=seed)]
    per_year = sqrt(fmean(move * move for move in moves) * YEAR_S)
    assert 0.5 < per_year < 1.6


def test_the_length_of_the_steps_does_not_matter() -> None:
    coarse = sqrt(sum(move**2 for seed in range(8) for move in returns(seconds=5_000, seed=seed)))
    fine = sqrt(sum(move**2 for seed in range(8) for move in returns(seconds=50_000, seed=seed + 99, dt_s=0.1)))
    assert 0.5 < coarse / fine < 2


def test_volatility_clusters_while_direction_does_not() -> None:
    moves = returns(seconds=40_000)
    sizes = [log(abs(move) + 1e-12) for move in moves]
    assert correlation(sizes[:-30], sizes[30:]) > 0.03
    assert abs(correlation(moves[:-1], moves[1:])) < 0.03


def test_moves_have_heavy_tails() -> None:
    moves = returns(seconds=40_000)
    assert fmean(move**4 for move in moves) / fmean(move**2 for move in moves) ** 2 > 4


def test_the_market_moves_it_by_its_beta() -> None:
    calm = FairPrice(100.0, volatility=0.0, beta=1.5)
    assert calm.advance(1.0, 0.01, Random(1)) == pytest.approx(0.015)
    assert calm.value == pytest.approx(100 * 2.718281828**0.015)


def test_it_stays_on_its_scale_whatever_happens() -> None:
    price, rng = FairPrice(100.0, volatility=0.8, beta=1.0), Random(1)
    for step in range(500):
        price.advance(5.0, -0.5 if step < 250 else 0.5, rng)
        assert 19.99 < price.value < 500.01


def test_no_time_no_move() -> None:
    assert FairPrice(100.0, volatility=0.8, beta=1.0).advance(0.0, 0.0, Random(1)) == 0.0
