// Which component shows a page. The first page comes with the frame, the others when they are opened.

import type { VNode } from "preact";
import { later } from "../components/later";
import { useTitle } from "../components/title";
import { route } from "../model";
import { placeOf } from "../router";
import { m } from "../words/language";
import { StreamsPage } from "../pages/streams/page";

const StreamPage = later(async () => (await import("../pages/stream/page")).StreamPage);
const CamerasPage = later(async () => (await import("../pages/cameras/page")).CamerasPage);
const CameraPage = later(async () => (await import("../pages/camera/page")).CameraPage);
const RecordingsPage = later(async () => (await import("../pages/recordings/page")).RecordingsPage);
const CompletenessPage = later(async () => (await import("../pages/completeness/page")).CompletenessPage);
const IncidentsPage = later(async () => (await import("../pages/incidents/page")).IncidentsPage);
const HealthPage = later(async () => (await import("../pages/health/page")).HealthPage);
const HostsPage = later(async () => (await import("../pages/hosts/page")).HostsPage);
const HostPage = later(async () => (await import("../pages/host/page")).HostPage);
const SystemPage = later(async () => (await import("../pages/system/page")).SystemPage);
const WallPage = later(async () => (await import("../pages/wall/page")).WallPage);
const RecordingPage = later(async () => (await import("../pages/recording/page")).RecordingPage);

export function Page(): VNode {
  const now = route.value;
  const key = placeOf(now);
  switch (now.page) {
    case "streams":
      return <StreamsPage key={key} />;
    case "stream":
      return <StreamPage key={key} server={now.server} name={now.name} />;
    case "cameras":
      return <CamerasPage key={key} />;
    case "camera":
      return <CameraPage key={key} id={now.id} />;
    case "recordings":
      return <RecordingsPage key={key} />;
    case "recording":
      return <RecordingPage key={key} server={now.server} name={now.name} session={now.session} />;
    case "completeness":
      return <CompletenessPage key={key} />;
    case "incidents":
      return <IncidentsPage key={key} />;
    case "health":
      return <HealthPage key={key} />;
    case "hosts":
      return <HostsPage key={key} />;
    case "host":
      return <HostPage key={key} name={now.name} />;
    case "system":
      return <SystemPage key={key} />;
    case "wall":
      return <WallPage key={key} />;
    case "unknown":
      return <NoSuchPage key={key} />;
  }
}

function NoSuchPage(): VNode {
  useTitle(m.shell.noPage);
  return (
    <section class="page">
      <h1>{m.shell.noPageTitle}</h1>
      <div class="panel empty">
        <p>{m.shell.noPageWords}</p>
        <a class="button" href="#/">
          {m.shell.seeStreams}
        </a>
      </div>
    </section>
  );
}
