"""The columns of the tables, in text and page. The most important ones are first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...measure.samples import interval
from .labels import duration
from .suite import About, Report, Row, about


@dataclass(frozen=True)
class Column:
    """A heading, and a function that returns the text of a cell."""

    heading: str
    cell: Callable[[Report, Row], str]
    beside_others: bool = False
    """Whether the table in a terminal has this column if there are other interpreters."""
    is_minor: bool = False
    """Whether the page omits this column on a phone."""

    @property
    def title(self) -> str:
        """The heading in one line."""
        return self.heading.replace("-\n", "").replace("\n", " ")


def columns(rows: Sequence[Row]) -> list[Column]:
    """Return the columns for the rows of one workload."""
    subject = about(rows)
    if subject is About.LATENCY and any(row.p99 for row in rows):
        return [A_CALL, P99, A_CALL_INTERVAL]
    return COLUMNS[subject]


def _speed_up(report: Report, row: Row) -> str:
    """Return "" for sequential rows, which are the baseline."""
    speed_up = None if row.way == "sequential" else report.speed_up(row)
    return "" if speed_up is None else f"{speed_up.median:.2f}x"


def _speed_up_interval(report: Report, row: Row) -> str:
    speed_up = None if row.way == "sequential" else report.speed_up(row)
    return f"{speed_up.low:.2f}-{speed_up.high:.2f}" if speed_up and speed_up.has_95_percent else ""


def _efficiency(report: Report, row: Row) -> str:
    return "" if row.way == "sequential" else _percent(report.efficiency(row))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _lost(share: float | None) -> str:
    return f"{share:.1%}" if share else "none"


def _p99(report: Report, row: Row) -> str:
    return duration(interval(row.p99).median) if row.p99 else ""


A_CALL = Column("a call", lambda report, row: duration(row.seconds_per_call.median), beside_others=True)
A_CALL_INTERVAL = Column("95 %", lambda report, row: row.seconds_per_call.span(duration))
P99 = Column("99 %", _p99)
SPEED_UP = Column("speed-up", _speed_up, beside_others=True)
SPEED_UP_INTERVAL = Column("95 %", _speed_up_interval)
OF_CEILING = Column("of\nceiling", lambda report, row: _percent(report.of_ceiling(row)), beside_others=True)
EFFICIENCY = Column("effi-\nciency", _efficiency, is_minor=True)
LOST = Column("lost", lambda report, row: _lost(row.lost), beside_others=True)
MOST_LOST = Column("at most", lambda report, row: _lost(max(row.lost_updates, default=0) / row.updates))
UPDATES = Column("updates", lambda report, row: f"{row.updates:,}", is_minor=True)

COLUMNS = {
    About.LOST: [LOST, MOST_LOST, UPDATES],
    About.LATENCY: [A_CALL, A_CALL_INTERVAL],
    About.WAITING: [A_CALL, SPEED_UP, SPEED_UP_INTERVAL],
    About.SPEED_UP: [A_CALL, SPEED_UP, OF_CEILING, EFFICIENCY, SPEED_UP_INTERVAL],
}
