-- What people have said of incidents: notes, and that somebody has seen one. Times as in incidents.
CREATE TABLE incident_notes (
    id           TEXT PRIMARY KEY NOT NULL,
    -- No foreign key: notes are forgotten with their incident by the program.
    incident     TEXT NOT NULL,
    at           TEXT NOT NULL,
    -- A user, `token NAME`, `anonymous` or `command line`.
    who          TEXT NOT NULL,
    acknowledges INTEGER NOT NULL,
    note         TEXT
);
CREATE INDEX incident_notes_incident ON incident_notes (incident, at, id);
-- The first to acknowledge an incident has done so.
CREATE UNIQUE INDEX incident_notes_first ON incident_notes (incident) WHERE acknowledges <> 0;

-- Cameras and streams that are excused until a time: they count as no trouble and raise no incident.
CREATE TABLE maintenance (
    -- camera:ID or stream:SERVER/NAME, as in incidents.
    subject      TEXT PRIMARY KEY NOT NULL,
    subject_name TEXT NOT NULL,
    ends_at      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    set_by       TEXT NOT NULL,
    set_at       TEXT NOT NULL
);
