"""Refuse what people sent, with each field of it that is wrong."""

from collections.abc import Sequence

from tocsin.errors import FieldFault, Reason, Rejected


def bad_field(field: str, message: str) -> Rejected:
    """The refusal of one field."""
    fault = FieldFault(field, message)
    return Rejected(422, Reason.BAD_FIELD, fault.sentence, fields=(fault,))


def refuse(faults: Sequence[FieldFault]) -> None:
    """Refuse what has faults.

    Raises:
        Rejected: 422, naming them all.
    """
    if faults:
        message = "; ".join(one.sentence for one in faults[:5])
        raise Rejected(422, Reason.BAD_FIELD, message, fields=faults)
