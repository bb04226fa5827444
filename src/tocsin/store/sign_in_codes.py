"""One-time codes that let the first person in, before anybody has a password."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, or_, select, update

from tocsin.model.times import to_us
from tocsin.model.tokens import digest_of, new_secret
from tocsin.store.tables.access import people, sign_in_codes


def create(conn: Connection, now: datetime, good_for: timedelta) -> str | None:
    """A code for the first sign-in; None once there are people.

    Those before it stay good for their time: instances that start together print one each.
    """
    if conn.execute(select(people.c.id).limit(1)).first() is not None:
        return None
    code = new_secret()
    has_ended = or_(sign_in_codes.c.used_at.is_not(None), sign_in_codes.c.expires_at <= to_us(now))
    conn.execute(delete(sign_in_codes).where(has_ended))
    conn.execute(
        insert(sign_in_codes).values(
            hash=digest_of(code), created_at=to_us(now), expires_at=to_us(now + good_for)
        )
    )
    return code


def use(conn: Connection, code: str, now: datetime) -> bool:
    """Use a code up; False when it is unknown, used or too old."""
    used = conn.execute(
        update(sign_in_codes)
        .where(
            sign_in_codes.c.hash == digest_of(code),
            sign_in_codes.c.used_at.is_(None),
            sign_in_codes.c.expires_at > to_us(now),
        )
        .values(used_at=to_us(now))
    )
    return used.rowcount == 1
