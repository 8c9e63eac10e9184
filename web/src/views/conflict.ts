// Somebody else has saved the camera while its form was open: what differs, and the choice between theirs and mine.

import { differences } from "../camera_edit";
import type { CameraEdit, CameraSettings } from "../types";
import { h } from "../ui/dom";

interface Choice {
  loaded: CameraSettings;
  theirs: CameraSettings;
  edit: CameraEdit;
  load: () => void;
  overwrite: () => void;
}

export function conflict({ loaded, theirs, edit, load, overwrite }: Choice): HTMLElement {
  const list = differences(loaded, theirs, edit);
  const rows = list.map((one) =>
    h("li", {}, h("b", {}, one.label), ": ", h("del", {}, one.before), " → ", h("ins", {}, one.now), one.mine === null ? null : h("span", {}, ` (yours: ${one.mine})`)),
  );
  return h(
    "section",
    { class: "conflict", role: "alert", "aria-label": "Changed by somebody else" },
    h("h3", {}, "This camera was changed by somebody else meanwhile"),
    h("p", {}, list.length === 0 ? "What differs is not shown here: a password, or the login in the URL." : "They have changed:"),
    list.length === 0 ? null : h("ul", {}, rows),
    h("p", {}, "Load theirs to begin again from it, or overwrite it with your changes: what you have not touched stays as they left it."),
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", class: "small", onclick: load }, "Load theirs"),
      h("button", { type: "button", class: "small danger", onclick: overwrite }, "Overwrite"),
    ),
  );
}
