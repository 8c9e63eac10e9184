-- What went wrong, with whom, from when to when, and why. Causes hold no secret.
CREATE TABLE incidents (
    id           uuid PRIMARY KEY,
    -- cameraDown, cameraStalled, serverDown, ... (domain/incident.rs)
    kind         text NOT NULL,
    -- camera:ID, server:NAME or service:NAME. No foreign key: an incident outlives its camera.
    subject      text NOT NULL,
    subject_name text NOT NULL,
    cause        text NOT NULL,
    opened_at    timestamptz NOT NULL,
    closed_at    timestamptz
);
-- One open incident of a kind per subject, whoever writes.
CREATE UNIQUE INDEX incidents_open ON incidents (subject, kind) WHERE closed_at IS NULL;
CREATE INDEX incidents_time ON incidents (opened_at, id);
CREATE INDEX incidents_subject ON incidents (subject, opened_at, id);
CREATE INDEX incidents_closed ON incidents (closed_at);

-- What the last look at each camera found, so that a restart opens no further session on a weak camera.
CREATE TABLE camera_probes (
    camera      bigint PRIMARY KEY,
    -- Of the source that was looked at; another one makes the row worthless. Never a URL.
    fingerprint text NOT NULL,
    at          timestamptz NOT NULL,
    -- JSON: tracks, or a kind of fault with its sentence. Never a URL or a password.
    result      text NOT NULL
);
