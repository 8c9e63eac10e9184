// Light, dark, or as the system says. The choice stays in this browser, and its other tabs follow.

import { effect, signal } from "@preact/signals";
import type { VNode } from "preact";
import { m } from "../words/language";
import { Icon } from "./icons";

type Theme = "auto" | "light" | "dark";
const KEY = "streamwarden.theme";
const next: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

function stored(): Theme {
  try {
    const word = localStorage.getItem(KEY);
    return word === "light" || word === "dark" ? word : "auto";
  } catch {
    return "auto";
  }
}

const theme = signal<Theme>(stored());

/** Counts how often the colours have changed: what is drawn by scripts is drawn anew. */
export const colours = signal(0);

/** A colour of the page by its name, as a script needs it. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Shows the choice, now and whenever it changes. */
export function followTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (colours.value += 1));
  effect(() => {
    const chosen = theme.value;
    if (chosen === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = chosen;
    colours.value = colours.peek() + 1;
    try {
      if (chosen === "auto") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, chosen);
    } catch {
      // Storage may be forbidden: the choice then lasts as long as the page.
    }
  });
  addEventListener("storage", (event) => {
    if (event.key === KEY || event.key === null) theme.value = stored();
  });
}

export function ThemeButton(): VNode {
  const chosen = theme.value;
  const label = m.shell.themeLabel(m.shell.theme[chosen], m.shell.theme[next[chosen]]);
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={() => (theme.value = next[chosen])}>
      <Icon name={chosen === "auto" ? "auto" : chosen === "light" ? "sun" : "moon"} />
    </button>
  );
}
