// What the server asks of a password (model/people.py).

export const MIN_PASSWORD_CHARS = 8;
