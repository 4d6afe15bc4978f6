"""Relations between a starred p and the level that the table's note gives to the star."""

from functools import partial

from ivim.audit.checks.pvalues import stars_agree
from ivim.audit.relations import Check, Relation, as_printed
from ivim.audit.rules.rows import Study

STARS = Check("stars", recovers=False, confirms=False)
NOTE = Check("stars", recovers=False, decisive=False)


def star_relations(study: Study) -> list[Relation]:
    """A starred p lies below the level that the table's note gives to the star; list of
    Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    claims, found = study.claims, []
    notes = [
        c for c in claims.where(statistic="significance") if c.item and not c.item.strip("*†‡")
    ]
    for note in notes:
        alone = sum(other.location == note.location for other in notes) == 1
        for p in claims.where(location=note.location, statistic="p"):
            starred = p.number.marks == note.item
            if starred or (alone and not p.number.marks):
                judge = partial(_star, p=p.id, note=note.id, starred=starred)
                found.append(Relation(f"star of {p.id}", STARS, p.id, (note.id,), judge))
                if starred:
                    family = f"note behind {p.id}"
                    found.append(Relation(family, NOTE, note.id, (p.id,), judge))
    return found


def _star(reading, p, note, starred):
    return stars_agree(as_printed(reading[p]), as_printed(reading[note]).value, starred)
