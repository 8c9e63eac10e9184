// What the camera of a stream that is not live is doing about it, with the ways to act and to look.

import type { VNode } from "preact";
import { fullTitle, nextTry } from "../../camera_words";
import { Badge } from "../../components/badge";
import { CameraButtons } from "../../components/camera_buttons";
import { now } from "../../model";
import { href } from "../../router";
import type { CameraStatus } from "../../types";
import { m } from "../../words/language";
import { cameraLook } from "../../words/states";

interface Props {
  camera: CameraStatus;
  /** Since when the stream is not live. */
  since: string | null;
  server: string;
  name: string;
}

export function Trouble({ camera, since, server, name }: Props): VNode {
  const next = nextTry(camera, now.value);
  const before = since === null ? null : new Date(Date.parse(since) - 60_000).toISOString();
  return (
    <div class="panel camera-trouble">
      <p class="status-line">
        <a href={href({ page: "camera", id: camera.id })} aria-label={m.streams.camera(fullTitle(camera), cameraLook[camera.state].words)}>
          <Badge looks={cameraLook} state={camera.state} />
        </a>
        {next === null ? null : <span class="next">{next}</span>}
      </p>
      <div class="buttons">
        <CameraButtons camera={camera} />
        {before === null ? null : (
          <a class="button small" href={`${href({ page: "recording", server, name, session: null })}?at=${encodeURIComponent(before)}`}>
            {m.streams.minuteBefore}
          </a>
        )}
      </div>
    </div>
  );
}
