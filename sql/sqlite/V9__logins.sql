-- Who may log in. Hashes only: argon2id of passwords, SHA-256 of tokens and of session cookies, which are random.
CREATE TABLE login_users (
    name TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE login_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    stream_prefix TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    used_at TEXT
);
CREATE TABLE login_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT NOT NULL
);
-- What people changed: JSON in before_change and after_change, without secrets.
CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    before_change TEXT,
    after_change TEXT
);
CREATE INDEX audit_at ON audit (at);
