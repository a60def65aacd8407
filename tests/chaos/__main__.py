"""Stage the faults and report how long each was felt: ``python -m tests.chaos [ID...]``.

Without ids all faults are staged, and the table of ``docs/explanation/faults.md`` is written again.
Exits with 1 where a promise was broken.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.faults import all_faults
from tests.chaos.page import write_page
from tests.chaos.registry import CannotStage, Fault
from tests.chaos.report import Staged
from tests.support.deployment import Servers


def main() -> int:
    """Stage what the command line names, or everything."""
    wanted = set(sys.argv[1:])
    chosen = [fault for fault in all_faults() if not wanted or fault.fault_id in wanted]
    if unknown := wanted - {fault.fault_id for fault in chosen}:
        known = ", ".join(fault.fault_id for fault in all_faults())
        print(f"no fault {', '.join(sorted(unknown))}; there are {known}", file=sys.stderr)
        return 2
    staged = stage_all(chosen)
    _print(staged)
    if not wanted:
        write_page(staged)
    return 1 if any(fault.broken for fault in staged) else 0


def stage_all(faults: Sequence[Fault]) -> list[Staged]:
    """Stage faults one after another on one pair of servers."""
    with tempfile.TemporaryDirectory(prefix="evalctl-chaos-") as name:
        folder = Path(name)
        servers = Servers(folder)
        try:
            servers.start()
            servers.prepare()
            return [stage(fault, servers, folder / fault.fault_id) for fault in faults]
        finally:
            servers.stop()


def stage(fault: Fault, servers: Servers, folder: Path) -> Staged:
    """Stage one fault and ask the oracle; whatever goes wrong is part of the result."""
    print(f"{fault.fault_id:5} {fault.title} ... ", end="", file=sys.stderr, flush=True)
    folder.mkdir()
    recovery, broken, reason = None, [], None
    try:
        with servers.deployment(folder) as deployment:
            recovery = fault.run(deployment)
            broken = deployment.broken()
    except CannotStage as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - a fault that fails must not keep the others from being staged
        traceback.print_exc()
        broken = [f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"]
    result = Staged(fault=fault, recovery=recovery, broken=tuple(broken), reason=reason)
    print(result.verdict, file=sys.stderr)
    return result


def _print(staged: Sequence[Staged]) -> None:
    table = Table("id", "fault", "recovery s", "from -> to", "oracle")
    for result in staged:
        seconds = "-" if result.recovery is None else f"{result.recovery.seconds:.1f}"
        span = "" if result.recovery is None else result.recovery.span
        table.add_row(result.fault.fault_id, result.fault.title, seconds, span, result.verdict)
    Console(width=150).print(table)


if __name__ == "__main__":
    sys.exit(main())
