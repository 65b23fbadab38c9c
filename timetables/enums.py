from django.db.models import TextChoices


class SemesterType(TextChoices):
    """Which half of the year; `year` is neither."""

    FALL = "fall"
    SPRING = "spring"
    YEAR = "year"


class Label(TextChoices):
    """The labels that clients know how to colour. A label is free text; everything else counts as "other"."""

    LECTURE = "cours"
    EXERCISE = "exercice"
    PROJECT = "projet"
