"""What each number of the result tables is made of, as a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from db.results.breakdown import LINE, ResultBreakdown

Row = Mapping[str, Any]

#: Terms of the need that come from the engine start, in the order in which they are added: column
#: and name for people.
START_TERMS: tuple[tuple[str, str], ...] = (
    ("context_mib", "context"), ("weights_mib", "weights"), ("buffers_mib", "buffers"),
    ("graphs_mib", "graphs"),
)  # fmt: skip
#: The two activations, of which the larger counts.
PROFILED, OF_THE_RUN = "activation_peak_mib", "activation_run_mib"
RESERVATION = (
    "The peak is a reservation: it includes the whole KV cache, used or not, and shows whether the "
    "engine fits as configured, not what the model needs."
)
QUANTILES = ("min", "p10", "median", "p90", "max")


def explain(results: Mapping[str, Sequence[Row]], breakdown: ResultBreakdown) -> dict[str, Any]:
    """Return the breakdown of ``Results.to_dict()``."""
    boots = {row["boot_id"]: row for row in breakdown.boots}
    return {
        "resources": [_line(row, breakdown, boots) for row in results["resources"]],
        "differences": _differences(results["resources"], breakdown, boots),
        "boots": [dict(row) for row in breakdown.boots],
        "concurrency": [_limit(row, breakdown.points) for row in results["concurrency"]],
    }


def coverage(repetitions: int) -> float:
    """Return the probability that the range of N independent results covers their median."""
    return 1 - 2.0 ** (1 - repetitions)


def _line(row: Row, breakdown: ResultBreakdown, boots: Mapping[int, Row]) -> dict[str, Any]:
    """Explain one line of the resource table."""
    (typical,) = _of_line(row, breakdown.typical)
    start = _largest(boots[typical["boot_id"]], typical["gpus"])
    need = _need(typical, start) if row["memory_kind"] == "device" else []
    repetitions = next(iter(_of_line(row, breakdown.repetitions)), {"fewest": 0, "most": 0})
    return {
        **{key: row[key] for key in LINE},
        **{
            key: row[key]
            for key in ("jobs", "flagged", "flag_counts", "problems", "need_mib", "nvml_peak_mib")
        },
        "host_peak_mib": row["host_peak_mib"],
        "figures": {
            spread["figure"]: {
                "n": spread["n"],
                **dict(zip(QUANTILES, spread["cuts"], strict=True)),
            }
            for spread in _of_line(row, breakdown.spreads)
        },
        "repetitions": {
            "fewest": repetitions["fewest"],
            "most": repetitions["most"],
            "range_covers_median": coverage(repetitions["fewest"])
            if repetitions["fewest"]
            else None,
        },
        "example": {
            **{
                key: typical[key]
                for key in ("job_id", "problem", "repetition", "boot_id", "used", "need_mib")
            },
            "need": need,
            "need_sum_mib": _sum(term["mib"] for term in need if term["counts"]) if need else None,
            "gpus": typical["gpus"],
            "need_all_gpus_mib": _sum(gpu["need_mib"] for gpu in typical["gpus"])
            if typical["gpus"]
            else None,
            "nvml_peak_mib": typical["nvml_peak_mib"],
            "peak": _peak(typical, start),
        },
        "starts": [
            {key: found[key] for key in ("boot_id", "results", "used")}
            for found in _of_line(row, breakdown.starts)
        ],
    }


def _largest(start: Row, gpus: Sequence[Row]) -> Row:
    """Return a start with the terms of the GPU that needed most, where its engine has several.

    The GPUs use the same share of their KV caches, so the used part is scaled with the reserved.
    """
    needs = [gpu["need_mib"] for gpu in gpus][: len(start["gpu_memory"])]
    if len(needs) < 2 or None in needs:
        return start
    terms = start["gpu_memory"][needs.index(max(needs))]
    columns = (*(column for column, _name in START_TERMS), PROFILED)
    return {**start, **{column: terms.get(column) for column in columns}}


def _need(result: Row, start: Row) -> list[dict[str, Any]]:
    """Return the terms of one result's need, with their sources and whether they count.

    Of an engine over several GPUs, those of the GPU that needed most.
    """
    terms = [_term(start, column, name) for column, name in START_TERMS]
    job = f"job {result['job_id']}"
    both = [
        _term(start, PROFILED, "activation, profiled"),
        _own(result, start, OF_THE_RUN, "activation of the run", job),
    ]
    profiled, own = (term["mib"] for term in both)
    if profiled is not None and own is not None:
        both[0]["counts"], both[1]["counts"] = profiled >= own, profiled < own
    return [*terms[:3], *both, terms[3], _own(result, start, "kv_used_mib", "KV cache used", job)]


def _term(start: Row, column: str, name: str) -> dict[str, Any]:
    said = start["memory_reasons"].get(column)
    value = start[column]
    source = f"start {start['boot_id']}" if said is None else f"start {start['boot_id']}: {said}"
    known = source if value is not None else said or "not reported"
    return {"term": name, "mib": value, "source": known, "counts": True}


def _own(result: Row, start: Row, column: str, name: str, job: str) -> dict[str, Any]:
    value = result[column]
    source = job if value is not None else start["memory_reasons"].get(column) or "not reported"
    return {"term": name, "mib": value, "source": source, "counts": True}


def _peak(result: Row, start: Row) -> list[dict[str, Any]]:
    """Return what the device's peak is made of; empty where it or its base is unknown."""
    peak, base = result["nvml_peak_mib"], start["device_base_mib"]
    if peak is None or base is None:
        return []
    terms = [start[column] for column, _name in START_TERMS]
    parts = [("in use before the start", base), ("KV cache reserved", start["kv_reserved_mib"])]
    parts.append(("context, weights, buffers, graphs", None if None in terms else sum(terms)))
    source = f"start {start['boot_id']}"
    missing = "not all reported"
    known = ((name, mib, source if mib is not None else missing) for name, mib in parts)
    listed = [{"term": name, "mib": mib, "source": said} for name, mib, said in known]
    if all(mib is not None for _name, mib in parts):
        rest = peak - sum(mib for _name, mib in parts)
        source = "activations, and what the allocator keeps"
        listed.append({"term": "rest", "mib": rest, "source": source})
    return listed


def _sum(terms: Iterable[float | None]) -> float | None:
    """Return the sum, None where a term is unknown."""
    known = list(terms)
    return None if None in known else float(sum(term for term in known if term is not None))


def _differences(
    resources: Sequence[Row], breakdown: ResultBreakdown, boots: Mapping[int, Row]
) -> list[dict[str, Any]]:
    """Return which settings differ between several lines of one model, prompt and mode."""
    lines: dict[tuple[str, str, str], list[Row]] = {}
    for row in resources:
        lines.setdefault((row["model"], row["prompt"], row["mode"]), []).append(row)
    found = []
    for (model, prompt, mode), several in lines.items():
        if len(several) < 2:
            continue
        starts = [boots[_of_line(row, breakdown.starts)[0]["boot_id"]] for row in several]
        line = {"model": model, "prompt": prompt, "mode": mode, "lines": len(several)}
        line |= {what: _unlike([at[what] for at in starts]) for what in ("config", "environment")}
        line["memory_kinds"] = list(dict.fromkeys(row["memory_kind"] for row in several))
        found.append(line)
    return found


def _unlike(settings: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the keys whose values are not the same in all, with the value of each."""
    keys = sorted({key for each in settings for key in each})
    values = {key: [each.get(key) for each in settings] for key in keys}
    return {key: each for key, each in values.items() if any(value != each[0] for value in each)}


def _limit(row: Row, points: Iterable[Row]) -> dict[str, Any]:
    """Explain one threshold by the levels that its searches tried."""
    keys = ("model", "kind", "gpu", "memory_limit_mib", "emulated")
    alike = [dict(point) for point in points if all(point[key] == row[key] for key in keys)]
    return {**row, "points": alike}


def _of_line(row: Row, found: Iterable[Row]) -> list[Row]:
    return [each for each in found if all(each[key] == row[key] for key in LINE)]
