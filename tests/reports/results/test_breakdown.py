"""``evalctl results --explain``: every number with its terms, and the article's table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import rows, transaction
from db.results.reading import Results, read_results
from reports.results.breakdown import coverage, explain
from reports.results.document import result_document
from reports.tables.results import result_tables
from reports.texts.breakdown import explained
from tests.support.jobs import register
from tests.support.processes import evalctl, evalctl_json
from tests.support.results import OK, printed, probe, store, store_start

TERMS = {"context_mib": 40.0, "weights_mib": 2000.0, "graphs_mib": 60.0, "kv_reserved_mib": 5000.0}
DEVICE = {"memory_kind": "device", "device_base_mib": 480.0, "start_s": 41.25, **TERMS}
PROFILE = {"kind": "profile", "memory_kind": "device", "start_s": 90.0}
#: What the measured start takes from the profile, which is the first of the two.
TAKEN = dict.fromkeys(("buffers_mib", "activation_peak_mib"), "from the profile, start 1")
MEASURED = {
    **DEVICE,
    "kind": "measured",
    "profile": 0,
    "buffers_mib": 200.0,
    "activation_peak_mib": 300.0,
    "memory_reasons": TAKEN,
    "warm_up": {"requests": 14, "rates": [250.0], "settled": True},
    "backend_facts": {"attention_backend": "FLASH_ATTN", "sampler": "native"},
    "environment": {"driver": "580.1", "torch": "2.11.0"},
}
RESULT: dict[str, Any] = {
    "start": 1,
    "memory_kind": "device",
    "kv_used_mib": 100.0,
    "activation_run_mib": 30.0,
    "need_mib": 2700.0,
    "peak_mib": 8000,
    "engine_queued_s": 1.0,
    "engine_first_token_s": 1.098,
}


def document(results: Results) -> dict[str, Any]:
    assert results.breakdown is not None
    return explain(results.to_dict(), results.breakdown)


def explained_lines(
    engine: Engine, *generations: dict[str, Any], starts: Any = (PROFILE, MEASURED)
) -> dict[str, Any]:
    return document(read_results(engine, store(engine, generations, starts=starts), explained=True))


def test_a_need_is_the_sum_of_its_terms_each_with_where_it_comes_from(engine: Engine) -> None:
    (line,) = explained_lines(engine, *[RESULT] * 3)["resources"]
    example = line["example"]
    assert (
        sum(term["mib"] for term in example["need"] if term["counts"])
        == example["need_mib"]
        == line["need_mib"]
    )
    stated = {
        term["term"]: (term["mib"], term["source"], term["counts"]) for term in example["need"]
    }
    job = f"job {example['job_id']}"
    assert stated == {
        "context": (40.0, "start 2", True),
        "weights": (2000.0, "start 2", True),
        "buffers": (200.0, "start 2: from the profile, start 1", True),
        "activation, profiled": (300.0, "start 2: from the profile, start 1", True),
        "activation of the run": (30.0, job, False),
        "graphs": (60.0, "start 2", True),
        "KV cache used": (100.0, job, True),
    }


def test_a_peak_is_mostly_the_reservation(engine: Engine) -> None:
    (line,) = explained_lines(engine, RESULT)["resources"]
    parts = {part["term"]: part["mib"] for part in line["example"]["peak"]}
    assert sum(parts.values()) == line["nvml_peak_mib"] == 8000
    assert (parts["in use before the start"], parts["KV cache reserved"]) == (480, 5000)
    assert parts["rest"] == 220


def test_a_peak_is_shown_also_where_its_parts_are_not_all_known(engine: Engine) -> None:
    found = explained_lines(engine, RESULT | {"start": 0}, starts=(DEVICE | {"weights_mib": None},))
    (line,) = found["resources"]
    assert [part["mib"] for part in line["example"]["peak"]] == [480, 5000, None]
    shown = printed(explained(found))
    assert "context, weights, buffers, graphs NULL not all reported" in shown
    assert "= NVML peak MiB 8,000.0" in shown


def test_a_larger_activation_of_the_run_counts_in_place_of_the_profiled(engine: Engine) -> None:
    (line,) = explained_lines(engine, RESULT | {"activation_run_mib": 400.0, "need_mib": 2800.0})[
        "resources"
    ]
    assert sum(term["mib"] for term in line["example"]["need"] if term["counts"]) == 2800


GROUP = {"device": "cuda", "gpu_index": 0, "gpu_uuid": "GPU-a"}
GROUP |= {"gpu_indices": (0, 1), "gpu_uuids": ("GPU-a", "GPU-b")}
#: The second GPU holds more weights, the first a larger context.
TWO_GPUS = {
    **DEVICE, "buffers_mib": 200.0, "activation_peak_mib": 300.0, "gpu_memory": [
        {"context_mib": 40.0, "weights_mib": 1500.0, "buffers_mib": 200.0, "graphs_mib": 60.0,
         "activation_peak_mib": 300.0, "kv_reserved_mib": 5000.0},
        {"context_mib": 30.0, "weights_mib": 2000.0, "buffers_mib": 200.0, "graphs_mib": 60.0,
         "activation_peak_mib": 300.0, "kv_reserved_mib": 5000.0},
    ],
}  # fmt: skip


def test_the_need_over_several_gpus_is_that_of_the_largest_and_each_is_shown(
    engine: Engine,
) -> None:
    result = RESULT | {"start": 0, "need_mib": 2690.0, "need_per_gpu_mib": [2200.0, 2690.0]}
    result |= {"peak_mib": 8000, "peak_per_gpu_mib": [7000, 8000]}
    run_id = store(engine, [result], starts=(TWO_GPUS,), worker=GROUP)
    found = document(read_results(engine, run_id, explained=True))
    example = found["resources"][0]["example"]
    assert (example["need_mib"], example["need_sum_mib"]) == (2690.0, 2690.0)
    assert example["need_all_gpus_mib"] == 4890.0
    each = [(gpu["gpu"], gpu["need_mib"], gpu["nvml_peak_mib"]) for gpu in example["gpus"]]
    assert each == [(0, 2200.0, 7000), (1, 2690.0, 8000)]
    shown = " ".join(printed(explained(found)).split())
    assert "GPU 1 needed 2,690 MiB, NVML peak 8,000 MiB. All together needed 4,890 MiB." in shown
    assert "Do not trust it" not in shown


def test_terms_that_do_not_add_up_to_the_stored_need_are_pointed_out(engine: Engine) -> None:
    shown = printed(explained(explained_lines(engine, RESULT | {"need_mib": 2900.0})))
    assert "the terms add up to 2,700.0 MiB, but the stored need is 2,900.0" in shown
    assert "Distrust it" not in printed(explained(explained_lines(engine, RESULT)))


def test_an_unknown_term_is_shown_with_its_reason(engine: Engine) -> None:
    why = "a fixed KV cache skips profiling"
    start = DEVICE | {"buffers_mib": 200.0, "memory_reasons": {"activation_peak_mib": why}}
    found = explained_lines(engine, RESULT | {"start": 0, "need_mib": None}, starts=(start,))
    (line,) = found["resources"]
    term = next(term for term in line["example"]["need"] if term["term"] == "activation, profiled")
    assert (term["mib"], term["source"], line["example"]["need_mib"]) == (None, why, None)
    shown = printed(explained(found))
    assert f"activation, profiled NULL {why}" in shown
    assert "= need MiB NULL a term is unknown" in shown


def test_the_example_is_the_result_in_the_middle_and_flagged_only_where_all_are(
    engine: Engine,
) -> None:
    needs = (10.0, 30.0, 20.0, 90.0)
    generations = [RESULT | {"need_mib": need, "flags": ["xid"] * (need == 90.0)} for need in needs]
    (line,) = explained_lines(engine, *generations)["resources"]
    assert (line["example"]["need_mib"], line["example"]["used"]) == (20.0, True)
    (line,) = explained_lines(engine, RESULT | {"flags": ["xid"]})["resources"]
    assert (line["example"]["used"], line["repetitions"]["most"], line["figures"]) == (False, 0, {})


def test_times_come_with_their_spread_and_the_hop_apart(engine: Engine) -> None:
    (line,) = explained_lines(
        engine, *(RESULT | {"last_token_s": 1.0 + n, "queue_wait_s": n} for n in (1, 2, 6))
    )["resources"]
    assert line["figures"]["e2e_s"] == {
        "n": 3,
        "min": 1,
        "p10": 1.2,
        "median": 2,
        "p90": pytest.approx(5.2),
        "max": 6,
    }
    assert line["figures"]["queue_wait_s"]["max"] == 6
    assert line["figures"]["hop_ms"]["median"] == pytest.approx(2.0)
    assert "ttfo_ms" not in line["figures"], "none of them thought"


def test_the_gpus_clock_is_a_figure_where_there_is_a_gpu(engine: Engine) -> None:
    stated = [RESULT | {"sm_clock_mhz": clock, "power_w": 220.5} for clock in (1980, 1935, 1980)]
    found = explained_lines(engine, *stated)
    figures = found["resources"][0]["figures"]
    assert (figures["sm_clock_mhz"]["min"], figures["sm_clock_mhz"]["median"]) == (1935, 1980)
    assert "temperature_c" not in figures
    assert "GPU clock MHz 3 1,935" in printed(explained(found))


def test_the_range_of_few_results_covers_the_median_as_often_as_it_does(engine: Engine) -> None:
    assert [100 * coverage(number) for number in (1, 2, 3, 5, 6)] == [0, 50, 75, 93.75, 96.875]
    shown = printed(explained(explained_lines(engine, *[RESULT] * 3)))
    assert "3 per problem: their range covers its true median with a probability of 75 %" in shown


def test_a_start_is_shown_with_its_backends_versions_and_warm_up(engine: Engine) -> None:
    shown = printed(explained(explained_lines(engine, RESULT)))
    assert "start 1 a: profile; ready after 90.0 s; no warm-up" in shown
    assert (
        "start 2 a: measured, profile: start 1; ready after 41.2 s; 14 warm-up requests, settled"
        in shown
    )
    assert "attention FLASH_ATTN; sampler native" in shown
    assert "torch 2.11.0; driver 580.1" in shown
    assert "made: 1 by start 2" in shown


@pytest.mark.parametrize(("stated", "said"), [(None, ", clock limited"), (0.0, "")])
def test_a_clock_that_was_still_limited_after_the_warm_up_is_shown(
    engine: Engine, stated: float | None, said: str
) -> None:
    start = DEVICE | {"warm_up": {"requests": 14, "settled": True, "clock_free_s": stated}}
    shown = printed(explained(explained_lines(engine, RESULT | {"start": 0}, starts=(start,))))
    assert f"14 warm-up requests, settled{said}\n" in shown


def test_what_distinguishes_the_lines_of_one_model_is_named(engine: Engine) -> None:
    config = {"config_hash": "d" * 64, "config": {"max_num_seqs": 8}}
    starts = (DEVICE | {"config": {"max_num_seqs": 4}}, DEVICE | config)
    generations = [RESULT | {"start": start} for start in (0, 1)]
    results = read_results(engine, store(engine, generations, starts=starts), explained=True)
    (difference,) = document(results)["differences"]
    assert (difference["config"], difference["environment"]) == ({"max_num_seqs": [4, 8]}, {})
    assert "config max_num_seqs: 4 / 8" in printed(explained(document(results)))
    rows = result_document(results)["resources"]
    assert [row["settings"] for row in rows] == [{"max_num_seqs": 4}, {"max_num_seqs": 8}]
    shown = printed(result_tables({"resources": rows}))
    assert "max_num_seqs 4" in shown
    assert "max_num_seqs 8" in shown
    assert "config" not in shown


def test_many_different_settings_leave_the_hash_to_name_a_line(engine: Engine) -> None:
    unlike = {f"setting_{n}": n for n in range(4)}
    starts = (DEVICE, DEVICE | {"config_hash": "d" * 64, "config": unlike})
    generations = [RESULT | {"start": start} for start in (0, 1)]
    results = read_results(engine, store(engine, generations, starts=starts))
    shown = printed(result_tables({"resources": result_document(results)["resources"]}))
    assert "config dddddddd" in shown


def test_the_samplings_of_a_model_are_named_by_the_parameter_that_differs(engine: Engine) -> None:
    warm = {"config_hash": "w", "config": {"request_settings": {"sampling": {"temperature": 0.7}}}}
    cold = {"config_hash": "k", "config": {"request_settings": {"sampling": {"temperature": 0}}}}
    generations = [RESULT | {"start": start} for start in (0, 1)]
    starts = (DEVICE | warm, DEVICE | cold)
    results = read_results(engine, store(engine, generations, starts=starts))
    shown = printed(result_tables({"resources": result_document(results)["resources"]}))
    assert "temperature 0.7" in shown
    assert "temperature 0 " in shown.replace("\n", " ")


def test_a_limit_is_shown_with_its_bracket_and_points(engine: Engine) -> None:
    run_id = probe(engine, "sequences", [{8: OK, 12: OK, 13: (None, "PREEMPTED")}] * 2)
    found = document(read_results(engine, run_id, explained=True))
    (limit,) = found["concurrency"]
    assert [
        (point["search"], point["level"], point["stable"], point["trials"])
        for point in limit["points"]
    ] == [(search, *level) for search in (1, 2) for level in ((8, 3, 3), (12, 3, 3), (13, 1, 2))]
    shown = printed(explained(found))
    assert "bracket stable up to 12, not stable at 13" in shown
    assert "limited by kv_cache (PREEMPTED)" in shown
    assert "searches 2, which agree" in shown
    assert "1 13 1/2 PREEMPTED" in shown


def test_the_starts_that_were_probed_are_shown_too(engine: Engine) -> None:
    run_id = probe(engine, "sequences", [{1: OK}])
    with transaction(engine) as connection:
        model = rows(connection, "SELECT id FROM eval.model")[0]["id"]
    probed = store_start(engine, register(engine), model, start_s=12.5)
    with transaction(engine) as connection:
        rows(
            connection,
            "UPDATE eval.probe_point SET boot_id = %(start)s WHERE trial = 1",
            {"start": probed},
        )
    found = document(read_results(engine, run_id, explained=True))
    assert [start["boot_id"] for start in found["boots"]] == [probed]
    assert f"start {probed} a: single; ready after 12.5 s" in printed(explained(found))


def test_the_table_shows_the_limits_of_the_models_and_whose_they_are(engine: Engine) -> None:
    probe(engine, "sequences", [{8: OK, 9: ("PREEMPTED",)}], experiment="probe-1")
    latest = probe(engine, "sequences", [{8: OK, 12: OK, 13: ("PREEMPTED",)}], experiment="probe-2")
    results = read_results(
        engine, store(engine, [RESULT], starts=(DEVICE, MEASURED | {"profile": 0}))
    )
    assert [(limit["max_stable"], limit["run"], limit["own"]) for limit in results.limits] == [
        (12, "probe-2", False)
    ]
    shown = printed(result_tables(results.to_dict()))
    assert "max sequences" in shown
    assert "24 GiB emul." in shown
    assert "Limits from other runs: sequences from probe-2." in shown.replace("\n", " ")
    assert read_results(engine, latest).limits == [], "a run of probes alone has no resources"


def test_the_command_prints_it_for_people_and_programs(
    engine: Engine, environment: dict[str, str]
) -> None:
    run = str(store(engine, [RESULT] * 3, starts=(PROFILE, MEASURED)))
    shown = evalctl(environment, f"results {run} --synthetic --explain").stdout
    assert "The need of job" in shown
    assert "The peak is a reservation" in " ".join(shown.split())
    assert {"resources", "differences", "boots", "concurrency"} == json.loads(
        evalctl(environment, f"results {run} --synthetic --json --explain").stdout
    )["explain"].keys()
    assert "explain" not in evalctl_json(environment, f"results {run} --synthetic")
    alone = evalctl(environment, f"results {run} --synthetic --explain --table concurrency").stdout
    assert "The need of job" not in alone
