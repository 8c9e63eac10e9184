-- Every row has an owner: the node that wrote it and that alone may close, claim, release or forget it. '' is a row of an
-- earlier version; such recordings belong to the node that has adopted them (nodes.adopted).

CREATE TABLE nodes (
    -- The owner that rows name: the node's name at its first start. It stays when the node is renamed.
    node       text PRIMARY KEY,
    -- The setting `node`.
    name       text NOT NULL UNIQUE,
    -- Of its data folder: tells a successor from another program of the same name.
    instance   uuid NOT NULL,
    -- Of the process.
    run        uuid NOT NULL,
    -- Roles restream and record.
    relays     boolean NOT NULL,
    records    boolean NOT NULL,
    started_at timestamptz NOT NULL,
    -- Its last sign of life; stopped_at where it was stopped in order.
    seen_at    timestamptz NOT NULL,
    stopped_at timestamptz,
    -- Identities of the folders it works with: another one, or a mount point without its disk, is not touched.
    spool      uuid UNIQUE,
    objects    uuid,
    adopted    boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX nodes_adopted ON nodes (adopted) WHERE adopted;

ALTER TABLE sessions ADD COLUMN node text NOT NULL DEFAULT '';
ALTER TABLE segments ADD COLUMN node text NOT NULL DEFAULT '';

-- The state `missing`: the file is not in the spool, and may come back. Not checked against rows that obeyed a narrower rule.
ALTER TABLE segments DROP CONSTRAINT segments_state_check, ADD CONSTRAINT segments_state_check
    CHECK (state IN ('writing', 'sealed', 'uploading', 'uploaded', 'evicted', 'missing', 'lost')) NOT VALID;
-- What one node has in its spool: its upload queue, and what may leave.
CREATE INDEX segments_local ON segments (node, state, started_at, id)
    WHERE state IN ('writing', 'sealed', 'uploading', 'uploaded', 'missing');

ALTER TABLE incidents ADD COLUMN node text NOT NULL DEFAULT '';
-- One open incident of a kind per subject and node.
DROP INDEX incidents_open;
CREATE UNIQUE INDEX incidents_open ON incidents (node, subject, kind) WHERE closed_at IS NULL;

-- Two nodes may see one camera differently.
ALTER TABLE camera_probes ADD COLUMN node text NOT NULL DEFAULT '', DROP CONSTRAINT camera_probes_pkey,
    ADD PRIMARY KEY (camera, node);
