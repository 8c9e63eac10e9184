-- Hosts that agents measure, each as it was last measured: a host that is silent is known after a restart too.
CREATE TABLE hosts (
    name   TEXT NOT NULL PRIMARY KEY,
    -- JSON, as in GET /api/v1/hosts.
    status TEXT NOT NULL
);
