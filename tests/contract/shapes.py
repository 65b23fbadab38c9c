"""Compares an answer with a sample of the document: every documented key, in its documented type."""

from typing import Any


def assert_like(sample: Any, actual: Any, where: str = "$") -> None:
    """`actual` has at least the sample's keys with values of the sample's types; a list, at least one such element.

    A sample value of None says nothing about the type.
    """
    if sample is None:
        return
    assert type(actual) is type(sample), f"{where}: {actual!r} is no {type(sample).__name__}"
    if isinstance(sample, dict):
        missing = sample.keys() - actual.keys()
        assert not missing, f"{where}: {sorted(missing)} are missing"
        for key, value in sample.items():
            assert_like(value, actual[key], f"{where}.{key}")
    if isinstance(sample, list):
        assert actual or not sample, f"{where}: empty"
        for number, element in enumerate(actual):
            assert_like(sample[0], element, f"{where}[{number}]")
