// Recordings: one line per recorded stream.
import { h } from "../ui/dom";
import type { View } from "../ui/view";
export function recordingsView(_now: () => number): View {
  return { element: h("section", { class: "page" }, h("h1", {}, "Recordings")), title: "Recordings", render() {}, tick() {}, close() {} };
}
