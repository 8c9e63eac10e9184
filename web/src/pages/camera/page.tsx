// One camera in full: what its restream does, how it is set up, what its ffmpeg said, and what went wrong with it.

import type { VNode } from "preact";
import { api } from "../../api";
import { asItIsSince, fullTitle, lasting, nextTry, pathBeside, titleOf, why } from "../../camera_words";
import { ForOperators, ViewOnly } from "../../components/access";
import { Badge } from "../../components/badge";
import { CommandButton } from "../../components/button";
import { flag } from "../../components/dom";
import { Skeleton } from "../../components/empty";
import { Icon } from "../../components/icons";
import { MaintenanceButton, MaintenanceNote } from "../../components/maintenance";
import { useTitle } from "../../components/title";
import { openCameraForm } from "../../dialogs/camera_form";
import { removeCamera } from "../../dialogs/remove";
import { excuseOf } from "../../excused";
import { dateTime } from "../../format";
import { known, live, now, stale } from "../../model";
import { href } from "../../router";
import type { CameraStatus } from "../../types";
import { m } from "../../words/language";
import { cameraLook } from "../../words/states";
import { CameraFacts } from "./facts";
import { CameraIncidents } from "./incidents";
import { CameraLog } from "./log";
import { useRef } from "preact/hooks";

export function CameraPage({ id }: { id: number }): VNode {
  const camera = live.value.cameras.get(id) ?? null;
  const last = useRef<CameraStatus | null>(null);
  last.current = camera ?? last.current;
  const title = last.current === null ? m.cameras.one : titleOf(last.current);
  useTitle(title);
  return (
    <section class="page camera" aria-labelledby="camera-title" data-stale={flag(stale.value)} data-state={camera?.state}>
      <a class="back" href={href({ page: "cameras" })}>
        <Icon name="back" />
        {m.cameras.title}
      </a>
      <div class="headline">
        <div>
          <h1 id="camera-title">{title}</h1>
          {camera === null ? null : <Now camera={camera} />}
        </div>
        {camera === null ? null : (
          <ForOperators>
            <Buttons camera={camera} />
          </ForOperators>
        )}
      </div>
      <ViewOnly />
      {camera === null ? <Missing /> : null}
      {camera === null ? null : (
        <div class="stream-body">
          <div class="column">
            <CameraLog id={id} state={camera.state} />
            <CameraIncidents id={id} state={camera.state} />
          </div>
          <CameraFacts camera={camera} />
        </div>
      )}
    </section>
  );
}

function Now({ camera }: { camera: CameraStatus }): VNode {
  const path = pathBeside(camera);
  const next = nextTry(camera, now.value);
  const said = why(camera);
  return (
    <>
      {path === null ? null : <p class="lead">{path}</p>}
      <p class="status-line">
        <Badge looks={cameraLook} state={camera.state} />
        <span class="lead">
          {m.cameras.sinceLasting(lasting(camera, now.value), dateTime(asItIsSince(camera)))}
        </span>
        {next === null ? null : <span class="next">{next}</span>}
      </p>
      <MaintenanceNote maintenance={excuseOf(live.value, camera)} />
      {said === null ? null : (
        <p class="why" data-calm={flag(said.calm)}>
          {said.words}
        </p>
      )}
    </>
  );
}

function Buttons({ camera }: { camera: CameraStatus }): VNode {
  return (
    <div class="buttons">
      {camera.enabled ? (
        <CommandButton label={m.overview.restart} run={() => api.restartCamera(camera.id)} done={m.overview.restarting(fullTitle(camera))}>
          <Icon name="restart" />
          {m.overview.restart}
        </CommandButton>
      ) : null}
      {excuseOf(live.value, camera) !== null ? null : <MaintenanceButton subject={{ camera: camera.id }} title={titleOf(camera)} />}
      <button type="button" class="small" onClick={() => openCameraForm(camera)}>
        <Icon name="edit" />
        {m.cameras.edit}
      </button>
      <button type="button" class="small quiet" onClick={() => removeCamera(camera, () => (location.hash = href({ page: "cameras" })))}>
        <Icon name="trash" />
        {m.cameras.remove}
      </button>
    </div>
  );
}

function Missing(): VNode {
  if (!known.value) {
    return (
      <div class="panel empty">
        <Skeleton label={m.cameras.loadingOne} />
      </div>
    );
  }
  return (
    <div class="panel empty">
      <h2>{m.cameras.gone}</h2>
      <p>{m.cameras.goneWords}</p>
      <a class="button" href={href({ page: "cameras" })}>
        {m.streams.seeCameras}
      </a>
    </div>
  );
}
