// Short news of something the user did: shown for a few seconds, announced once.

import { capital } from "../format";
import { h } from "./dom";

const corner = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

export function mountToasts(parent: Element): void {
  parent.append(corner);
}

export function toast(words: string, tone: "good" | "bad" = "good"): void {
  const element = h("div", { class: `toast ${tone}` }, capital(words));
  corner.append(element);
  while (corner.childElementCount > 3) corner.firstElementChild?.remove();
  setTimeout(() => element.remove(), tone === "bad" ? 9_000 : 4_000);
}
