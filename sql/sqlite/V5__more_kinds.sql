-- Further kinds. A row of the same name that somebody wrote before stays as it is. Each source was read, none tried on
-- a device.
INSERT INTO camera_kinds (kind, url_template) VALUES
    -- stream1 = main, stream2 = sub; needs the "camera account" made in the Tapo app, not the TP-Link login (actutana.com
    -- "what is RTSP streaming" for a C200; many public configurations of C200/C210/C211 use stream2 for the small picture).
    ('tapo',       'rtsp://{username}:{password}@{host}:{port=554}/stream{substream=1}'),
    -- Made by Dahua: channel from 1; subtype 0 = main, 1 = extra stream (go2rtc's internal/rtsp/README.md, amcrest_doorbell).
    ('amcrest',    'rtsp://{username}:{password}@{host}:{port=554}/cam/realmonitor?channel={channel=1}&subtype={substream=0}'),
    -- videoMain, videoSub; port 88 is the factory's, 554 or another may be set (foscam.com/faqs/view.html?id=81 as cited by
    -- camera guides; github.com/CamioCam/rtsp issue 117 for the R2).
    ('foscam',     'rtsp://{username}:{password}@{host}:{port=88}/video{substream=Main}'),
    -- UniFi Protect: host is the console, and each quality of each camera has a token of its own, which is all one needs to
    -- watch it: it goes into the password column, so that it is treated as one (7447: github.com/ioBroker/ioBroker.cameras
    -- issue 133, AlexxIT/go2rtc issue 1915). Over TLS: write the url column, rtsps://HOST:7441/TOKEN without ?enableSrtp.
    ('ubiquiti',   'rtsp://{host}:{port=7447}/{password}'),
    -- A UniFi camera in standalone mode: s0 = main (github.com/CamioCam/rtsp issue 168, UVC G3); s1 and s2 are smaller, which
    -- no source of ours says.
    ('ubiquiti-standalone', 'rtsp://{username}:{password}@{host}:{port=554}/s{substream=0}')
ON CONFLICT (kind) DO NOTHING;
