-- Further kinds: the same rows, for the same reasons, as in sql/sqlite/V5__more_kinds.sql, which names the source of each.
INSERT INTO camera_kinds (kind, url_template) VALUES
    ('tapo',       'rtsp://{username}:{password}@{host}:{port=554}/stream{substream=1}'),
    ('amcrest',    'rtsp://{username}:{password}@{host}:{port=554}/cam/realmonitor?channel={channel=1}&subtype={substream=0}'),
    ('foscam',     'rtsp://{username}:{password}@{host}:{port=88}/video{substream=Main}'),
    ('ubiquiti',   'rtsp://{host}:{port=7447}/{password}'),
    ('ubiquiti-standalone', 'rtsp://{username}:{password}@{host}:{port=554}/s{substream=0}')
ON CONFLICT (kind) DO NOTHING;
