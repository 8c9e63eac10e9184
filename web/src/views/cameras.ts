// Cameras: what each restream does, and adding, changing, restarting, deleting them.
import { h } from "../ui/dom";
import type { View } from "../ui/view";
export function camerasView(_now: () => number): View {
  return { element: h("section", { class: "page" }, h("h1", {}, "Cameras")), title: "Cameras", render() {}, tick() {}, close() {} };
}
