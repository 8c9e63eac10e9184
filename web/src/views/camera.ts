// One camera in full: what its restream does, how it is set up, what its ffmpeg said, and what went wrong with it.

import { asItIsSince, lasting, nextTry, pathBeside, titleOf, why } from "../camera_words";
import { dateTime } from "../format";
import { href } from "../router";
import type { CameraStatus } from "../types";
import { h, replace, set, show, text } from "../ui/dom";
import { icon } from "../ui/icons";
import { Badge, cameraLook } from "../ui/states";
import type { Model, View } from "../ui/view";
import { remove, restart } from "./camera_actions";
import { CameraFacts } from "./camera_facts";
import { openCameraForm } from "./camera_form";
import { CameraIncidents } from "./camera_incidents";
import { CameraLog } from "./camera_log";

export function cameraView(id: number, now: () => number): View {
  return new CameraPage(id, now);
}

class CameraPage implements View {
  readonly element: HTMLElement;
  title = "Camera";
  private camera: CameraStatus | null = null;
  private readonly heading = h("h1", { id: "camera-title" });
  private readonly path = h("p", { class: "lead", hidden: true });
  private readonly badge = new Badge(cameraLook);
  private readonly since = h("span", { class: "lead" });
  private readonly next = h("span", { class: "next", hidden: true });
  private readonly reason = h("p", { class: "why", hidden: true });
  private readonly again: HTMLButtonElement;
  private readonly buttons: HTMLElement;
  private readonly status: HTMLElement;
  private readonly body: HTMLElement;
  private readonly missing = h("div", { class: "panel empty", hidden: true });
  private readonly facts: CameraFacts;
  private readonly log: CameraLog;
  private readonly incidents: CameraIncidents;

  constructor(
    private readonly id: number,
    private readonly now: () => number,
  ) {
    this.facts = new CameraFacts(id);
    this.log = new CameraLog(id);
    this.incidents = new CameraIncidents(id);
    this.again = h("button", { type: "button", class: "small", onclick: () => this.act((camera) => void restart(this.again, camera)) }, icon("restart"), "Restart");
    const edit = h("button", { type: "button", class: "small", onclick: () => this.act((camera) => void openCameraForm(camera, () => this.facts.refresh())) }, icon("edit"), "Edit");
    const trash = h("button", { type: "button", class: "small quiet", onclick: () => this.act((camera) => remove(camera, () => (location.hash = href({ page: "cameras" })))) }, icon("trash"), "Delete");
    this.buttons = h("div", { class: "buttons" }, this.again, edit, trash);
    this.status = h("p", { class: "status-line" }, this.badge.element, this.since, this.next);
    this.body = h("div", { class: "stream-body" }, h("div", { class: "column" }, this.log.element, this.incidents.element), this.facts.element);
    this.element = h(
      "section",
      { class: "page camera", "aria-labelledby": "camera-title" },
      h("a", { class: "back", href: href({ page: "cameras" }) }, icon("back"), "Cameras"),
      h("div", { class: "headline" }, h("div", {}, this.heading, this.path, this.status, this.reason), this.buttons),
      this.missing,
      this.body,
    );
    replace(this.missing, h("div", { class: "skeleton", role: "status", "aria-label": "Loading the camera" }, [0, 1, 2].map(() => h("i"))));
  }

  render(model: Model): void {
    set(this.element, "data-stale", model.connection.lostAt !== null);
    const found = model.live.cameras.get(this.id) ?? null;
    for (const part of [this.body, this.buttons, this.status]) show(part, found !== null);
    show(this.missing, found === null);
    if (found === null) {
      if (model.live.seq !== null) this.gone();
      return;
    }
    const changed = found.state !== this.camera?.state;
    this.camera = found;
    this.title = titleOf(found);
    text(this.heading, titleOf(found));
    text(this.path, pathBeside(found) ?? "");
    show(this.path, pathBeside(found) !== null);
    this.badge.update(found.state);
    set(this.element, "data-state", found.state);
    const said = why(found);
    text(this.reason, said?.words ?? "");
    show(this.reason, said !== null);
    set(this.reason, "data-calm", said?.calm);
    show(this.again, found.enabled);
    this.facts.render(found);
    if (changed) {
      this.log.refresh();
      this.incidents.refresh();
      this.facts.refresh();
    }
  }

  tick(): void {
    if (this.camera === null) return;
    const now = this.now();
    text(this.since, `${lasting(this.camera, now)}, since ${dateTime(asItIsSince(this.camera))}`);
    const words = nextTry(this.camera, now);
    text(this.next, words ?? "");
    show(this.next, words !== null);
    this.log.tick();
    this.incidents.tick(now);
    this.facts.tick();
  }

  close(): void {
    this.log.close();
    this.incidents.close();
    this.facts.close();
  }

  private act(run: (camera: CameraStatus) => void): void {
    if (this.camera !== null) run(this.camera);
  }

  private gone(): void {
    if (this.missing.querySelector("h2") !== null) return;
    text(this.heading, this.camera === null ? "Camera" : titleOf(this.camera));
    show(this.path, false);
    show(this.reason, false);
    replace(this.missing, h("h2", {}, "This camera is not there any more"), h("p", {}, "It was deleted, or its row is gone from the table."), h("a", { class: "button", href: href({ page: "cameras" }) }, "See all cameras"));
  }
}
