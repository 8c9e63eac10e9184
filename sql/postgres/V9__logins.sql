-- Who may log in. Hashes only: argon2id of passwords, SHA-256 of tokens and of session cookies, which are random.
CREATE TABLE login_users (
    name text PRIMARY KEY,
    role text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE login_tokens (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    role text NOT NULL,
    hash text NOT NULL UNIQUE,
    stream_prefix text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    used_at timestamptz
);
CREATE TABLE login_sessions (
    id uuid PRIMARY KEY,
    user_name text NOT NULL,
    hash text NOT NULL UNIQUE,
    address text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz NOT NULL
);
-- What people changed: JSON in before_change and after_change, without secrets.
CREATE TABLE audit (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    who text NOT NULL,
    address text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    before_change text,
    after_change text
);
CREATE INDEX audit_at ON audit (at);
