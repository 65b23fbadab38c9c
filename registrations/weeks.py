"""How the weeks of a series are laid out anew when it moves. Pure: no database, no clock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from cspace.db.ranges import week_number


@dataclass
class Layout:
    """What a move wants: occurrences {new date: registration id}, new dates without one, and ids to give up."""

    moved: dict[date, int] = field(default_factory=dict)
    added: list[date] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)


def lay_out(
    *,
    dates: Sequence[date],
    occurrences: Mapping[int, date],
    settled: Collection[int],
    too_late: Collection[date],
) -> Layout:
    """Bring the occurrences {registration id: date} of a series to new dates, week by week (Sunday to Saturday).

    `dates`: the dates that the series has from now on, at most one in a week. `settled`: weeks (as of `week_number`)
    to which nothing is added: they have had their occurrence, or somebody decided by hand. `too_late`: new dates
    that have gone by; an occurrence in such a week stays where it is. One whose week has no date is given up.
    """
    layout = Layout()
    of_week = {week_number(day): registration_id for registration_id, day in occurrences.items()}
    for day in dates:
        registration_id = of_week.pop(week_number(day), None)
        if registration_id is not None:
            layout.moved[day] = registration_id
        elif week_number(day) not in settled:
            layout.added.append(day)
    gone_weeks = {week_number(day) for day in too_late}
    layout.dropped = [registration_id for week, registration_id in of_week.items() if week not in gone_weeks]
    return layout
