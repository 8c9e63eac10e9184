// One camera in the list, with its buttons.

import { api } from "../api";
import { asItIsSince, fullTitle, lasting, nextTry, pathBeside, titleOf, why } from "../camera_words";
import { dateTime } from "../format";
import { href } from "../router";
import type { CameraStatus } from "../types";
import { h, set, show, text, type Row } from "../ui/dom";
import { icon } from "../ui/icons";
import { Badge, cameraLook } from "../ui/states";
import { command, remove, restart as start } from "./camera_actions";
import { openCameraForm } from "./camera_form";

interface Surroundings {
  now: () => number;
  /** Ids of the rows on screen: only their seconds are counted. */
  visible: ReadonlySet<number>;
  observer: IntersectionObserver;
}

export function cameraRow(first: CameraStatus, { now, visible, observer }: Surroundings): Row<CameraStatus> & { tick(): void } {
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
  const restart = h("button", { type: "button", class: "small", onclick: () => void start(restart, camera) }, icon("restart"), "Restart");
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

  observer.observe(element);

  const count = () => {
    text(since, lasting(camera, now()));
    const words = nextTry(camera, now());
    show(next, words !== null);
    text(next, words ?? "");
  };

  return {
    element,
    tick() {
      if (visible.has(camera.id)) count();
    },
    close: () => observer.unobserve(element),
    update(given) {
      camera = given;
      set(element, "data-state", camera.state);
      text(name, titleOf(camera));
      set(name, "title", titleOf(camera));
      set(name, "href", href({ page: "camera", id: camera.id }));
      text(where, [pathBeside(camera), camera.kind, camera.host].filter((one) => one !== null && one !== "").join(" · "));
      badge.update(camera.state);
      set(since, "title", `since ${dateTime(asItIsSince(camera))}`);
      const said = why(camera);
      text(fault, said?.words ?? "");
      set(fault, "data-calm", said?.calm);
      set(fault, "title", said?.words);
      show(fault, said !== null);
      text(restarts, camera.restarts);
      text(recording, camera.record ? "Yes" : "No");
      set(enabled, "aria-checked", camera.enabled ? "true" : "false");
      set(enabled, "aria-label", `${fullTitle(camera)} enabled`);
      text(words, camera.enabled ? "On" : "Off");
      restart.hidden = !camera.enabled;
      set(restart, "aria-label", `Restart ${fullTitle(camera)}`);
      set(edit, "aria-label", `Edit ${fullTitle(camera)}`);
      set(trash, "aria-label", `Delete ${fullTitle(camera)}`);
      count();
    },
  };
}
