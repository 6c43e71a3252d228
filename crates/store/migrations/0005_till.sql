-- What the cashier remembers. A method is what the payment provider calls it; no card data.
-- A step of a subscription that cash went back (16) may stand in the journal.
-- Where both names are null, the owner had the method forgotten.
CREATE TABLE payer (
    account  BLOB    NOT NULL PRIMARY KEY CHECK (length(account) = 16),
    customer TEXT,
    method   TEXT CHECK ((method IS NULL) = (customer IS NULL)),
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE checkout (
    reference  TEXT NOT NULL PRIMARY KEY,
    invoice    TEXT NOT NULL,
    account    BLOB NOT NULL CHECK (length(account) = 16),
    expires_at INTEGER
) STRICT, WITHOUT ROWID;

-- The newest attempt of each account; amounts in units of 10^-8 dollars.
CREATE TABLE attempt (
    account   BLOB    NOT NULL PRIMARY KEY CHECK (length(account) = 16),
    invoice   TEXT    NOT NULL,
    number    INTEGER NOT NULL CHECK (number BETWEEN 1 AND 255),
    reminders INTEGER NOT NULL CHECK (reminders BETWEEN 0 AND 255),
    amount    INTEGER NOT NULL,
    answered  INTEGER NOT NULL CHECK (answered IN (0, 1))
) STRICT, WITHOUT ROWID;
