// One stream in full: how it has been, what it is made of, and the way to its camera and recordings.

import type { VNode } from "preact";
import { asItIsSince, titleOf } from "../../camera_words";
import { Badge } from "../../components/badge";
import { flag } from "../../components/dom";
import { MaintenanceButton, MaintenanceNote } from "../../components/maintenance";
import { excuseOf } from "../../excused";
import { Icon } from "../../components/icons";
import { useTitle } from "../../components/title";
import { ago, bothTimes, dateTime } from "../../format";
import { cameraOf, known, live, now, stale } from "../../model";
import { href } from "../../router";
import { streamKey } from "../../store";
import { lineSince, reasonOf } from "../../stream_lines";
import type { CameraStatus, StreamStatus } from "../../types";
import { m } from "../../words/language";
import { streamLook } from "../../words/states";
import { Facts } from "./facts";
import { History } from "./history";
import { Sessions } from "./sessions";
import { Trouble } from "./trouble";
import { Watch } from "./watch";
import { Ways } from "./ways";

export function StreamPage({ server, name }: { server: string; name: string }): VNode {
  const stream = live.value.streams.get(streamKey(server, name)) ?? null;
  const camera = cameraOf(server, name);
  const title = camera === null ? name : titleOf(camera);
  useTitle(title);
  const since = stream === null ? (camera === null ? null : asItIsSince(camera)) : lineSince({ stream, camera });
  const why = stream === null ? "" : reasonOf({ stream, camera, recording: null, absent: false, several: false, excused: false });
  return (
    <section class="page" aria-labelledby="stream-title" data-stale={flag(stale.value)}>
      <a class="back" href={href({ page: "streams" })}>
        <Icon name="back" />
        {m.overview.title}
      </a>
      <div class="headline">
        <div>
          <h1 id="stream-title">{title}</h1>
          {title === name ? null : <p class="lead">{name}</p>}
          <p class="status-line">
            <Badge looks={streamLook} state={stream?.state ?? (known.value ? "offline" : "unknown")} />
            {since === null ? null : (
              <span class="lead" title={bothTimes(since)}>
                {m.streams.sinceLasting(ago(since, now.value), dateTime(since))}
              </span>
            )}
          </p>
          <MaintenanceNote maintenance={excuseOf(live.value, { server, path: name })} />
          {why === "" ? null : <p class="why">{why}</p>}
        </div>
        {excuseOf(live.value, { server, path: name }) !== null ? null : (
          <div class="buttons">
            <MaintenanceButton subject={camera === null ? { server, name } : { camera: camera.id }} title={title} />
          </div>
        )}
      </div>
      {camera !== null && stream?.state !== "live" && known.value ? <Trouble camera={camera} since={since} server={server} name={name} /> : null}
      {stream === null && known.value ? <Missing server={server} name={name} camera={camera} /> : null}
      {stream === null ? null : <Body stream={stream} camera={camera} />}
      {stream === null ? null : <Sessions server={server} name={name} />}
    </section>
  );
}

function Missing({ server, name, camera }: { server: string; name: string; camera: CameraStatus | null }): VNode {
  const way = camera === null ? href({ page: "recording", server, name, session: null }) : href({ page: "camera", id: camera.id });
  return (
    <div class="panel empty">
      <h2>{m.streams.gone}</h2>
      <p>{camera?.lastError ?? m.streams.goneWords}</p>
      <a class="button" href={way}>
        {camera === null ? m.streams.seeRecordings : m.streams.seeCamera}
      </a>
    </div>
  );
}

function Body({ stream, camera }: { stream: StreamStatus; camera: CameraStatus | null }): VNode {
  return (
    <div class="stream-body">
      <div class="column">
        <Watch stream={stream} />
        <History server={stream.server} name={stream.name} camera={camera?.id ?? null} />
        <Ways stream={stream} />
      </div>
      <Facts stream={stream} camera={camera} />
    </div>
  );
}
