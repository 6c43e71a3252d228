-- Rows that screens read, made from the journal. Money, prices and quantities are whole numbers of 10^-8, times
-- are microseconds since 1970. Numbers are dense per account, so that cursors survive a rebuild and tell nobody
-- how busy other accounts are. Rows are stored in order of account and number: one page of a list is one read.
CREATE TABLE checkpoint (
    partition INTEGER NOT NULL PRIMARY KEY,
    seq       INTEGER NOT NULL,
    epoch     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    hash      BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE account (
    key        INTEGER NOT NULL PRIMARY KEY,
    partition  INTEGER NOT NULL,
    no         INTEGER NOT NULL,
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    user       BLOB    NOT NULL CHECK (length(user) = 16),
    day_starts INTEGER NOT NULL,
    UNIQUE (partition, no)
) STRICT;

CREATE TABLE instrument (
    partition   INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    symbol      TEXT    NOT NULL,
    asset_class TEXT    NOT NULL,
    PRIMARY KEY (partition, id)
) STRICT, WITHOUT ROWID;

-- Named in the plural because ORDER is a word of SQL.
CREATE TABLE orders (
    account       INTEGER NOT NULL,
    number        INTEGER NOT NULL,
    id            INTEGER NOT NULL UNIQUE,
    symbol        TEXT    NOT NULL,
    asset_class   TEXT    NOT NULL,
    side          TEXT    NOT NULL,
    order_type    TEXT    NOT NULL,
    time_in_force TEXT    NOT NULL,
    purpose       TEXT    NOT NULL,
    origin        TEXT    NOT NULL,
    qty           INTEGER NOT NULL,
    filled        INTEGER NOT NULL DEFAULT 0,
    -- Sum of price times quantity over the fills: a signed 128-bit number of 10^-16, most significant byte first.
    turnover      BLOB    NOT NULL DEFAULT (zeroblob(16)) CHECK (length(turnover) = 16),
    limit_price   INTEGER,
    stop_price    INTEGER,
    fees          INTEGER NOT NULL DEFAULT 0,
    state         TEXT    NOT NULL,
    open          INTEGER NOT NULL DEFAULT 1 CHECK (open IN (0, 1)),
    why           TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_open ON orders (account, number) WHERE open = 1;

CREATE TABLE fill (
    account  INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    fill_id  INTEGER NOT NULL,
    symbol   TEXT    NOT NULL,
    side     TEXT    NOT NULL,
    qty      INTEGER NOT NULL,
    price    INTEGER NOT NULL,
    fee      INTEGER NOT NULL,
    realized INTEGER,
    at       INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision (
    account  INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    symbol   TEXT,
    side     TEXT,
    size     TEXT,
    origin   TEXT,
    order_id INTEGER,
    code     TEXT,
    gate     TEXT,
    sentence TEXT    NOT NULL,
    evidence TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX decision_of_kind ON decision (account, kind, number);

CREATE TABLE equity (
    account INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    equity  INTEGER NOT NULL,
    cash    INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

-- One row per leg; partition, seq and index name the entry.
CREATE TABLE entry (
    account     INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    partition   INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    event_index INTEGER NOT NULL,
    book        TEXT    NOT NULL,
    amount      INTEGER NOT NULL,
    cause       TEXT    NOT NULL,
    order_id    INTEGER,
    at          INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;
