"""The picture of a run: ratios as bars on a logarithmic axis, in colours that can be read on white and on black."""

import math
from collections.abc import Sequence
from html import escape

ROW, LABEL, PLOT, MARGIN = 26, 300, 400, 64
"""Pixels: the height of a row, the width of the names, of the bars, of the figures behind them."""
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.quiet { fill: #57606a; font-size: 11px } .title { font-weight: 600; font-size: 15px }
.met { fill: #1f7a4d } .unmet { fill: #c2571a } .plain { fill: #6e7fa3 }
.grid { stroke: #d0d7de } .one { stroke: #57606a } .goal { stroke: #24292f; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #9da7b3 }
  .met { fill: #3fb27f } .unmet { fill: #f08c4a } .plain { fill: #8b9bc4 }
  .grid { stroke: #30363d } .one { stroke: #9da7b3 } .goal { stroke: #e6edf3 }
}
</style>"""


class Axis:
    """A logarithmic axis over whole steps, the values at its ends included."""

    def __init__(self, values: Sequence[float], ticks: Sequence[float]) -> None:
        least, most = min([*values, 1]), max([*values, 1])
        inside = [tick for tick in ticks if least <= tick <= most]
        lower = max((tick for tick in ticks if tick < least), default=least)
        upper = min((tick for tick in ticks if tick > most), default=most)
        self.ticks = [lower, *inside, upper]
        self._low, self._high = math.log(lower), math.log(upper)

    def __call__(self, value: float) -> float:
        """Pixels from the left."""
        return LABEL + (math.log(value) - self._low) / (self._high - self._low) * PLOT


def picture(
    rates: Sequence[tuple[str, float, float | None]], growth: Sequence[tuple[str, float]], growth_limit: float
) -> str:
    """An SVG. `rates`: (name, ours ÷ baseline, the goal); `growth`: (operation, time with many rows ÷ with few)."""
    upper = _panel(
        "Requests per second, ours ÷ baseline",
        "longer is faster; the mark is the goal: green reaches it, orange does not, blue has none",
        [(name, value, goal, goal is None or value >= goal) for name, value, goal in rates],
        (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100),
        0,
    )
    top = ROW * (len(rates) + 3)
    lower = _panel(
        "Time of a request, many rows ÷ few",
        "shorter is flatter; the mark is the most it may be",
        [(name, value, growth_limit, value <= growth_limit) for name, value in growth],
        (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64),
        top,
    )
    height, width = top + ROW * (len(growth) + 3), LABEL + PLOT + MARGIN
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([begin, "<title>CSpace: benchmarks</title>", STYLE, *upper, *lower, "</svg>", ""])


def _panel(
    title: str,
    note: str,
    bars: Sequence[tuple[str, float, float | None, bool]],
    ticks: Sequence[float],
    top: int,
) -> list[str]:
    """A bar for each (name, value, goal, whether it is met), with the axis below."""
    values = [number for _, value, goal, _ in bars for number in (value, goal) if number is not None]
    axis, first = Axis(values, ticks), top + 2 * ROW
    bottom = first + ROW * len(bars)
    parts = [
        f'<text class="title" x="{LABEL}" y="{top + 20}">{escape(title)}</text>',
        f'<text class="quiet" x="{LABEL}" y="{top + 36}">{escape(note)}</text>',
    ]
    for tick in axis.ticks:
        x, kind = axis(tick), "one" if tick == 1 else "grid"
        parts.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{first - 8}" y2="{bottom}"/>')
        parts.append(f'<text class="quiet" x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{tick:.3g}</text>')
    for place, (name, value, goal, is_met) in enumerate(bars):
        y, start, end = first + place * ROW, axis(axis.ticks[0]), axis(value)
        kind = "plain" if goal is None else "met" if is_met else "unmet"
        parts.append(f'<text x="{LABEL - 10}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        size = f'width="{end - start:.1f}" height="{ROW - 10}" rx="2"'
        parts.append(f'<rect class="{kind}" x="{start:.1f}" y="{y + 2}" {size}/>')
        if goal is not None:
            x = axis(goal)
            parts.append(f'<line class="goal" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 1}" y2="{y + ROW - 5}"/>')
        number_at = max(end, axis(goal) if goal is not None else end) + 6
        parts.append(f'<text x="{number_at:.1f}" y="{y + 14}">{value:.2f}</text>')
    return parts
