-- Cameras: what people write, with the sqlite3 shell if they like:
--   INSERT INTO cameras(name, url) VALUES ('gate', 'rtsp://10.0.0.9/stream1');
--   INSERT INTO cameras(name, kind, host, username, password) VALUES ('gate', 'hikvision', '10.0.0.9', 'admin', 'secret');
-- A running process takes up any change within 2 seconds.

CREATE TABLE camera_kinds (
    kind         TEXT PRIMARY KEY NOT NULL,
    url_template TEXT NOT NULL
);

CREATE TABLE cameras (
    -- AUTOINCREMENT: the id of a deleted camera never comes back as another camera.
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Path name the camera is published under.
    name       TEXT NOT NULL UNIQUE,
    -- Key into camera_kinds. No foreign key: a row of an unknown kind is shown with its fault instead of being lost.
    kind       TEXT NOT NULL DEFAULT 'generic',
    host       TEXT,
    port       INTEGER,
    username   TEXT,
    password   TEXT,
    channel    TEXT,
    substream  TEXT,
    -- Overrides the template of the kind.
    url        TEXT,
    -- tcp (default) or udp
    transport  TEXT,
    -- auto (default), copy, aac or none
    audio      TEXT,
    enabled    INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    record     INTEGER NOT NULL DEFAULT 1 CHECK (record IN (0, 1)),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

-- The columns are named so that the trigger's own UPDATE cannot start it again under recursive_triggers.
CREATE TRIGGER cameras_updated_at
AFTER UPDATE OF id, name, kind, host, port, username, password, channel, substream, url, transport, audio, enabled, record
ON cameras
BEGIN
    UPDATE cameras SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
END;

-- How often the cameras have changed, whoever changed them. PRAGMA data_version also moves for every recorded segment;
-- this number tells the two apart without reading the cameras.
CREATE TABLE change_counts (
    what  TEXT PRIMARY KEY NOT NULL,
    count INTEGER NOT NULL
);
INSERT INTO change_counts (what, count) VALUES ('cameras', 0);

CREATE TRIGGER cameras_inserted AFTER INSERT ON cameras
BEGIN UPDATE change_counts SET count = count + 1 WHERE what = 'cameras'; END;
CREATE TRIGGER cameras_updated AFTER UPDATE ON cameras
BEGIN UPDATE change_counts SET count = count + 1 WHERE what = 'cameras'; END;
CREATE TRIGGER cameras_deleted AFTER DELETE ON cameras
BEGIN UPDATE change_counts SET count = count + 1 WHERE what = 'cameras'; END;
CREATE TRIGGER kinds_inserted AFTER INSERT ON camera_kinds
BEGIN UPDATE change_counts SET count = count + 1 WHERE what = 'cameras'; END;
CREATE TRIGGER kinds_updated AFTER UPDATE ON camera_kinds
BEGIN UPDATE change_counts SET count = count + 1 WHERE what = 'cameras'; END;
CREATE TRIGGER kinds_deleted AFTER DELETE ON camera_kinds
BEGIN UPDATE change_counts SET count = count + 1 WHERE what = 'cameras'; END;

-- Templates. {name} stands for a column of the camera, {name=default} gives its value where the column is empty; without
-- a user name the whole `{username}:{password}@` goes. Only facts with a source; each was read, none tried on a device.
INSERT INTO camera_kinds (kind, url_template) VALUES
    -- The root of an RTSP server. For anything else write the url column.
    ('generic',   'rtsp://{username}:{password}@{host}:{port=554}/'),
    -- <channel> * 100 + <stream>, 1 = main, 2 = sub, 3 = third. Hikvision ISAPI guide (enpinfo.hikvision.com,
    -- "rtsp://<host>[:port]/ISAPI/Streaming/channels/<ID>"); without the prefix it is what its own URL guide for cameras and
    -- recorders made since 2012 gives (Streaming/Channels/101).
    ('hikvision', 'rtsp://{username}:{password}@{host}:{port=554}/Streaming/Channels/{channel=1}0{substream=1}'),
    -- channel from 1; subtype 0 = main, 1 = extra stream. Dahua's RTSP rule as quoted by recorder vendors
    -- (help.dayta.ai "How do I get the RTSP stream URL", docs.frigate.video camera_specific).
    ('dahua',     'rtsp://{username}:{password}@{host}:{port=554}/cam/realmonitor?channel={channel=1}&subtype={substream=0}'),
    -- camera = video channel from 1. Axis VAPIX version 3, Video Streaming API, section 5.5 "RTSP request". Its sub streams are
    -- stream profiles that people name themselves: write the url column with ?streamprofile=NAME.
    ('axis',      'rtsp://{username}:{password}@{host}:{port=554}/axis-media/media.amp?camera={channel=1}'),
    -- /unicast/c<channel>/s<stream>/live, 0 = main, 1 = sub (Uniview's URL rule as in wiki.zohead.com and the MiBeeNvr camera
    -- guide). Old cameras know only /media/video1 and /media/video2: write the url column.
    ('uniview',   'rtsp://{username}:{password}@{host}:{port=554}/unicast/c{channel=1}/s{substream=0}/live'),
    -- Preview_<two-digit channel>_<main|sub>. support.reolink.com article 900000630706 "Introduction to RTSP"; older firmware
    -- calls it h264Preview_01_main (same article, earlier edition).
    ('reolink',   'rtsp://{username}:{password}@{host}:{port=554}/Preview_{channel=01}_{substream=main}'),
    -- ONVIF itself fixes no path (a device tells its own by GetStreamUri). profile<N> is what several brands use: 1 = main,
    -- 2 = sub (avycon.freshdesk.com article 36000299004). Where a camera differs, its ONVIF tool shows the url to write.
    ('onvif',     'rtsp://{username}:{password}@{host}:{port=554}/profile{substream=1}');
