"""The command line of the experiments: options, measuring batch by batch, reports and files."""

import argparse
import sys
import time
import timeit
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from nogil_kernels.cli import INTERRUPTED, writable
from nogil_kernels.measure import ceiling, style, suite_file
from nogil_kernels.measure.facts import Fact
from nogil_kernels.scaling.run.progress import bar

from . import Impossible, suites, tables, timing


@dataclass(frozen=True)
class Statement:
    """A statement to sample: its benchmark's name, its code as a user types it, and metadata for the report."""

    name: str
    code: str
    metadata: Mapping[str, Fact]


@dataclass(frozen=True)
class Batch:
    """Statements that are sampled in the same rounds."""

    statements: Sequence[Statement]
    namespace: dict[str, Any]
    seconds: float
    """How long to sample all statements together."""
    completed_share: float
    """The share of the experiment that is complete after this batch, from 0 to 1. The progress bar shows it."""
    sleep_seconds: float = 0.0
    """Seconds to sleep before each sample."""
    once: bool = False
    """Take one sample of one execution per statement, because an execution takes seconds."""


@dataclass(frozen=True)
class Experiment:
    """The parts of an experiment. Report and plot are made from a suite only, so a stored suite can be shown again."""

    name: str
    docstring: str
    """The docstring of the experiment. Its first line is the description in --help."""
    quick_help: str
    """The help text of --quick: what is skipped, and how long the experiment takes then."""
    batches: Callable[[argparse.Namespace], Generator[Batch]]
    render: Callable[[Any], Iterable[RenderableType]]
    """Return the tables and notes that show a suite."""
    draw: Callable[[Any, str], None] | None = None
    """Write a plot of a suite to a file. None if the tables show everything."""
    add_options: Callable[[argparse.ArgumentParser], None] = lambda parser: None

    def main(self, arguments: Sequence[str]) -> int:
        """Measure or load a suite, write the files that the options name, print the report; return the exit status."""
        parser = _parser(self)
        options = parser.parse_args(arguments, argparse.Namespace(arguments=list(arguments)))
        is_saved = True
        with plain_errors(parser):
            suite = suites.load(options.source, self.name) if options.source else _measure(self, options)
            interrupted = not options.source and "nk_interrupted" in suite.get_metadata()
            if options.json and interrupted and Path(options.json).is_file():
                print(f"interrupted: {options.json} exists and was not overwritten", file=sys.stderr)
            elif options.json:  # saved before printing, which fails if a program such as head has closed the pipe
                is_saved = _save(suite, options.json)
            try:
                tables.show([tables.note(suites.heading(suite)), *self.render(suite)])
            except OSError:
                if not options.source and not options.json:
                    _rescue(suite)
                raise
            if self.draw and options.output:
                self.draw(suite, options.output)
        if not is_saved:
            return 1
        return INTERRUPTED if interrupted else 0


def _save(suite: Any, path: str) -> bool:
    """Save the samples to a file, or to the temporary folder if that fails. Return whether the file was written."""
    try:
        suite_file.save(suite, path)
    except OSError as error:
        print(f"cannot write {path}: {error.strerror or error}", file=sys.stderr)
        _rescue(suite)
        return False
    return True


def _rescue(suite: Any) -> None:
    """Save the samples in the temporary folder, and print where."""
    try:
        print(f"saved the samples to {suite_file.save_elsewhere(suite)}", file=sys.stderr)
    except OSError as error:
        print(f"cannot save the samples elsewhere: {error.strerror or error}", file=sys.stderr)


@contextmanager
def plain_errors(parser: argparse.ArgumentParser) -> Iterator[None]:
    """End the command without a traceback: with one line after Impossible or OSError, silently after Ctrl-C."""
    try:
        yield
    except (Impossible, OSError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    except KeyboardInterrupt:
        parser.exit(INTERRUPTED)


def _parser(experiment: Experiment) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m bench {experiment.name}", description=experiment.docstring.partition("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help=experiment.quick_help)
    parser.add_argument("--json", metavar="FILE", type=writable, help="also write every sample, in pyperf's format")
    parser.add_argument("--from", dest="source", metavar="FILE", help="show a file of --json, without measuring")
    if experiment.draw:
        formats = ", ".join(style.FORMATS)
        parser.add_argument("-o", dest="output", metavar="FILE", type=_plot, help=f"also draw a plot: {formats}")
    experiment.add_options(parser)
    return parser


def _plot(path: str) -> str:
    """Return `path` if a plot can be written there. This is checked before the measurement, which takes minutes."""
    if Path(path).suffix not in style.FORMATS:
        raise argparse.ArgumentTypeError(f"cannot draw {path!r}: the name must end in {', '.join(style.FORMATS)}")
    return writable(path)


def _measure(experiment: Experiment, options: argparse.Namespace) -> Any:
    """Sample all batches; return their suite. After Ctrl-C the suite has the complete rounds."""
    try:
        ceiling.loops()
    except RuntimeError as error:  # the message says why the pure backend is in use
        raise Impossible(str(error)) from None
    common_metadata: dict[str, Fact] = {"nk_bench": experiment.name} | ({"nk_quick": 1} if options.quick else {})
    samples: timing.Samples = {}
    metadata: dict[str, Mapping[str, Fact]] = {}
    try:
        with closing(experiment.batches(options)) as batches, bar(Console(stderr=True)) as report_progress:
            begin = time.perf_counter()
            for batch in batches:
                metadata |= {statement.name: statement.metadata for statement in batch.statements}
                if batch.once:
                    for statement in batch.statements:
                        samples[statement.name] = [timeit.timeit(statement.code, globals=batch.namespace, number=1)]
                else:
                    codes = {statement.name: statement.code for statement in batch.statements}
                    timing.sample(codes, batch.namespace, batch.seconds, batch.sleep_seconds, samples)
                elapsed = time.perf_counter() - begin
                report_progress(elapsed, elapsed / batch.completed_share)
    except KeyboardInterrupt:
        if not samples:
            raise
        common_metadata["nk_interrupted"] = 1
    return suites.make(samples, {name: {**common_metadata, **metadata[name]} for name in samples})
