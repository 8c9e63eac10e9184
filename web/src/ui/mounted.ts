// A page of components in the place of a view: as long as some pages are still views.

import { h, render, type ComponentType } from "preact";
import type { View } from "./view";

export function mounted(title: string, Page: ComponentType): View {
  const element = document.createElement("div");
  render(h(Page, {}), element);
  return { element, title, render: () => undefined, tick: () => undefined, close: () => render(null, element) };
}
