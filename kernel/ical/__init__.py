"""Calendar files (iCalendar, RFC 5545): their event series, when these take place, and how calendars are written.

In the order in which a file is read:

    lines        bytes become property lines, each with its number
    charsets     in which encoding a file is whose sender says so
    components   lines become calendars, with the descriptions of zones and the events in them
    values       what stands in a property: a date, a time, a duration, a text
    rules        RRULE: read strictly, followed day by day, so that it ends
    zones        which zone a name means; zones that a calendar describes itself
    particulars  what an event says beside its times: whose it is, since when, whether it is sure
    events       a component becomes an event, or the faults of one
    occurrences  when the events of one series take place
    series       what belongs together
    objects      a series cut out of its file, to be read again by itself
    editing      a date of a series called off in its text
    writing      calendars of our own

What cannot be understood is a `Misread` with the line; what makes the whole file useless an `UnreadableCalendar`. No
library reads here: those that do stop dead where a rule fails, and guess where we have to say so (decision 0019).
"""
