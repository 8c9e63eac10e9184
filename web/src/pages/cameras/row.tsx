// One camera in the list, with its buttons.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { api } from "../../api";
import { asItIsSince, fullTitle, lasting, nextTry, pathBeside, titleOf, why } from "../../camera_words";
import { ForOperators } from "../../components/access";
import { Badge } from "../../components/badge";
import { command, CommandButton } from "../../components/button";
import { flag } from "../../components/dom";
import { Icon } from "../../components/icons";
import type { RowPlace } from "../../components/table";
import { toast } from "../../components/toast";
import { openCameraForm } from "../../dialogs/camera_form";
import { removeCamera } from "../../dialogs/remove";
import { bothTimes } from "../../format";
import { mayChange } from "../../login";
import { now } from "../../model";
import { href } from "../../router";
import type { CameraStatus } from "../../types";
import { m } from "../../words/language";
import { cameraLook } from "../../words/states";
import { SelectBox, type Selection } from "./selection";

export function CameraRow({ camera, place, selection }: { camera: CameraStatus; place: RowPlace; selection: Selection }): VNode {
  const title = titleOf(camera);
  const said = why(camera);
  const next = nextTry(camera, now.value);
  return (
    <tr role="row" {...place} data-camera={camera.id} data-state={camera.state}>
      <th scope="row" role="rowheader" class="c-name">
        <SelectBox selection={selection} camera={camera} />
        <a class="name" title={title} href={href({ page: "camera", id: camera.id })}>
          {title}
        </a>
        <small>{[pathBeside(camera), camera.kind, camera.host].filter((one) => one !== null && one !== "").join(" · ")}</small>
      </th>
      <td role="cell" class="c-state">
        <span class="line">
          <Badge looks={cameraLook} state={camera.state} />
          <small title={m.overview.since(bothTimes(asItIsSince(camera)))}>{lasting(camera, now.value)}</small>
          {next === null ? null : <small class="next">{next}</small>}
        </span>
        {said === null ? null : (
          <small class="reason" title={said.words} data-calm={flag(said.calm)}>
            {said.words}
          </small>
        )}
      </td>
      <td role="cell" class="c-restarts" data-label={m.cameras.column.restarts}>
        <span>{camera.restarts}</span>
      </td>
      <td role="cell" class="c-record" data-label={m.cameras.column.record}>
        <span>{camera.record ? m.cameras.yes : m.cameras.no}</span>
      </td>
      <td role="cell" class="c-enabled" data-label="">
        <Switch camera={camera} />
      </td>
      <td role="cell" class="c-actions">
        <ForOperators>
          <div class="buttons">
            {camera.enabled ? (
              <CommandButton label={`${m.overview.restart} ${fullTitle(camera)}`} run={() => api.restartCamera(camera.id)} done={m.overview.restarting(fullTitle(camera))}>
                <Icon name="restart" />
                {m.overview.restart}
              </CommandButton>
            ) : null}
            <button type="button" class="small quiet" aria-label={`${m.cameras.edit} ${fullTitle(camera)}`} onClick={() => openCameraForm(camera)}>
              <Icon name="edit" />
              <span class="words">{m.cameras.edit}</span>
            </button>
            <button type="button" class="small quiet" aria-label={`${m.cameras.remove} ${fullTitle(camera)}`} onClick={(event) => removeCamera(camera, focusAfter(event.currentTarget))}>
              <Icon name="trash" />
              <span class="words">{m.cameras.remove}</span>
            </button>
          </div>
        </ForOperators>
      </td>
    </tr>
  );
}

/** Leads to the row that follows the one of this button, or to the one before it. */
function focusAfter(button: Element): () => void {
  const row = button.closest("tr");
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling ?? null;
  return () => neighbour?.querySelector<HTMLElement>(".name")?.focus();
}

/** Switching a camera off ends its stream at once: the way back is offered. */
function Switch({ camera }: { camera: CameraStatus }): VNode {
  const [busy, setBusy] = useState(false);
  const { enabled } = camera;
  const change = async () => {
    setBusy(true);
    const done = await command(() => api.editCamera(camera.id, { enabled: !enabled }), null);
    setBusy(false);
    if (done && enabled) toast(m.cameras.switchedOff(fullTitle(camera)), "good", { label: m.cameras.undo, run: () => void command(() => api.editCamera(camera.id, { enabled: true }), null) });
  };
  return (
    <button type="button" class="switch" role="switch" aria-checked={enabled} aria-label={m.cameras.switchLabel(fullTitle(camera))} disabled={busy || !mayChange.value} onClick={() => void change()}>
      <span class="track" aria-hidden="true" />
      <span class="words">{enabled ? m.cameras.on : m.cameras.off}</span>
    </button>
  );
}
