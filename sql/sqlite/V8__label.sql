-- A display name for people: any text. The name is a path, which cannot hold blanks or umlauts.
ALTER TABLE cameras ADD COLUMN label TEXT;

-- Made again with the new column; see V1.
DROP TRIGGER IF EXISTS cameras_updated_at;
CREATE TRIGGER cameras_updated_at
AFTER UPDATE OF id, name, kind, host, port, username, password, channel, substream, url, transport, audio, enabled, record,
    label
ON cameras
BEGIN
    UPDATE cameras SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
END;
