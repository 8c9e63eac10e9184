// One camera in the list, with its buttons.

import { api, sentence } from "../api";
import { ago, dateTime, until } from "../format";
import { href } from "../router";
import type { CameraStatus } from "../types";
import { confirmDialog } from "../ui/dialog";
import { h, set, show, text, type Row } from "../ui/dom";
import { icon } from "../ui/icons";
import { Badge, cameraLook } from "../ui/states";
import { toast } from "../ui/toast";
import { openCameraForm } from "./camera_form";

/** Runs a command of a button: the button rests meanwhile, a failure is told. */
async function command(button: HTMLButtonElement, run: () => Promise<unknown>, done: string | null): Promise<void> {
  button.disabled = true;
  try {
    await run();
    if (done !== null) toast(done);
  } catch (error) {
    toast(sentence(error), "bad");
  } finally {
    button.disabled = false;
  }
}

function remove(camera: CameraStatus): void {
  confirmDialog({
    title: `Delete ${camera.name}?`,
    words: "Its restream ends at once and its settings are gone. What was recorded stays.",
    action: "Delete camera",
    run: async () => {
      await api.deleteCamera(camera.id);
      toast(`${camera.name} was deleted`);
    },
  });
}

export function cameraRow(first: CameraStatus, now: () => number): Row<CameraStatus> & { tick(): void } {
  let camera = first;
  const name = h("a", { class: "name" });
  const where = h("small");
  const badge = new Badge(cameraLook);
  const since = h("small");
  const next = h("small", { class: "next" });
  const fault = h("small", { class: "reason" });
  const restarts = h("span");
  const recording = h("span");
  const enabled = h("button", { type: "button", class: "switch", role: "switch", onclick: () => void command(enabled, () => api.editCamera(camera.id, { enabled: !camera.enabled }), null) }, h("span", { class: "track", "aria-hidden": "true" }), h("span", { class: "words" }));
  const words = enabled.lastElementChild as HTMLElement;
  const restart = h("button", { type: "button", class: "small", onclick: () => void command(restart, () => api.restartCamera(camera.id), `${camera.name} is starting again`) }, icon("restart"), "Restart");
  const edit = h("button", { type: "button", class: "small quiet", onclick: () => void openCameraForm(camera) }, icon("edit"), h("span", { class: "words" }, "Edit"));
  const trash = h("button", { type: "button", class: "small quiet", onclick: () => remove(camera) }, icon("trash"), h("span", { class: "words" }, "Delete"));
  const element = h(
    "tr",
    { role: "row", "data-camera": first.id },
    h("th", { scope: "row", role: "rowheader", class: "c-name" }, name, where),
    h("td", { role: "cell", class: "c-state" }, h("span", { class: "line" }, badge.element, since, next), fault),
    h("td", { role: "cell", class: "c-restarts", "data-label": "Restarts" }, restarts),
    h("td", { role: "cell", class: "c-record", "data-label": "Recording" }, recording),
    h("td", { role: "cell", class: "c-enabled", "data-label": "" }, enabled),
    h("td", { role: "cell", class: "c-actions" }, h("div", { class: "buttons" }, restart, edit, trash)),
  );

  const tick = () => {
    text(since, `for ${ago(camera.since, now())}`);
    const waits = camera.nextStart !== null && (camera.state === "backoff" || camera.state === "degraded" || camera.state === "waiting");
    show(next, waits);
    if (waits && camera.nextStart !== null) text(next, `next try ${until(camera.nextStart, now())}`);
  };

  return {
    element,
    tick,
    update(given) {
      camera = given;
      set(element, "data-state", camera.state);
      text(name, camera.name);
      set(name, "title", camera.name);
      set(name, "href", href({ page: "stream", server: camera.server, name: camera.path }));
      text(where, [camera.kind, camera.host].filter((one) => one !== null && one !== "").join(" · "));
      badge.update(camera.state);
      set(since, "title", `since ${dateTime(camera.since)}`);
      const calm = camera.state === "running" || (camera.state === "stopped" && !camera.enabled);
      text(fault, camera.lastError === null ? "" : calm ? `Last fault: ${camera.lastError}` : camera.lastError);
      set(fault, "data-calm", calm);
      set(fault, "title", camera.lastError);
      show(fault, camera.lastError !== null);
      text(restarts, camera.restarts);
      text(recording, camera.record ? "Yes" : "No");
      set(enabled, "aria-checked", camera.enabled ? "true" : "false");
      set(enabled, "aria-label", `${camera.name} enabled`);
      text(words, camera.enabled ? "On" : "Off");
      restart.hidden = !camera.enabled;
      set(restart, "aria-label", `Restart ${camera.name}`);
      set(edit, "aria-label", `Edit ${camera.name}`);
      set(trash, "aria-label", `Delete ${camera.name}`);
      tick();
    },
  };
}
