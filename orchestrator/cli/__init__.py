"""The command line: one file per noun; errors become exit codes in one place."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import NoReturn

import click

from core.errors import DbError, ServiceUnreachable
from core.secrets import guard_output, without_secrets
from orchestrator.cli.examples import examples
from orchestrator.errors import UsageFault
from problems.errors import ProblemError

#: Variables that the command line itself reads, with their meaning.
VARIABLES: Mapping[str, str] = MappingProxyType(
    {"EVALCTL_TRACEBACK": "any value shows where an unexpected error of a command happened"}
)
DONE, BAD, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4

#: Command: module under ``orchestrator.cli`` that defines it under the same name.
COMMANDS = {
    "quickstart": "quickstart", "up": "services", "down": "services", "doctor": "doctor",
    "submit": "submit", "status": "status", "watch": "status", "results": "results",
    "compare": "compare", "recommend": "recommend", "report": "report", "export": "export",
    "answer": "answer", "probe": "probe", "cancel": "status", "pause": "control",
    "resume": "control", "retry": "control", "run": "run", "dead": "dead",
    "schedule": "schedule",
    "baseline": "baseline", "nights": "nights", "logs": "logs",
    "score": "score", "rescore": "rescore", "judge": "judge", "review": "review",
    "verify": "verify", "pipeline": "pipeline", "verify-bench": "verify_bench",
    "import-answers": "import_answers",
    "problems": "problems", "prompts": "prompts", "models": "models",
    "worker": "worker", "reconcile": "processes", "db": "database",
}  # fmt: skip

#: Commands whose function has another name.
NAMED = {"db": "database", "import-answers": "import_", "verify-bench": "verify_bench"}


class LazyGroup(click.Group):
    """Import a command's module only when it is used, so that every command starts quickly."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the commands in the order of their use."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by name."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"orchestrator.cli.{COMMANDS[name]}")
        command = getattr(module, NAMED.get(name, name))
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="evalctl")
@examples(
    "evalctl quickstart",
    "evalctl submit --model qwen3-4b --problems core --repetitions 3 --watch",
    "evalctl results latest",
)
def cli() -> None:
    """Evaluate language models on maths: step scores, latency and memory of each answer."""


def main() -> NoReturn:
    """Run the command line; an error ends in a sentence on stderr and the exit code of its kind."""
    guard_output()
    if wrong := next((word for word in sys.argv if not _decoded(word)), None):
        _refuse(UsageFault(f"the argument {wrong!r} is not valid UTF-8"), USAGE)
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:
        _say("interrupted", err=True)
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ServiceUnreachable as error:
        _refuse(error, UNREACHABLE)
    except (UsageFault, ProblemError, DbError) as error:
        _refuse(error, USAGE)
    except BrokenPipeError:
        _leave_pipe()
    except SystemExit:
        if type(sys.stdout).__name__ == "_PacifyFlushWrapper":  # as Click ends on a broken pipe
            _leave_pipe()
        raise
    except Exception as error:  # noqa: BLE001 - users get a sentence whatever happens
        _refuse_unexpected(error)
    sys.exit(code if isinstance(code, int) else DONE)


def _decoded(word: str) -> bool:
    """Return whether an argument was text; a byte that was none arrives as half a character."""
    return not any("\ud800" <= char <= "\udfff" for char in word)


def _leave_pipe() -> NoReturn:
    """End well: the reader of our output has exited, and nothing is left to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(DONE)


def _refuse_unexpected(error: Exception) -> NoReturn:
    """Say what happened without a traceback, which may hold a secret; a variable asks for it."""
    if os.environ.get("EVALCTL_TRACEBACK"):
        raise error
    first = (str(error).strip().splitlines() or [""])[0]
    kind = type(error).__name__
    if kind == "OSError":
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _say(
        f"evalctl: {kind}: {without_secrets(first)}. EVALCTL_TRACEBACK=1 shows where it happened",
        err=True,
    )
    sys.exit(UNREACHABLE if isinstance(error, _database_errors()) else BAD)


def _database_errors() -> tuple[type[Exception], ...]:
    """Return the errors of a database that no command expects, where its library is loaded."""
    library = sys.modules.get("sqlalchemy.exc")
    return () if library is None else (library.SQLAlchemyError,)


def _say(text: str, *, err: bool) -> None:
    from orchestrator.console import say  # noqa: PLC0415 - Rich is slow to import

    say(text, err=err)


def _refuse(error: Exception, code: int) -> NoReturn:
    _say(f"evalctl: {error}", err=True)
    sys.exit(code)
