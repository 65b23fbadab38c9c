"""Which dates go, claim against claim, as the contract says it (Room Booking §6)."""

from dataclasses import replace


def in_order(claims):
    """From the first to the last, by one stable sort after the other."""
    ordered = sorted(claims, key=lambda each: each.id)
    for key in ("recurrence", "uid", "created", "is_tentative"):
        ordered.sort(key=lambda each: getattr(each, key))
    ordered.sort(key=lambda each: each.priority, reverse=True)
    return [each for each in ordered if each.event_id is None] + [each for each in ordered if each.event_id is not None]


def clash(one, other):
    return (
        any(room in other.rooms for room in one.rooms)
        and one.starts_at < other.ends_at
        and other.starts_at < one.ends_at
    )


def are_siblings(one, other):
    return one.event_id is not None and one.event_id == other.event_id


def is_left_alone(loser, winner):
    """Whether the winner may not have it removed."""
    return not loser.is_chosen or (
        loser.priority > 0 and loser.priority == winner.priority and winner.event_id is not None
    )


def naive_decision(claims):
    """{"losers", "ignored": [(claim, winner)], "promoted", "demoted": [claim]}."""
    ordered = in_order(each for each in claims if each.event_id is not None or each.is_live)
    inside, answer = [], {"losers": [], "ignored": [], "promoted": [], "demoted": []}
    told = {}
    for place, claim in enumerate(ordered):
        if claim.event_id is None:
            inside.append(claim)
            continue
        in_the_way = [each for each in inside if clash(each, claim)]
        strangers = [each for each in in_the_way if not are_siblings(each, claim)]
        if strangers and not is_left_alone(claim, strangers[0]):
            answer["losers"].append((claim, strangers[0]))
        elif in_the_way:
            if strangers and (claim.is_chosen or strangers[0].is_chosen):
                told[claim.id] = (claim, strangers[0])
            if claim.is_live:
                answer["demoted"].append(claim)
        else:
            # Whoever is live, comes later and cannot be made to go.
            stay = [
                each
                for each in ordered[place + 1 :]
                if each.is_live
                and clash(each, claim)
                and is_left_alone(each, claim)
                and not any(clash(each, other) for other in inside)
            ]
            if claim.is_live:
                inside.append(claim)
            elif not stay:
                inside.append(claim)
                answer["promoted"].append(claim)
            else:
                for each in ordered[place + 1 :]:
                    is_told = clash(each, claim) and is_left_alone(each, claim) and not are_siblings(each, claim)
                    if is_told and (each.is_chosen or claim.is_chosen):
                        told.setdefault(each.id, (each, claim))
    for loser, _ in answer["losers"]:
        told.pop(loser.id, None)
    answer["ignored"] = [told[each.id] for each in ordered if each.event_id is not None and each.id in told]
    return answer


def afterwards(claims, decision):
    """The claims as they are when a decision has been carried out."""
    gone = {each.claim for each in decision.losers}
    live, waiting = set(decision.promoted), set(decision.demoted)
    return [
        replace(each, is_live=(each.is_live or each in live) and each not in waiting)
        for each in claims
        if each not in gone
    ]
