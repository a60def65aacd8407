"""Commands with odd surroundings: databases, brokers, secrets, texts, numbers, names, homes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.processes import Done

#: Runs words as a command with these variables of evalctl.
Run = Callable[[Mapping[str, str], Sequence[str]], Done]
SECRET = "S3cr3t"
AWAY = "postgresql://u:S3cr3t@127.0.0.1:1/db"
PAGE = """
[models.m]
engine = "openai"
source = "ok"
base_url = "http://127.0.0.1:1/v1"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCase:
    """A command line, what surrounds it, and what is right."""

    name: str
    words: tuple[str, ...]
    code: int
    #: A part of what is printed.
    says: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    #: The registry, as bytes.
    registry: bytes | None = None

    @property
    def expected(self) -> str:
        """What is right, in the words of ``see``."""
        return f"exit {self.code}: {self.says}" if self.says else f"exit {self.code}"

    @property
    def needs_process(self) -> bool:
        """Whether the interpreter itself reads a variable as it starts, such as its encoding."""
        return any(name.startswith("PYTHON") for name in self.variables)

    def see(self, folder: Path, run: Run) -> str:
        """Run it with a home in the folder; return code, and the part that was awaited."""
        given = {"EVALCTL_HOME": str(folder / "home"), **self.variables}
        if self.registry is not None:
            config = folder / "evalctl.toml"
            config.write_bytes(self.registry)
            given["EVALCTL_CONFIG"] = str(config)
        done = run(given, self.words)
        return self._seen(done.returncode, done.stdout + done.stderr)

    def _seen(self, code: int, said: str) -> str:
        if "Traceback" in said:
            return f"exit {code}: a traceback"
        if SECRET in said:
            return f"exit {code}: the secret"
        sentence = " ".join(said.split())  # A narrow screen breaks it.
        shown = self.says if self.says in said or self.says in sentence else sentence[-160:]
        return f"exit {code}: {shown}" if self.says else f"exit {code}"


def _database(url: str, code: int, says: str, *words: str) -> CommandCase:
    name = f"{' '.join(words or ('doctor',))} with {url.replace(SECRET, '...')}"
    given = {"EVALCTL_DATABASE_URL": url, "EVALCTL_BROKER_URL": "redis://127.0.0.1:1/0"}
    return CommandCase(name=name, words=words or ("doctor",), code=code, says=says, variables=given)


def _broker(url: str, says: str) -> CommandCase:
    given = {"EVALCTL_DATABASE_URL": AWAY, "EVALCTL_BROKER_URL": url}
    name = f"doctor with {url.replace(SECRET, '...')}"
    return CommandCase(name=name, words=("doctor",), code=2, says=says, variables=given)


def _registry(name: str, text: str, says: str, *words: str, code: int = 2) -> CommandCase:
    return CommandCase(
        name=f"evalctl.toml with {name}", words=words or ("models", "list"), code=code, says=says,
        registry=text.encode("utf-8", "surrogateescape"),
    )  # fmt: skip


def _submit(name: str, says: str, *words: str) -> CommandCase:
    line = ("submit", "--model", "smollm2", "--problems", "quickstart", *words)
    return CommandCase(name=name, words=line, code=2, says=says)


COMMANDS: tuple[CommandCase, ...] = (
    _database(AWAY, 3, "u:***@127.0.0.1:1/db", "status"),
    _database(AWAY, 3, "u:***@127.0.0.1:1/db", "db", "upgrade"),
    _database("host=db password=S3cr3t", 2, "must start with postgresql://"),
    _database("postgresql://u:S3cr3t@h:abc/db", 2, "port that is not a number"),
    _database("postgresql://u:S3cr3t", 2, "port that is not a number"),
    _database("postgresql://u:p@S3cr3t@h/db", 2, "more than one @"),
    _database("postgresql://u:S3cr3t@h/db?connect_timeout=soon", 2, "for connect_timeout"),
    _database("postgresql://u:S3cr3t@h:99999/db", 2, "port that is not a number"),
    _database("postgres://u:S3cr3t%40x@[::1]:1/db", 3, "u:***@[::1]:1/db", "status"),
    _database("postgresql://u:S3cr3t@[::1/db", 2, "cannot be read"),
    _database("postgresql://u:S3cr3t%40%zz@h/db", 2, "cannot be read"),
    _database("postgresql://u:S3cr3t@h:1,127.0.0.1:1/db", 3, "database", "status"),
    _database("mysql://u:S3cr3t@h/db", 2, "must start with postgresql://"),
    _database("postgresql:///db?service=nosuch", 3, "service", "status"),
    _database("postgresql://u:S3cr3t@127.0.0.1:1/db?nosuch=1", 2, "cannot be read", "status"),
    _broker("redis://:S3cr3t/rest@127.0.0.1:6379/0", "EVALCTL_BROKER_URL"),
    _broker("redis://:S3cr3t@127.0.0.1:6379/0?protocol=3", "unknown options protocol"),
    _broker("rediss://:S3cr3t@127.0.0.1:1/0?ssl_cert_reqs=bogus", "ssl_cert_reqs"),
    _broker("redis://:S3cr3t@127.0.0.1:6379/db", "number of a database"),
    _broker("sentinel://:S3cr3t@127.0.0.1:26379/0", "Sentinel and clusters are not supported"),
    _broker("redis+sentinel://:S3cr3t@h/0", "Sentinel and clusters are not supported"),
    _broker("redis+socket:///tmp/S3cr3t.sock", "sockets"),
    _broker("unix:///tmp/redis.sock", "sockets"),
    _broker("amqp://u:S3cr3t@h//", "must start with redis://"),
    _registry("a byte-order mark", f"\ufeff{PAGE}", "m", code=0),
    _registry("line ends of Windows", PAGE.replace("\n", "\r\n"), "m", code=0),
    _registry("bytes that are no UTF-8", f"{PAGE}\n# \udcff", "not valid TOML"),
    _registry("an unquoted dot", PAGE.replace("models.m", "models.q2.5-7b"), '[models."q2.5-7b"]'),
    _registry("a table that nothing reads", PAGE.replace("models.m", "model.m"), "mean [models"),
    _registry("a blank in base_url", PAGE.replace("/v1", "/v1 "), "holds a blank"),
    _registry("a whole endpoint", PAGE.replace("/v1", "/v1/chat/completions"), "leave it away"),
    _registry("a line end in a name", PAGE.replace("models.m", 'models."a\\nb"'), "one line"),
    _registry("a blank in a queue", f'{PAGE}queue = "a b"', "no blanks"),
    _registry("a request in 1e300 minutes", f"{PAGE}requests_per_minute = 1e-300",
              "requests_per_minute"),
    _registry("the model as max_tokens_field", f'{PAGE}options.max_tokens_field = "model"',
              "would override"),
    _registry("messages left out", f'{PAGE}options.leave_out = ["messages"]', "leave_out takes"),
    _registry("a header that frames", f'{PAGE}options.headers.Content-Length = "5"',
              "which the client sets"),
    _registry("a text for options", f'{PAGE}options = "x"', "must be a table"),
    _registry("a number for base_url", PAGE.replace('"http://127.0.0.1:1/v1"', "8000"), "base_url"),
    _registry("a key for its name", f'{PAGE}api_key_env = "sk-S3cr3t"', "name of an environment"),
    _registry("nan as a price", f"{PAGE}price_per_gpu_hour = nan", "price_per_gpu_hour"),
    _registry("nan in extra_body", f"{PAGE}options.extra_body = {{ k = nan }}", "not a number"),
    _registry("temperature in extra_body", f"{PAGE}options.extra_body.temperature = 1",
              "would override"),
    _registry("a key in extra_body", f'{PAGE}options.extra_body.api_key = "S3cr3t"',
              "options.headers"),
    _registry("a key in headers", f'{PAGE}options.headers.X-Api-Key = "S3cr3t"', "a secret"),
    _registry("markup in names", PAGE.replace("models.m", 'models."[/x] m[awq]"'), "m[awq]",
              code=0),
    _registry("a password in base_url", PAGE.replace("127", "u:S3cr3t@127"), "u:***@127", "models",
              "show", "m", code=0),
    _submit("--seed 10^23", "seed must be", "--seed", str(10**23)),
    _submit("--temperature inf", "temperature must be", "--temperature", "inf"),
    _submit("--top-p nan", "top_p must be", "--top-p", "nan"),
    _submit("--repetitions ²", "not a valid integer", "--repetitions", "²"),
    _submit("--max-tokens 1e400", "not a valid integer", "--max-tokens", "1e400"),
    _submit("--name latest", "stands for the latest run", "--name", "latest"),
    _submit("--name of a run's id", "id of another", "--name",
            "4d36e96e-e325-41ce-bfc1-08002be10318"),
    _submit("--name with a line end", "one line", "--name", "a\nb"),
    _submit("--name that is no UTF-8", "not valid UTF-8", "--name", "bad\udcff"),
    CommandCase(name="dead list --limit 10^23", words=("dead", "list", "--limit", str(10**23)),
                code=2, says="not in the range"),
    CommandCase(name="worker --grace nan", words=("worker", "--cpu", "--grace", "nan"), code=2,
                says="not a finite number"),
    CommandCase(name="EVALCTL_HOME of an unknown user", words=("status",), code=2,
                says="no user here has", variables={"EVALCTL_HOME": "~nosuchuser/x"}),
    *(
        CommandCase(name=f"a terminal of {encoding}", code=0,
                    words=("problems", "show", "sec-symmetric-01", "--language", "zh"),
                    variables={"PYTHONIOENCODING": encoding})
        for encoding in ("ascii", "latin-1", "gbk")
    ),
)  # fmt: skip
