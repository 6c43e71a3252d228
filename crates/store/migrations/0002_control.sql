-- Users, sessions, audit. Ids are 16 bytes, times are microseconds since 1970.
CREATE TABLE user (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email      TEXT    NOT NULL UNIQUE,
    password   TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('user', 'admin')),
    account    BLOB    NOT NULL UNIQUE CHECK (length(account) = 16),
    created_at INTEGER NOT NULL,
    active     INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT;

CREATE TABLE session (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user       BLOB    NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    refresh    BLOB    NOT NULL UNIQUE CHECK (length(refresh) = 32),
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    idle_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX session_of_user ON session (user, created_at);
CREATE INDEX session_by_end ON session (min(idle_until, expires_at));

-- Refresh tokens that were exchanged, kept as long as their session: seeing one again ends the session.
CREATE TABLE spent_token (
    refresh BLOB NOT NULL PRIMARY KEY CHECK (length(refresh) = 32),
    session BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX spent_token_of_session ON spent_token (session);

CREATE TABLE audit (
    number  INTEGER NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   BLOB CHECK (length(actor) = 16),
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL
) STRICT;

CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
