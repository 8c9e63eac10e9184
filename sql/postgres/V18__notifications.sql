-- Messages to receivers of notifications that wait to be delivered, and what receivers have been told. Of all nodes of this database
-- one leads: it alone plans messages and delivers them. Nothing here is a secret.

CREATE TABLE notification_lease (
    only_one integer PRIMARY KEY CHECK (only_one = 1),
    -- Who leads, and until when if it gives no further sign of life.
    node     text NOT NULL,
    until    timestamptz NOT NULL
);

CREATE TABLE notification_receivers (
    receiver      text PRIMARY KEY,
    -- What was over before is none of its business.
    known_since   timestamptz NOT NULL,
    -- When its last message was made.
    told_at       timestamptz,
    delivered     bigint NOT NULL DEFAULT 0,
    -- Messages that it will never take, and messages that were dropped because too many waited or waited too long.
    refused       bigint NOT NULL DEFAULT 0,
    dropped       bigint NOT NULL DEFAULT 0,
    -- Tries that failed.
    failures      bigint NOT NULL DEFAULT 0,
    delivered_at  timestamptz,
    failed_at     timestamptz,
    -- Since when nothing is delivered; null while it is well.
    failing_since timestamptz,
    -- In words, without secrets.
    fault         text
);

-- One kind of trouble of one subject, as one receiver was told of it.
CREATE TABLE notification_episodes (
    receiver     text NOT NULL,
    kind         text NOT NULL,
    -- As in incidents.
    subject      text NOT NULL,
    subject_name text NOT NULL,
    since        timestamptz NOT NULL,
    newest       timestamptz NOT NULL,
    times        bigint NOT NULL,
    told_at      timestamptz NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (receiver, kind, subject)
);

-- Only what waits: a message that was delivered is gone.
CREATE TABLE notifications (
    -- The same at each try; receivers know by it what they have had.
    id            uuid PRIMARY KEY,
    receiver      text NOT NULL,
    created_at    timestamptz NOT NULL,
    -- JSON.
    content       text NOT NULL,
    tries         bigint NOT NULL DEFAULT 0,
    next_try_at   timestamptz NOT NULL,
    -- The node that is delivering it, until then at the longest; '' and null while it waits.
    node          text NOT NULL DEFAULT '',
    claimed_until timestamptz
);
CREATE INDEX notifications_queue ON notifications (receiver, created_at, id);
