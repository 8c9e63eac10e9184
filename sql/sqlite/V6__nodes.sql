-- Every row has an owner: the node that wrote it and that alone may close, claim, release or forget it. '' is a row of an
-- earlier version; such recordings belong to the node that has adopted them (nodes.adopted).

CREATE TABLE nodes (
    -- The owner that rows name: the node's name at its first start. It stays when the node is renamed.
    node       TEXT PRIMARY KEY NOT NULL,
    -- The setting `node`.
    name       TEXT NOT NULL UNIQUE,
    -- Of its data folder: tells a successor from another program of the same name.
    instance   TEXT NOT NULL,
    -- Of the process.
    run        TEXT NOT NULL,
    -- Roles restream and record.
    relays     INTEGER NOT NULL,
    records    INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    -- Its last sign of life; stopped_at where it was stopped in order.
    seen_at    TEXT NOT NULL,
    stopped_at TEXT,
    -- Identities of the folders it works with: another one, or a mount point without its disk, is not touched.
    spool      TEXT UNIQUE,
    objects    TEXT,
    adopted    INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX nodes_adopted ON nodes (adopted) WHERE adopted;

ALTER TABLE sessions ADD COLUMN node TEXT NOT NULL DEFAULT '';
ALTER TABLE segments ADD COLUMN node TEXT NOT NULL DEFAULT '';

-- The state `missing`: the file is not in the spool, and may come back. SQLite cannot alter a rule of a table, and copying
-- millions of rows for one word would keep the program from starting: the rule is changed as
-- https://sqlite.org/lang_altertable.html (section 7) describes for changes that do not concern what is stored.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''evicted'', ''lost''', '''evicted'', ''missing'', ''lost''')
    WHERE type = 'table' AND name = 'segments';
PRAGMA writable_schema = RESET;

ALTER TABLE incidents ADD COLUMN node TEXT NOT NULL DEFAULT '';
-- One open incident of a kind per subject and node.
DROP INDEX incidents_open;
CREATE UNIQUE INDEX incidents_open ON incidents (node, subject, kind) WHERE closed_at IS NULL;

-- Two nodes may see one camera differently.
ALTER TABLE camera_probes RENAME TO camera_probes_before;
CREATE TABLE camera_probes (
    camera      INTEGER NOT NULL,
    node        TEXT NOT NULL DEFAULT '',
    -- Of the source that was looked at; another one makes the row worthless. Never a URL.
    fingerprint TEXT NOT NULL,
    at          TEXT NOT NULL,
    -- JSON: tracks, or a kind of fault with its sentence. Never a URL or a password.
    result      TEXT NOT NULL,
    PRIMARY KEY (camera, node)
);
INSERT INTO camera_probes (camera, fingerprint, at, result) SELECT camera, fingerprint, at, result FROM camera_probes_before;
DROP TABLE camera_probes_before;
