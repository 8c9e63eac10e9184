// Cameras: what each restream does, and adding, changing, restarting, deleting them.

import { exportUrl } from "../api";
import { titleOf } from "../camera_words";
import { plural } from "../format";
import type { CameraStatus } from "../types";
import { h, Keyed, replace, set, show, text } from "../ui/dom";
import { icon } from "../ui/icons";
import { remembered } from "../ui/memory";
import { SortHeader } from "../ui/sort";
import { cameraOrder } from "../ui/states";
import type { Model, View } from "../ui/view";
import { openCameraForm } from "./camera_form";
import { openImport } from "./camera_import";
import { cameraRow } from "./camera_row";
import { HeldPlanPanel } from "./held_plan";

const columns = [
  { key: "name", label: "Camera" },
  { key: "state", label: "State" },
  { key: "restarts", label: "Restarts" },
  { key: "record", label: "Recording", sortable: false },
  { key: "enabled", label: "Enabled", sortable: false },
  { key: "actions", label: "Actions", sortable: false },
] as const;

type Column = (typeof columns)[number]["key"];

function compare(column: Column): (a: CameraStatus, b: CameraStatus) => number {
  const byName = (a: CameraStatus, b: CameraStatus) => titleOf(a).localeCompare(titleOf(b), "en", { numeric: true }) || a.id - b.id;
  if (column === "state") return (a, b) => cameraOrder[a.state] - cameraOrder[b.state] || byName(a, b);
  if (column === "restarts") return (a, b) => b.restarts - a.restarts || byName(a, b);
  return byName;
}

/** `askPlan` reads the held plan again. */
export function camerasView(now: () => number, askPlan: () => Promise<void>): View {
  const sort = new SortHeader<Column>(columns, remembered("cameras.sort", "name"), () => draw());
  const body = h("tbody", { role: "rowgroup" });
  const table = h("table", { class: "data cameras", role: "table" }, h("caption", { class: "unseen" }, "Cameras, updated live"), sort.element, body);
  const empty = h("div", { class: "empty" });
  const lead = h("p", { class: "lead" });
  const add = (label: string) => h("button", { type: "button", class: "primary", onclick: () => void openCameraForm(null) }, icon("plus"), label);
  const tools = h(
    "div",
    { class: "buttons" },
    h("a", { class: "button quiet", href: exportUrl, download: "cameras.csv", "aria-label": "Export the cameras as CSV" }, icon("down"), h("span", { class: "words" }, "Export")),
    h("button", { type: "button", class: "quiet", "aria-label": "Import cameras from CSV", onclick: () => openImport() }, icon("up"), h("span", { class: "words" }, "Import")),
    add("Add camera"),
  );
  const visible = new Set<number>();
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const id = Number((entry.target as HTMLElement).dataset["camera"]);
      if (entry.isIntersecting) visible.add(id);
      else visible.delete(id);
    }
    tick();
  });
  const rows = new Keyed<CameraStatus, number>(body, (camera) => cameraRow(camera, { now, visible, observer }));
  const tick = () => rows.each((row) => (row as { tick?: () => void }).tick?.());
  const held = new HeldPlanPanel(askPlan);
  const element = h(
    "section",
    { class: "page", "aria-labelledby": "cameras-title" },
    h("div", { class: "headline" }, h("div", {}, h("h1", { id: "cameras-title" }, "Cameras"), lead), tools),
    held.element,
    h("div", { class: "panel" }, table, empty),
  );
  let model: Model | null = null;
  let explained = "";

  function draw(): void {
    if (model === null) return;
    const cameras = [...model.live.cameras.values()];
    const order = compare(sort.column);
    cameras.sort(sort.descending ? (a, b) => order(b, a) : order);
    rows.render(cameras, (camera) => camera.id);
    const running = cameras.filter((camera) => camera.state === "running").length;
    const enabled = cameras.filter((camera) => camera.enabled).length;
    text(lead, cameras.length === 0 ? "" : `${running} of ${plural(enabled, "enabled camera")} running`);
    show(table, cameras.length > 0);
    show(empty, cameras.length === 0);
    const why = model.live.seq !== null ? "nothing" : model.connection.lostAt === null ? "loading" : "lost";
    if (cameras.length > 0 || why === explained) return;
    explained = why;
    if (why === "loading") replace(empty, h("div", { class: "skeleton", role: "status", "aria-label": "Loading cameras" }, [0, 1, 2].map(() => h("i"))));
    else if (why === "lost") replace(empty, h("h2", {}, "Nothing to show yet"), h("p", {}, "The cameras appear as soon as Streamwarden answers."));
    else
      replace(
        empty,
        h("h2", {}, "No camera yet"),
        h("p", {}, "Tell Streamwarden where a camera is. It looks what the camera sends, pulls it in with an ffmpeg of its own, and starts that again whenever it fails."),
        add("Add the first camera"),
      );
  }

  return {
    element,
    title: "Cameras",
    render(next) {
      model = next;
      set(element, "data-stale", next.connection.lostAt !== null);
      held.render(next.plan?.held ?? null);
      draw();
    },
    tick(at) {
      held.tick(at);
      tick();
    },
    close() {
      observer.disconnect();
      rows.close();
    },
  };
}
