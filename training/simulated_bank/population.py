"""Who the customers are: facts at the first simulated day, drawn for a whole block at once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from feature_repo.contract import CHANNELS
from training.simulated_bank.randomness import choose_from

Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

LATENT_TRAITS = 6
REGION_WEIGHTS: dict[str, float] = {
    "Guangdong": 12, "Shandong": 10, "Henan": 9, "Jiangsu": 9, "Sichuan": 8, "Hebei": 7,
    "Zhejiang": 7, "Hunan": 6, "Anhui": 6, "Hubei": 6, "Guangxi": 5, "Yunnan": 5, "Jiangxi": 4,
    "Fujian": 4, "Liaoning": 4, "Shaanxi": 4, "Guizhou": 4, "Shanxi": 3, "Chongqing": 3,
    "Heilongjiang": 3, "Xinjiang": 2.5, "Shanghai": 4, "Gansu": 2.5, "Inner Mongolia": 2.4,
    "Jilin": 2.3, "Beijing": 4, "Tianjin": 1.5, "Hainan": 1, "Ningxia": 0.7, "Qinghai": 0.6,
    "Tibet": 0.4,
}  # fmt: skip
REGIONS = tuple(REGION_WEIGHTS)
RICH_REGIONS = ("Beijing", "Shanghai", "Zhejiang", "Jiangsu", "Guangdong")
TIME_ZONES = ("Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Singapore", "Europe/London")
SEGMENTS = ("mass", "affluent", "private", "student", "senior")
GENDERS = ("female", "male", "unstated")
NATIONALITIES = ("CN", "HK", "US", "KR", "SG")
ACQUISITION = ("branch", "mobile_app", "employer", "partner", "referral")
INVESTOR_CLASSES = ("retail", "professional")
PREFERRED_WEIGHTS = np.array([0.46, 0.09, 0.05, 0.20, 0.06, 0.11, 0.02, 0.01, 0.0])
assert len(PREFERRED_WEIGHTS) == len(CHANNELS)


@dataclass(frozen=True)
class Population:
    """One block of customers as columns; day numbers count from the first simulated day."""

    number: Ints
    age: NDArray[np.float32]
    gender: Ints
    nationality: Ints
    region: Ints
    time_zone: Ints
    segment: Ints
    acquisition: Ints
    investor_class: Ints
    joined_day: Ints
    is_active: Flags
    is_employee: Flags
    is_vulnerable: Flags
    income: NDArray[np.float64]
    risk_capacity: Ints
    risk_assessed_day: Ints
    preferred_channel: Ints
    is_salaried: Flags
    is_retired: Flags
    is_renting: Flags
    has_children: Flags
    payday: Ints
    traits: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.number)

    @property
    def birth_day(self) -> Ints:
        """Day number of birth (negative)."""
        return -(self.age * 365.25).astype(np.int32)

    @property
    def income_level(self) -> NDArray[np.float32]:
        """Log income around the bank's median, about one unit wide."""
        return np.asarray((np.log(self.income) - np.log(8000)) / 0.6, np.float32)

    def rows(self, index: NDArray[np.integer]) -> Population:
        """The same columns for some of the customers."""
        return Population(*(getattr(self, field.name)[index] for field in fields(self)))


def draw_population(random: np.random.Generator, first: int, count: int, days: int) -> Population:
    """`count` customers numbered from `first`; some of them join during the `days` days."""
    age = np.clip(random.gamma(7.0, 3.7, count) + 16.2, 16.2, 92).astype(np.float32)
    region = choose_from(random, np.array(list(REGION_WEIGHTS.values())), count)
    is_retired = age > 54 + 12 * random.random(count)
    is_salaried = ~is_retired & (age > 20) & (random.random(count) < 0.62)
    income = _incomes(random, age, np.isin(region, [REGIONS.index(r) for r in RICH_REGIONS]))
    joins_now = random.random(count) < 0.08 * min(days, 365) / 365
    tenure = np.minimum(random.exponential(2200, count), (age - 15) * 365.25)
    joined_day = np.where(joins_now, random.random(count) * days, -1 - tenure).astype(np.int32)
    traits = random.standard_normal((count, LATENT_TRAITS), np.float32)
    traits[:, 0] += 0.5 * ((np.log(income) - 9.0) / 0.6).astype(np.float32)
    traits[:, 1] -= 0.3 * (age - 42) / 15
    capacity, assessed_day = _risk_assessments(random, traits, age)
    return Population(
        number=np.arange(first, first + count, dtype=np.int32),
        age=age,
        gender=_codes(random, [0.495, 0.495, 0.01], count),
        nationality=_codes(random, [0.975, 0.01, 0.005, 0.005, 0.005], count),
        region=region.astype(np.int32),
        time_zone=_time_zones(random, region),
        segment=_segments(age, income),
        acquisition=_codes(random, [0.35, 0.3, 0.15, 0.1, 0.1], count),
        investor_class=(random.random(count) < 0.02 * (income > 30000)).astype(np.int32),
        joined_day=joined_day,
        is_active=random.random(count) < 0.8,
        is_employee=random.random(count) < 0.006,
        is_vulnerable=random.random(count) < np.where(age > 72, 0.14, 0.02),
        income=income,
        risk_capacity=capacity,
        risk_assessed_day=assessed_day,
        preferred_channel=choose_from(random, PREFERRED_WEIGHTS, count).astype(np.int32),
        is_salaried=is_salaried,
        is_retired=is_retired,
        is_renting=(age > 20) & (random.random(count) < np.where(age < 36, 0.3, 0.06)),
        has_children=(age > 24) & (age < 58) & (random.random(count) < 0.42),
        payday=random.integers(3, 27, count, dtype=np.int32),
        traits=traits,
    )


def _codes(random: np.random.Generator, weights: list[float], count: int) -> Ints:
    return choose_from(random, np.array(weights), count).astype(np.int32)


def _incomes(
    random: np.random.Generator, age: NDArray[np.float32], is_rich_region: Flags
) -> NDArray[np.float64]:
    by_age = np.interp(age, [16, 22, 30, 42, 55, 62, 92], [-1.2, -0.4, 0.05, 0.25, 0.2, -0.3, -0.5])
    noise = 0.55 * random.standard_normal(len(age))
    income = 8000 * np.exp(by_age + 0.25 * is_rich_region + noise)
    return np.asarray(np.round(np.clip(income, 300, 400_000), 0))


def _risk_assessments(
    random: np.random.Generator, traits: NDArray[np.float32], age: NDArray[np.float32]
) -> tuple[Ints, Ints]:
    """Risk capacity 1..5 (0 = never assessed) and the day it was assessed, up to two years ago."""
    leaning = 3.0 + 0.8 * traits[:, 2] - (age - 42) / 22 + 0.5 * random.standard_normal(len(age))
    assessed = (age >= 18) & (random.random(len(age)) < 0.82)
    capacity = np.where(assessed, np.clip(np.rint(leaning), 1, 5), 0).astype(np.int32)
    return capacity, -random.integers(1, 730, len(age), dtype=np.int32)


def _segments(age: NDArray[np.float32], income: NDArray[np.float64]) -> Ints:
    segment = np.where(income > 60_000, 2, np.where(income > 18_000, 1, 0))
    segment = np.where((age < 23) & (segment == 0), 3, segment)
    return np.where((age >= 60) & (segment == 0), 4, segment).astype(np.int32)


def _time_zones(random: np.random.Generator, region: NDArray[np.integer]) -> Ints:
    far_west = np.isin(region, [REGIONS.index("Xinjiang"), REGIONS.index("Tibet")])
    zone = np.where(far_west & (random.random(len(region)) < 0.8), 1, 0)
    abroad = random.random(len(region)) < 0.008
    return np.where(abroad, random.integers(2, len(TIME_ZONES), len(region)), zone).astype(np.int32)
