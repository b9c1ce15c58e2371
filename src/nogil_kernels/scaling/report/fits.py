"""Laws of scaling, fitted to one curve: how much of the work is serial, and how many workers are the most of use.

Amdahl's law and the Universal Scalability Law as functions of the number of workers n,

    S(n) = n / (1 + sigma (n - 1))
    S(n) = n / (1 + sigma (n - 1) + kappa n (n - 1)),

where sigma is the share of the work that is done by one worker at a time, and kappa what every pair of workers costs,
which exchange data or wait for each other's caches. In time rather than in speed-up both are linear in what is sought:
1 / S(n) is the time of n workers by that of one.

Sources: G. M. Amdahl, "Validity of the single processor approach to achieving large scale computing capabilities",
AFIPS 1967. N. J. Gunther, "A simple capacity model of massively parallel transaction systems", CMG 1993, and "Guerrilla
Capacity Planning", Springer 2007, chapters 4 to 6, which fits n / S(n) - 1 by least squares, too. The criterion that
chooses is C. M. Hurvich and C.-L. Tsai, "Regression and time series model selection in small samples", Biometrika 1989.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .suite import Report, Row

FEWEST = 5  # points: two parameters and the variance of the residuals, and one more for AICc's divisor to be positive
EXACT = 1e-3  # of a time: residuals below that are equal, since no measurement tells them apart
POOR = 0.1  # a residual from which on the law is not what shapes the curve
NONE, ALL = 0.001, 0.999  # shares of the work that are shown as none and all of it


@dataclass(frozen=True)
class Law:
    """One curve's law: Amdahl's, or where kappa is not 0, the Universal Scalability Law."""

    sigma: float
    kappa: float
    residual: float
    """Root mean square of what the points' times lie beside the curve, as a share of them."""
    most: int
    """The largest number of workers that it was fitted to: beyond, the curve is a guess."""

    @property
    def name(self) -> str:
        """Whose law it is."""
        return "Universal Scalability Law" if self.kappa else "Amdahl's law"

    @property
    def peak(self) -> float:
        """The number of workers beyond which more of them are slower; infinite by Amdahl's law."""
        return max(1.0, math.sqrt((1 - self.sigma) / self.kappa)) if self.kappa else math.inf

    @property
    def limit(self) -> float:
        """The speed-up that no number of workers exceeds."""
        if self.kappa:
            return self.speed_up(self.peak)
        return 1 / self.sigma if self.sigma else math.inf

    def speed_up(self, workers: float) -> float:
        """S(n)."""
        return workers / (1 + self.sigma * (workers - 1) + self.kappa * workers * (workers - 1))

    def __str__(self) -> str:
        return self._said() + (f" (points lie {self.residual:.0%} beside this law)" if self.residual > POOR else "")

    def _said(self) -> str:
        if self.kappa:
            costs = f"{_share(self.sigma)}, and workers hold each other up"
            if self.speed_up(2) <= 1:
                return f"{costs}: one alone is the fastest"
            return f"{costs}: at most {_number(self.limit)}x, with {max(2, round(self.peak))} of them"
        if self.sigma < NONE:
            return f"{_share(self.sigma)}, as far as {self.most} workers show"
        if self.sigma > ALL:
            return f"{_share(self.sigma)}: more workers bring nothing"
        return f"{_share(self.sigma)}: at most {_number(self.limit)}x"


def law(report: Report, rows: Sequence[Row]) -> Law | None:
    """The law of one curve: rows of the same work in the same way, with one worker (here or in sequence) and more.

    None where there are less than FEWEST points: any curve runs through three. Rows with more workers than usable cores
    do not count: those take turns, whatever share of the work is serial.

    None with weak scaling, too. Its frame is Gustafson's law, S(n) = n - s (n - 1), where s is the time of a serial
    part that stays as it is while the work grows with n, such as loading. A sample begins after all such parts, and
    every worker brings calls of its own: there is no s in it to be found. Source: J. L. Gustafson, "Reevaluating
    Amdahl's law", CACM 1988.
    """
    if report.weak:
        return None
    cores = report.facts.get("nk_usable_cores", math.inf)
    found = {1: 1.0} if any(report.alone(row) for row in rows) else {}
    for row in rows:
        speed_up = report.speed_up(row)
        if speed_up is not None and row.workers <= float(cores):
            found[row.workers] = speed_up.median
    return fitted(list(found), list(found.values()))


def fitted(workers: Sequence[int], speed_ups: Sequence[float]) -> Law | None:
    """The law of these points; None where they are too few. Kappa stays 0 unless it earns its place by AICc."""
    if len(workers) < FEWEST:
        return None
    amdahl, universal = (_least_squares(workers, speed_ups, terms) for terms in (1, 2))
    return universal if _aicc(universal, len(workers), 2) < _aicc(amdahl, len(workers), 1) else amdahl


def _least_squares(workers: Sequence[int], speed_ups: Sequence[float], terms: int) -> Law:
    """Sigma in 0 to 1 and kappa >= 0, or sigma alone, with the least squares of the times' relative errors.

    With the share p = S / n of what n workers could have given, the curve's time is p (1 + sigma (n - 1) + ...) of the
    measured one. That is linear, so one minimum is all there is, and no starting value is needed.
    """
    import numpy as np
    from scipy.optimize import lsq_linear

    n = np.asarray(workers, float)
    p = np.asarray(speed_ups) / n
    columns = np.column_stack([p * (n - 1), p * n * (n - 1)])[:, :terms]
    found = lsq_linear(columns, 1 - p, bounds=([0, 0][:terms], [1, np.inf][:terms]), method="bvls")
    sigma, kappa = [*(max(0.0, float(x)) for x in found.x), 0.0][:2]
    residual = math.sqrt(float(np.mean((columns @ found.x - (1 - p)) ** 2)))
    return Law(sigma, kappa, residual, max(workers))


def _aicc(law: Law, points: int, parameters: int) -> float:
    """Akaike's criterion with its correction for few points. The variance of the residuals is a parameter, too."""
    k = parameters + 1
    return 2 * points * math.log(max(law.residual, EXACT)) + 2 * k + 2 * k * (k + 1) / (points - k - 1)


def _share(sigma: float) -> str:
    """How much of the work is serial."""
    if sigma < NONE:
        return "no part of the work is serial"
    return f"{100 * sigma:.2g} % of the work is serial" if sigma <= ALL else "all of the work is serial"


def _number(speed_up: float) -> str:
    return f"{speed_up:.1f}" if speed_up < 9.95 else f"{speed_up:.0f}"
