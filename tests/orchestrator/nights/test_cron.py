"""When slots are due: five fields in a time zone, over the nights on which the clocks change."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import UsageFault
from orchestrator.nights.cron import Cron, read_cron

ZONES = (
    *("Europe/Berlin", "America/New_York", "Asia/Shanghai"),
    *("Australia/Lord_Howe", "America/Santiago", "Africa/Cairo"),
)
#: The clocks change at two, at one, at half past or at midnight, by an hour or by half of one.
TIMES = ("0 2", "30 2", "*/60 2", "30 1", "0 0", "15 0", "59 23")
NIGHTLY = [f"{time} * * *" for time in TIMES]


def at(text: str, zone: str = "UTC") -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def local_slots(expression: str, zone: str, start: str, end: str) -> list[str]:
    """Return the slots from one local time to another, in local time with the offset."""
    until = at(end, zone)
    cron = read_cron(expression, zone)
    slots = takewhile(
        lambda slot: slot < until, cron.after(at(start, zone) - dt.timedelta(microseconds=1))
    )
    return [slot.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") for slot in slots]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("expression", NIGHTLY)
def test_every_night_of_two_years_has_one_slot(expression: str, zone: str) -> None:
    slots = local_slots(expression, zone, "2026-01-01T00:00", "2028-01-01T00:00")
    nights = Counter(slot[:10] for slot in slots)
    assert set(nights.values()) == {1}
    assert len(nights) == 730


@pytest.mark.parametrize(
    ("expression", "zone", "day", "slots"),
    [
        ("30 2 * * *", "Europe/Berlin", "2027-03-28", ["03:00+02:00"]),
        ("0,30 2 * * *", "Europe/Berlin", "2027-03-28", ["03:00+02:00"]),
        ("*/30 2 * * *", "Europe/Berlin", "2027-03-28", ["03:00+02:00"]),
        ("0 2,3 * * *", "Europe/Berlin", "2027-03-28", ["03:00+02:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25", ["02:30+02:00"]),
        ("0 2,3 * * *", "Europe/Berlin", "2026-10-25", ["02:00+02:00", "03:00+01:00"]),
        ("30 2 * * *", "America/New_York", "2027-03-14", ["03:00-04:00"]),
        ("30 1 * * *", "America/New_York", "2026-11-01", ["01:30-04:00"]),
        ("30 0 * * *", "America/Santiago", "2026-09-06", ["01:00-03:00"]),
    ],
)
def test_a_night_with_a_gap_or_a_doubled_hour(
    expression: str, zone: str, day: str, slots: list[str]
) -> None:
    found = local_slots(expression, zone, f"{day}T00:00", f"{day}T23:59")
    assert found == [f"{day}T{slot}" for slot in slots]


def test_every_hour_follows_the_hours_that_pass() -> None:
    for expression in ("15 * * * *", "15 */1 * * *", "15 0-23 * * *"):
        autumn = local_slots(expression, "Europe/Berlin", "2026-10-25T00:00", "2026-10-26T00:00")
        spring = local_slots(expression, "Europe/Berlin", "2027-03-28T00:00", "2027-03-29T00:00")
        assert (len(autumn), len(spring)) == (25, 23)
        assert autumn[2:4] == ["2026-10-25T02:15+02:00", "2026-10-25T02:15+01:00"]
    steps = local_slots("30 */2 * * *", "Europe/Berlin", "2026-10-25T00:00", "2026-10-26T00:00")
    assert len(steps) == 12, "a chosen hour comes once"


def test_a_walk_that_begins_in_the_second_half_of_a_doubled_hour_goes_forward() -> None:
    begin = at("2026-10-25T01:10")  # 02:10 for the second time
    assert next(read_cron("30 2 * * *", "Europe/Berlin").after(begin)) == at("2026-10-26T01:30")


def test_days_are_read_as_cron_does() -> None:
    assert local_slots("0 2 * * 1-5", "UTC", "2026-11-27T00:00", "2026-12-01T00:00") == [
        "2026-11-27T02:00+00:00",
        "2026-11-30T02:00+00:00",
    ]
    either = local_slots("0 2 13 * FRI", "UTC", "2026-11-12T00:00", "2026-11-21T00:00")
    assert [slot[8:10] for slot in either] == ["13", "20"]
    assert local_slots("0 2 29 2 *", "UTC", "2026-01-01T00:00", "2033-01-01T00:00") == [
        "2028-02-29T02:00+00:00",
        "2032-02-29T02:00+00:00",
    ]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "must have five fields"),
        ("0 2 * *", "must have five fields"),
        ("0 0 2 * * *", "must have five fields"),
        ("@daily", "must have five fields"),
        ("0 25 * * *", "Bad hour, which takes 0 to 23"),
        ("60 2 * * *", "Bad minute, which takes 0 to 59"),
        ("0 2 31 4 *", "Bad day-of-month, which takes 1 to 31, as far as the months have"),
        ("0 2 1 13 *", "Bad month, which takes 1 to 12"),
        ("0 2 29 2 1#5,x", "Bad day-of-week, which takes 0 to 7"),
        ("0 2 30 2 *", "Bad day-of-month"),
        ("*/0 2 * * *", "Bad minute"),
        ("0 2 * * " + "1," * 600 + "1", "must have five fields"),
    ],
)
def test_what_is_no_cron_expression_is_refused(expression: str, said: str) -> None:
    with pytest.raises(UsageFault, match=said):
        read_cron(expression, "UTC")


@pytest.mark.parametrize(
    "zone",
    [
        *("", "Asia", "Asia/Shangai", "/etc/localtime", "../zoneinfo/UTC"),
        *("localtime", "Factory", "\0", "CEST+1", "é"),
    ],
)
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(UsageFault, match="is not an IANA time zone"):
        read_cron("0 2 * * *", zone)


def test_a_misspelt_time_zone_is_answered_with_a_near_one() -> None:
    with pytest.raises(UsageFault, match="did you mean Asia/Shanghai"):
        read_cron("0 2 * * *", "Asia/Shangai")


FIELD = st.text("0123456789*/,-#LWMONJAN\u00b2 ", min_size=0, max_size=12)


@settings(max_examples=300, deadline=None)
@given(words=st.lists(FIELD, min_size=4, max_size=6), zone=st.sampled_from(ZONES))
def test_any_text_is_either_a_schedule_or_refused(words: list[str], zone: str) -> None:
    try:
        cron = read_cron(" ".join(words), zone)
    except UsageFault:
        return
    slots = list(islice(cron.after(at("2026-10-24T12:00")), 5))
    assert slots
    assert slots == sorted(set(slots))
    assert all(slot.second == slot.microsecond == 0 for slot in slots)


MINUTES = st.sampled_from(["0", "30", "*/20", "5,50", "*"])
HOURS = st.sampled_from(["*", "0", "1", "2", "3", "*/2", "1-3", "0,23"])
CRONS = st.builds(
    lambda minute, hour, days, zone: read_cron(f"{minute} {hour} {days}", zone),
    MINUTES,
    HOURS,
    st.sampled_from(["* * *", "* * 0", "1 * *"]),
    st.sampled_from(ZONES),
)
EVENINGS = [f"{day}T22:00" for day in ("2026-10-24", "2027-03-27")]
EVENINGS += [f"{day}T00:00" for day in ("2026-11-01", "2027-03-14", "2026-09-06")]
#: Around changes of the clocks, in all the zones and between.
INSTANTS = st.builds(
    lambda day, minutes: at(day) + dt.timedelta(minutes=minutes),
    st.sampled_from(EVENINGS),
    st.integers(0, 36 * 60),
)


@settings(max_examples=300, deadline=None)
@given(cron=CRONS, begin=INSTANTS, minutes=st.integers(1, 36 * 60))
def test_where_a_walk_begins_changes_no_slot(cron: Cron, begin: dt.datetime, minutes: int) -> None:
    later = begin + dt.timedelta(minutes=minutes)
    until = later + dt.timedelta(days=2)
    whole = [
        slot for slot in takewhile(lambda slot: slot <= until, cron.after(begin)) if slot > later
    ]
    assert list(takewhile(lambda slot: slot <= until, cron.after(later))) == whole


@settings(max_examples=200, deadline=None)
@given(cron=CRONS, begin=INSTANTS, minutes=st.integers(0, 5 * 24 * 60))
def test_the_latest_slot_is_the_last_of_all(cron: Cron, begin: dt.datetime, minutes: int) -> None:
    until = begin + dt.timedelta(minutes=minutes)
    every = list(takewhile(lambda slot: slot <= until, cron.after(begin)))
    assert cron.latest(begin, until) == (every[-1] if every else None)


def test_the_latest_slot_of_a_long_outage_is_found() -> None:
    for expression, latest in (
        ("* * * * *", "2036-01-01T00:00"),
        ("0 2 * * *", "2035-12-31T02:00"),
        ("0 2 1 6 *", "2035-06-01T02:00"),
        ("0 2 29 2 *", "2032-02-29T02:00"),
    ):
        assert read_cron(expression, "UTC").latest(
            at("2026-01-01T00:00"), at("2036-01-01T00:00")
        ) == at(latest)
