-- What people have said of incidents: notes, and that somebody has seen one.
CREATE TABLE incident_notes (
    id           uuid PRIMARY KEY,
    -- No foreign key: notes are forgotten with their incident by the program.
    incident     uuid NOT NULL,
    at           timestamptz NOT NULL,
    -- A user, `token NAME`, `anonymous` or `command line`.
    who          text NOT NULL,
    acknowledges boolean NOT NULL,
    note         text
);
CREATE INDEX incident_notes_incident ON incident_notes (incident, at, id);
-- The first to acknowledge an incident has done so.
CREATE UNIQUE INDEX incident_notes_first ON incident_notes (incident) WHERE acknowledges;

-- Cameras and streams that are excused until a time: they count as no trouble and raise no incident.
CREATE TABLE maintenance (
    -- camera:ID or stream:SERVER/NAME, as in incidents.
    subject      text PRIMARY KEY,
    subject_name text NOT NULL,
    ends_at      timestamptz NOT NULL,
    reason       text NOT NULL,
    set_by       text NOT NULL,
    set_at       timestamptz NOT NULL
);
