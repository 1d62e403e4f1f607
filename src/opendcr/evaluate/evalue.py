"""How strong something unmeasured would have to be to explain an estimate away."""

from math import sqrt


def e_value(ratio: float) -> float:
    """The E-value of a rate ratio (VanderWeele and Ding, Annals of Internal Medicine 167:4, 2017).

    The least strength, as a rate ratio with the start and with the outcome both, that something
    unmeasured would need to explain the ratio away. 1 where there is nothing to explain.
    """
    away = max(ratio, 1 / ratio)
    return away + sqrt(away * (away - 1))


def e_value_of_interval(low: float, high: float) -> float:
    """The E-value of the bound of an interval that is nearer to 1; 1 where the interval holds it."""
    if low <= 1 <= high:
        return 1.0
    return e_value(low if low > 1 else high)
