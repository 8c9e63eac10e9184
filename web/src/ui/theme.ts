// Light, dark, or as the system says. The choice stays in this browser.

import { h, replace, set } from "./dom";
import { icon } from "./icons";

type Theme = "auto" | "light" | "dark";
const KEY = "streamwarden.theme";
const next: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const words: Record<Theme, string> = { auto: "as the system", light: "light", dark: "dark" };

function stored(): Theme {
  try {
    const word = localStorage.getItem(KEY);
    return word === "light" || word === "dark" ? word : "auto";
  } catch {
    return "auto";
  }
}

function apply(theme: Theme): void {
  set(document.documentElement, "data-theme", theme === "auto" ? null : theme);
  try {
    if (theme === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be forbidden: the choice then lasts as long as the page.
  }
}

export function themeButton(): HTMLButtonElement {
  let theme = stored();
  const button = h("button", { class: "icon-button", type: "button" });
  const show = () => {
    apply(theme);
    const label = `Colours: ${words[theme]}. Change to ${words[next[theme]]}`;
    set(button, "aria-label", label);
    set(button, "title", label);
    replace(button, icon(theme === "auto" ? "auto" : theme === "light" ? "sun" : "moon"));
  };
  button.addEventListener("click", () => {
    theme = next[theme];
    show();
  });
  show();
  return button;
}
