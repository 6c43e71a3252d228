-- What screens list, made from the journal. A record is written once, behind the last one, whoever it is about;
-- an account's records are found by walking back from its newest one. So an order costs no page of its own per
-- account and list, and nothing is indexed but every 256th number of a list.
CREATE TABLE checkpoint (
    partition INTEGER NOT NULL PRIMARY KEY,
    seq       INTEGER NOT NULL,
    epoch     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    hash      BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- Whose rows: `key` is partition and number of the account.
CREATE TABLE account (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user       BLOB    NOT NULL CHECK (length(user) = 16),
    key        INTEGER NOT NULL,
    day_starts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who stands behind a line of the house's books.
CREATE INDEX account_of_key ON account (key);

-- As it was listed at a place of the log and behind it.
CREATE TABLE instrument (
    partition INTEGER NOT NULL,
    id        INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    body      BLOB    NOT NULL,
    PRIMARY KEY (partition, id, since)
) STRICT, WITHOUT ROWID;

-- What everything was worth in a partition before a day began, for days before which a price had moved. The last
-- row is of the day that has not begun.
CREATE TABLE price (
    partition INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    body      BLOB    NOT NULL,
    PRIMARY KEY (partition, day)
) STRICT, WITHOUT ROWID;

-- Records in the order of their making, some of them in a row.
CREATE TABLE log (
    id   INTEGER NOT NULL PRIMARY KEY,
    body BLOB    NOT NULL
) STRICT;

-- How an account stands: the newest record of each list, and what its entries add up to.
CREATE TABLE folio (
    account INTEGER NOT NULL PRIMARY KEY,
    body    BLOB    NOT NULL
) STRICT;

-- The same as it was before the first record of a month, for months that have one.
CREATE TABLE turned (
    account INTEGER NOT NULL,
    month   INTEGER NOT NULL,
    body    BLOB    NOT NULL,
    PRIMARY KEY (account, month)
) STRICT, WITHOUT ROWID;

-- Where every 256th number of a list stands, for pages far back.
CREATE TABLE mark (
    account INTEGER NOT NULL,
    chain   INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    PRIMARY KEY (account, chain, number)
) STRICT, WITHOUT ROWID;

-- What became of each order.
CREATE TABLE standing (
    id   INTEGER NOT NULL PRIMARY KEY,
    body BLOB    NOT NULL
) STRICT;

CREATE TABLE open_order (
    account INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;
