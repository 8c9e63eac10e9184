// One stream's recordings: days, sessions, player.
import { h } from "../ui/dom";
import type { View } from "../ui/view";
export function recordingView(_server: string, name: string, _session: string | null, _now: () => number): View {
  return { element: h("section", { class: "page" }, h("h1", {}, name)), title: name, render() {}, tick() {}, close() {} };
}
