"""The command line, made from the jobs' parameters.

A command's flags are the fields of its job: nothing is declared twice. Only the requested job
is imported, and its rooms only when it runs. Results go to stdout (a short table, or one JSON object
with --json); progress and errors go to stderr. Exit codes: 0 done, 1 the job ran and did not pass, 2 wrong
use or unreadable input.
"""

from __future__ import annotations

import gc
import inspect
import os
import sys
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated, Any, Self

from relkit import __version__
from relkit.boundary import STOPS, Terminated, end_cleanly_on_termination, refusal
from relkit.errors import ParameterError, RelkitError, nearest
from relkit.jobs import COMMANDS
from relkit.json_text import json_text
from relkit.masking import masked
from relkit.shapes import seen_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cyclopts import App, CycloptsError
    from cyclopts.help.formatters.plain import PlainFormatter

    from relkit.jobs import CommandSpec
    from relkit.jobs.base import Job, Result

COLLECTED_AFTER = 20_000
"""New objects after which garbage is collected: a fit imports a million that stay, and with the usual 700 they are visited too often."""
ALGEBRA_THREADS = "OPENBLAS_NUM_THREADS"
"""Read when NumPy is imported. A fit solves thousands of small systems, over which two threads would wait for one another."""
HELP = "Analytics workbench for relationship marketing: raw tables in, scored customer file, reports and registered models out."


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    end_cleanly_on_termination()
    settle()
    for stream in (sys.stdout, sys.stderr):  # a name of a file that no encoding knows must not stop a message
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:] if argv is None else list(argv))
    gc.freeze()  # at its end Python would visit the million objects of what was imported, for two seconds after a fit
    sys.exit(code)


def settle() -> None:
    """Set what every command sets in its process, before the libraries concerned are imported."""
    gc.set_threshold(COLLECTED_AFTER)
    os.environ.setdefault(ALGEBRA_THREADS, "1")


def run(argv: list[str]) -> int:
    """Run one command and return its exit code.

    Examples:
        >>> run(["--version"])
        0.1.0
        0
    """
    return guarded(lambda: build(argv)(argv, exit_on_error=False, print_error=False, result_action="return_value"), argv)


def guarded(act: Callable[[], Any], argv: Sequence[str]) -> int:
    """Return the exit code of an act; an exception becomes one line on stderr, and with --json an object on stdout.

    Args:
        act: runs the command and returns its exit code.
        argv: the words of the command.
    """
    from cyclopts import CycloptsError

    try:
        code = act()
        sys.stdout.flush()
    except CycloptsError as error:
        return _refuse(_misused(error), 2, argv)
    except (BrokenPipeError, SystemExit):  # rich, which prints help, converts the first into the second
        return _unread_to_its_end()
    except KeyboardInterrupt as stop:
        return _refuse("stopped. What finished is kept.", 143 if isinstance(stop, Terminated) else 130, argv)
    except BaseException as error:  # noqa: BLE001  errors of ours, and whatever else: a panic of a compiled library is no Exception
        met = refusal(error, where=" ".join(("relkit", *_words(argv)[:1])))
        return _refuse(str(met), met.exit_code, argv)
    return code if isinstance(code, int) else 0


def _refuse(message: str, code: int, argv: Sequence[str]) -> int:
    """Report why there is no result: a line for people and, with --json, a failed result for scripts."""
    message = masked(message)  # what was typed may be quoted
    print(f"relkit: {message}", file=sys.stderr)  # noqa: T201
    if "--json" in argv:
        from relkit.jobs.base import Result

        job = max((name for name in COMMANDS if _words(argv)[: len(name.split())] == name.split()), key=len, default="relkit")
        _print_json(Result(job=job, passed=False, sentences=(message,), details={"exit_code": code}))
    return code


def _misused(error: CycloptsError) -> str:
    """Return the error in the words of the command, in one line with a pointer to the right ones."""
    from cyclopts import CoercionError, UnknownCommandError, UnusedCliTokensError

    if isinstance(error, UnknownCommandError) and error.unused_tokens:
        return str(ParameterError.unknown("command", error.unused_tokens[0], COMMANDS))
    command = " ".join(("relkit", *(error.command_chain or ())))
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        word = error.unused_tokens[0]
        below = [f"relkit {name}" for name in COMMANDS if f"relkit {name}".startswith(f"{command} ")]
        meant = nearest(f"{command} {word}", below, likeness=0.9)
        return f"{word!r} is one word too many{f'; did you mean {meant}?' if meant else '.'} {command} --help lists what it takes."
    message = " ".join(str(error).split())
    if isinstance(error, CoercionError) and "into dict" in message:
        name = message.partition("--")[2].partition(":")[0]
        return f"{message} Write each by its name: --{name}.NAME VALUE."
    return message


def _unread_to_its_end() -> int:
    """End quietly when the reader of the output (head, less) stops reading."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _words(argv: Sequence[str]) -> list[str]:
    return [word for word in argv if not word.startswith("-")]


def build(argv: Sequence[str]) -> App:
    """Return the application; only the command named in `argv` gets its flags, so that only its job is imported."""
    from cyclopts import App

    app = App(
        name="relkit", help=HELP, version=__version__, help_formatter=_help(), help_format="plaintext", suppress_keyboard_interrupt=False
    )
    words = _words(argv)
    groups: dict[str, App] = {}
    for name, spec in COMMANDS.items():
        *parents, leaf = name.split()
        wanted = words[: len(name.split())] == name.split()
        function = _command(spec) if wanted else _unread(spec)
        if any(other.startswith(f"{name} ") for other in COMMANDS):
            groups[name] = App(name=name, help=spec.summary, help_formatter=_help(), help_format="plaintext")
            groups[name].default(function)
            app.command(groups[name])
        else:
            (groups[parents[0]] if parents else app).command(function, name=leaf, help=spec.summary)
    return app


def _help() -> PlainFormatter:
    """Return the formatter of the help pages: plain text, each entry wrapped once and its further lines indented."""
    import textwrap

    from cyclopts.help.formatters.plain import PlainFormatter

    class Folded(PlainFormatter):
        def _print_plain(self, console: Any, text: str) -> None:
            indent = text[: len(text) - len(text.lstrip())]
            lines = textwrap.fill(" ".join(text.split()), width=console.width, initial_indent=indent, subsequent_indent=2 * indent)
            console.print(lines, highlight=False, markup=False, soft_wrap=True)

    return Folded()


def _unread(spec: CommandSpec) -> Callable[[], None]:
    """Return a placeholder that shows the command's line in the list of commands."""

    def shown() -> None:
        """Do nothing: the placeholder is only listed."""

    shown.__doc__ = spec.summary
    return shown


def _command(spec: CommandSpec) -> Callable[..., int]:
    """Return a function whose signature is the job's fields, with --json."""
    from cyclopts import Parameter

    job: type[Job] = getattr(import_module(spec.module), spec.job)

    def command(*given: Any, **flags: Any) -> int:
        as_json, show_values = flags.pop("json", False), flags.pop("show_values", False)
        values = dict(zip(spec.positional, given, strict=False)) | flags
        return execute(
            job.parse(**{name: value for name, value in values.items() if value is not None}), as_json=as_json, show_values=show_values
        )

    command.__doc__ = inspect.getdoc(job)
    command.__annotations__ = {}
    switch = Annotated[bool, Parameter(help="Print the result as one JSON object.", negative="")]
    parameters = [_parameter(job, name, positional=name in spec.positional) for name in _ordered(job, spec)]
    values = Annotated[
        bool, Parameter(help="Show on the terminal, and nowhere else, the values that messages tell the form of.", negative="")
    ]
    for name, annotation in (("json", switch), ("show_values", values)):
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


def _ordered(job: type[Job], spec: CommandSpec) -> list[str]:
    """Return the fields in order: positional first, then the job's own, then those common to all jobs."""
    from relkit.jobs.base import Job

    own = [name for name in job.model_fields if name not in spec.positional]
    return [*spec.positional, *(n for n in own if n not in Job.model_fields), *(n for n in own if n in Job.model_fields)]


def _parameter(job: type[Job], name: str, *, positional: bool) -> inspect.Parameter:
    from cyclopts import Parameter

    field = job.model_fields[name]
    required = field.is_required()
    flag = (field.alias or name).replace("_", "-")
    hints = Parameter(
        help=field.description or "",
        # A parameter that is on by default has a negative flag; one that is off needs none.
        negative=f"--no-{flag}" if field.default is True else "",
        name=None if positional else f"--{flag}",
        show_default=not required and field.get_default(call_default_factory=True) not in (None, (), {}, False),
        consume_multiple=not positional,
    )
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD if positional else inspect.Parameter.KEYWORD_ONLY
    default = inspect.Parameter.empty if required else field.get_default(call_default_factory=True)
    return inspect.Parameter(name, kind, default=default, annotation=Annotated[field.annotation or str, hints])


def execute(job: Job, *, as_json: bool, show_values: bool = False) -> int:
    """Verify and run a job, print its result, and return the exit code."""
    # A library that prints must not corrupt the JSON: only the result goes to stdout.
    with _shown_values(wanted=show_values), _ProgressLine(sys.stderr) as teller, redirect_stdout(sys.stderr):
        try:
            job.verify()
            result = job.run(teller)
        except (RelkitError, BrokenPipeError, *STOPS):
            raise
        except BaseException as error:
            raise refusal(error, where=job.command, log=job.out_dir / "runs" / f"{job.command.replace(' ', '_')}.log") from error
    if as_json:
        _print_json(result)
    else:
        print(_table(result))  # noqa: T201
    return exit_code(result)


@contextmanager
def _shown_values(*, wanted: bool) -> Iterator[None]:
    """Show the values behind the forms that messages have: on a terminal alone, so that no file has them."""
    if not wanted:
        yield
        return
    with seen_values() as seen:
        try:
            yield
        finally:
            lines = [f"  {form}: {value}" for form, value in dict.fromkeys(seen)]
            if not sys.stderr.isatty():
                lines = ["  none are shown: the output does not go to a terminal."]
            print("\n".join(["Values behind the messages:", *(lines or ["  none."])]), file=sys.stderr)  # noqa: T201


def _print_json(result: Result) -> None:
    print(json_text(result.model_dump(mode="json"), ensure_ascii=False))  # noqa: T201


def exit_code(result: Result) -> int:
    """Return 0 for a job that did its work; otherwise the code in the result, by default 1."""
    if result.skipped or not result.passed:
        return int(result.details.get("exit_code", 1))
    return 0


def _table(result: Result) -> str:
    """Return the result for people."""
    lines = [result.skipped] if result.skipped else []
    lines += list(result.sentences)
    lines += [f"warning: {text}" for text in result.warnings]
    lines += _aligned({name: f"{value:,.4f}" if isinstance(value, float) else str(value) for name, value in result.parameters.items()})
    if result.log_likelihood is not None:
        lines.append(f"log-likelihood {result.log_likelihood:,.4f}")
    if "steps" not in result.details:  # a pipeline names only the important paths; the others are in the JSON
        lines += _aligned({name: str(path) for name, path in result.paths.items()})
    return "\n".join(lines)


def _aligned(pairs: dict[str, str]) -> list[str]:
    width = max(map(len, pairs), default=0)
    return [f"  {name:<{width}}  {value}" for name, value in pairs.items()]


class _ProgressLine:
    """Progress of a job: a self-updating line on a terminal, elsewhere only finished steps."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.live = bool(stream.isatty())
        self.shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wipe()

    def __call__(self, what: str, done: float | None = None, /) -> None:
        if what.endswith("\n"):
            self._wipe()
            print(what, end="", file=self.stream, flush=True)
        elif self.live:
            share = "" if done is None else f" {done:4.0%}"
            self._wipe()
            self.shown = len(text := f"  … {what[:100]}{share}")
            print(text, end="", file=self.stream, flush=True)

    def _wipe(self) -> None:
        if self.shown:
            print("\r" + " " * self.shown + "\r", end="", file=self.stream)
            self.shown = 0
