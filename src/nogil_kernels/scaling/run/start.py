"""One start of the workers: the steps that a child process makes, or this process for functions without a path."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from ...measure.facts import Fact, facts
from ...measure.gil_watch import watch
from ...workers import search_path, worker
from ...workers.crew import Crew
from ...workers.errors import one_line
from ...workers.shared import Folder
from ..rows import Row, Sample
from . import sampling
from .preparing import Doing, Prepared, prepare
from .request import Request


class Start:
    """The workers of a request, and the rows that they can sample."""

    def __init__(self, request: Request, folder: Folder, doing: Doing) -> None:
        self.request = request
        worker.pickled_functions.update(request.pickled)
        for _, path in request.files:
            search_path.add(os.path.dirname(path))
        self.crew = Crew(folder)
        self.prepared = Prepared()
        self.facts: dict[str, Fact] = {}
        try:
            with watch() as gil:
                self.prepared = prepare(request, self.crew, doing)
            if not request.rows:
                self.facts = {**facts(), **gil.facts()}
        except BaseException:
            self.close()
            raise

    @property
    def rows(self) -> list[Row]:
        """The rows that can be sampled."""
        return self.prepared.rows

    def samples(self, rows: Iterable[Row]) -> Iterator[tuple[Row, Sample | str]]:
        """Yield one sample of each row, or the reason why there is none."""
        for row in rows:
            try:
                with self.prepared.kept(row.workload):
                    sample = sampling.take(row, self.prepared.workloads[row.workload], self.crew, self.rows)
            except Exception as error:
                yield row, one_line(error)
            else:
                yield row, sample

    def description(self) -> dict[str, Any]:
        """Return what the parent needs to know."""
        return {
            "notes": self.prepared.notes,
            "failures": self.prepared.failures,
            "start_up": self.crew.start_up,
            "facts": self.facts,
            "calls": list(self.prepared.calls.chosen.items()),
            "probed": [
                (workload.name, workload.verdict, workload.hold, workload.limit)
                for workload in self.prepared.workloads.values()
                if ":" in workload.name
            ],
        }

    def changes(self) -> dict[str, list[str]]:
        """Return what each workload changed in this process. It was restored after each sample."""
        return {name: sorted(changed) for name, changed in self.prepared.changed.items() if changed}

    def close(self) -> None:
        """End all workers and workloads."""
        self.crew.close()
