-- Messages to receivers of notifications that wait to be delivered, and what receivers have been told. Of all nodes of this database
-- one leads: it alone plans messages and delivers them. Nothing here is a secret. Times as in sessions.

CREATE TABLE notification_lease (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    -- Who leads, and until when if it gives no further sign of life.
    node     TEXT NOT NULL,
    until    TEXT NOT NULL
);

CREATE TABLE notification_receivers (
    receiver      TEXT PRIMARY KEY NOT NULL,
    -- What was over before is none of its business.
    known_since   TEXT NOT NULL,
    -- When its last message was made.
    told_at       TEXT,
    delivered     INTEGER NOT NULL DEFAULT 0,
    -- Messages that it will never take, and messages that were dropped because too many waited or waited too long.
    refused       INTEGER NOT NULL DEFAULT 0,
    dropped       INTEGER NOT NULL DEFAULT 0,
    -- Tries that failed.
    failures      INTEGER NOT NULL DEFAULT 0,
    delivered_at  TEXT,
    failed_at     TEXT,
    -- Since when nothing is delivered; null while it is well.
    failing_since TEXT,
    -- In words, without secrets.
    fault         TEXT
);

-- One kind of trouble of one subject, as one receiver was told of it.
CREATE TABLE notification_episodes (
    receiver     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    -- As in incidents.
    subject      TEXT NOT NULL,
    subject_name TEXT NOT NULL,
    since        TEXT NOT NULL,
    newest       TEXT NOT NULL,
    times        INTEGER NOT NULL,
    told_at      TEXT NOT NULL,
    ended_at     TEXT,
    PRIMARY KEY (receiver, kind, subject)
);

-- Only what waits: a message that was delivered is gone.
CREATE TABLE notifications (
    -- The same at each try; receivers know by it what they have had.
    id            TEXT PRIMARY KEY NOT NULL,
    receiver      TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    -- JSON.
    content       TEXT NOT NULL,
    tries         INTEGER NOT NULL DEFAULT 0,
    next_try_at   TEXT NOT NULL,
    -- The node that is delivering it, until then at the longest; '' and null while it waits.
    node          TEXT NOT NULL DEFAULT '',
    claimed_until TEXT
);
CREATE INDEX notifications_queue ON notifications (receiver, created_at, id);
