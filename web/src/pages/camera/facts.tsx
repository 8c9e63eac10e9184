// How a camera is set up, what it sends, and the ways to its stream and its recordings.

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, noRoute } from "../../api";
import { soundWords } from "../../camera_words";
import { ForOperators } from "../../components/access";
import { Icon } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { Finding, CameraProbe, ProbeButton } from "../../components/probe";
import { dateTime } from "../../format";
import { href } from "../../router";
import type { CameraSettings, CameraStatus } from "../../types";
import { m } from "../../words/language";

const EVERY = 10_000;

const transports: Record<string, string> = { tcp: "TCP", udp: "UDP" };

/** What a look depends on. */
function sourceOf(settings: CameraSettings): string {
  const { kind, host, port, username, hasPassword, channel, substream, url, transport } = settings;
  return JSON.stringify([kind, host, port, username, hasPassword, channel, substream, url, transport]);
}

function rows(camera: CameraStatus, settings: CameraSettings | null): [string, string | null][] {
  const { about, form } = m;
  const common: [string, string | null][] = [
    [about.recording, camera.record ? m.cameras.yes : m.cameras.no],
    [about.restarts, String(camera.restarts)],
  ];
  if (settings === null) return [[form.labels.kind, camera.kind], [form.labels.host, camera.host], ...common];
  const own = settings.url !== null;
  const port = settings.port === null ? "" : `:${settings.port}`;
  return [
    [form.labels.url, settings.url],
    [form.labels.kind, own ? null : settings.kind],
    [form.labels.host, own || settings.host === null ? null : `${settings.host}${port}`],
    [form.labels.username, settings.username],
    [form.labels.password, settings.hasPassword ? about.kept : null],
    [form.labels.channel, own ? null : settings.channel],
    [form.labels.substream, own ? null : settings.substream],
    [form.labels.transport, transports[settings.transport ?? "tcp"] ?? settings.transport],
    [form.labels.audio, about.sounds[settings.audio ?? "auto"] ?? settings.audio],
    [about.soundNow, soundWords(camera)],
    ...common,
    [about.changed, settings.updatedAt === null ? null : dateTime(settings.updatedAt)],
  ];
}

export function CameraFacts({ camera }: { camera: CameraStatus }): VNode {
  const { id, server, path: name } = camera;
  const { state, refresh } = usePolled(String(id), EVERY, async (signal) => (await api.cameraSettings(id, signal)).settings);
  const [look] = useState(() => new CameraProbe((signal) => api.probeCamera(id, signal)));
  const [without, setWithout] = useState(false);
  const settings = state.value.answer;
  const source = settings === null ? null : sourceOf(settings);
  const [before] = useState<{ source: string | null }>(() => ({ source: null }));
  useEffect(() => {
    if (source === null) return;
    if (before.source !== null && before.source !== source) look.old(m.about.settingsChanged);
    before.source = source;
  }, [source]);
  // The relay looks, too, when it starts.
  useEffect(() => {
    const abort = new AbortController();
    refresh();
    api.keptProbe(id, abort.signal).then(
      (probe) => look.news(probe),
      // A camera that was never looked at has none.
      (error: unknown) => noRoute(error) && setWithout(true),
    );
    return () => abort.abort();
  }, [id, camera.state]);
  return (
    <div class="panel about-stream">
      <dl class="facts">
        {rows(camera, settings).map(([title, value]) =>
          value === null || value === "" ? null : (
            <div key={title} class={value.length > 18 ? "wide" : undefined}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      {without ? null : (
        <section class="what-it-sends" aria-labelledby="sends-title">
          <div class="graph-head">
            <h2 id="sends-title">{m.about.sends}</h2>
            <ForOperators>
              <ProbeButton look={look} label={m.about.probeNow} />
            </ForOperators>
          </div>
          <Finding look={look} />
        </section>
      )}
      <div class="links">
        <a href={href({ page: "stream", server, name })}>
          <Icon name="streams" />
          <span>{m.about.stream}</span>
          <Icon name="chevron" />
        </a>
        <a href={href({ page: "recording", server, name, session: null })}>
          <Icon name="film" />
          <span>{m.about.recordings}</span>
          <Icon name="chevron" />
        </a>
      </div>
    </div>
  );
}
