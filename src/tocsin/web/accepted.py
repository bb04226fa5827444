"""Which of two forms of an answer a client asks for by `Accept` (RFC 9110, 12.5.1)."""


def prefers(accept: str, special: str, usual: str) -> bool:
    """Whether `special` is named, and not less wanted than the usual form.

    A wildcard alone asks for the usual one: browsers and curl send it with everything.
    """
    weights: dict[str, float] = {}
    for entry in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in entry.split(";"))
        weights[media_type] = _weight(parameters)
    wanted = weights.get(special, 0.0)
    return wanted > 0 and wanted >= weights.get(usual, 0.0)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
