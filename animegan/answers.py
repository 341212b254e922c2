"""Answers to the exercises: whether one is of the kind that was asked for, before its check calculates with it."""

import numpy as np


def is_number(answer):
    """Whether an answer is one finite number: an int or float, of Python, NumPy or an engine."""
    return _finite(answer, dimensions=0)


def are_numbers(answer, count=None):
    """Whether an answer is a list, a tuple or an array of finite numbers.

    Args:
        answer: of any kind.
        count: how many; one or more if None.
    """
    return _finite(answer, dimensions=1) and 0 < len(answer) == (count or len(answer))


def _finite(answer, dimensions):
    try:
        numbers = np.asarray(answer)
    except (TypeError, ValueError):  # such as a list of lists of several lengths
        return False
    return numbers.dtype.kind in "iuf" and numbers.ndim == dimensions and bool(np.isfinite(numbers).all())
