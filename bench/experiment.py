"""What all experiments share: one command line, measuring batch by batch, showing, and writing files."""

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
class Timed:
    """A statement to sample: its name in the suite, the code as it is typed, and what the report has to know of it."""

    name: str
    code: str
    metadata: Mapping[str, Fact]


@dataclass(frozen=True)
class Batch:
    """Statements that are sampled in the same rounds."""

    timed: Sequence[Timed]
    namespace: dict[str, Any]
    seconds: float
    """How long to sample, all statements together."""
    done: float
    """How much of the experiment is over with this batch, up to 1: for the progress bar."""
    rest: float = 0.0
    """Seconds to sleep before each sample."""
    once: bool = False
    """For what takes seconds: one sample of one execution each."""


@dataclass(frozen=True)
class Experiment:
    """Its parts. A suite is all that a report and a plot are made from."""

    name: str
    about: str
    quick: str
    """What --quick leaves out, and how long it takes."""
    batches: Callable[[argparse.Namespace], Generator[Batch]]
    render: Callable[[Any], Iterable[RenderableType]]
    """What to print of a suite."""
    draw: Callable[[Any, str], None] | None = None
    """Writes a plot; None where a table shows all of it."""
    add_options: Callable[[argparse.ArgumentParser], None] = lambda parser: None

    def main(self, arguments: Sequence[str]) -> int:
        """Measure or load, show, and write what is asked for; return the exit status."""
        parser = _parser(self)
        options = parser.parse_args(arguments, argparse.Namespace(arguments=list(arguments)))
        with plain_errors(parser):
            suite = suites.load(options.source, self.name) if options.source else _measure(self, options)
            interrupted = not options.source and "nk_interrupted" in suite.get_metadata()
            if options.json and interrupted and Path(options.json).is_file():
                print(f"Interrupted: {options.json} was left as it is", file=sys.stderr)
            elif options.json:  # before anything is shown: a reader of the pipe may have gone
                suite_file.save(suite, options.json)
            tables.show([tables.note(suites.heading(suite)), *self.render(suite)])
            if self.draw and options.output:
                self.draw(suite, options.output)
        return INTERRUPTED if interrupted else 0


@contextmanager
def plain_errors(parser: argparse.ArgumentParser) -> Iterator[None]:
    """End the command with a line, not a traceback, for what the user can mend and for Ctrl-C."""
    try:
        yield
    except (Impossible, OSError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    except KeyboardInterrupt:
        parser.exit(INTERRUPTED)


def _parser(experiment: Experiment) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m bench {experiment.name}", description=experiment.about.partition("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help=experiment.quick)
    parser.add_argument("--json", metavar="FILE", type=writable, help="also write every sample, in pyperf's format")
    parser.add_argument("--from", dest="source", metavar="FILE", help="show what --json wrote; measure nothing")
    if experiment.draw:
        formats = ", ".join(style.FORMATS)
        parser.add_argument("-o", dest="output", metavar="FILE", type=_plot, help=f"also draw: {formats}")
    experiment.add_options(parser)
    return parser


def _plot(path: str) -> str:
    """`path`, if a plot can be written there: known before minutes are spent."""
    if Path(path).suffix not in style.FORMATS:
        raise argparse.ArgumentTypeError(f"{path!r} must end in {', '.join(style.FORMATS)}")
    return writable(path)


def _measure(experiment: Experiment, options: argparse.Namespace) -> Any:
    """The suite of all batches, or of the whole rounds that there are when Ctrl-C comes."""
    try:
        ceiling.loops()
    except RuntimeError as error:  # the pure backend, and why it is in use
        raise Impossible(str(error)) from None
    common: dict[str, Fact] = {"nk_bench": experiment.name} | ({"nk_quick": 1} if options.quick else {})
    samples: timing.Samples = {}
    metadata: dict[str, Mapping[str, Fact]] = {}
    try:
        with closing(experiment.batches(options)) as batches, bar(Console(stderr=True)) as told:
            begin = time.perf_counter()
            for batch in batches:
                metadata |= {one.name: one.metadata for one in batch.timed}
                if batch.once:
                    for one in batch.timed:
                        samples[one.name] = [timeit.timeit(one.code, globals=batch.namespace, number=1)]
                else:
                    statements = {one.name: one.code for one in batch.timed}
                    timing.sample(statements, batch.namespace, batch.seconds, batch.rest, samples)
                over = time.perf_counter() - begin
                told(over, over / batch.done)
    except KeyboardInterrupt:
        if not samples:
            raise
        common["nk_interrupted"] = 1
    return suites.make(samples, {name: {**common, **metadata[name]} for name in samples})
