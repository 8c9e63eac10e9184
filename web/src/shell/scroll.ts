// Where the page was scrolled to: kept by entry of the browser's history, because a page is drawn anew when one comes back.

const positions = new Map<string, number>();

function entry(): string | null {
  const state = history.state as { entry?: unknown } | null;
  return typeof state?.entry === "string" ? state.entry : null;
}

let current = "";

/** A new address: the top, or where it was when one comes back to it. */
export function arrive(): void {
  const known = entry();
  current = known ?? `${Date.now()} ${Math.random()}`;
  if (known === null) history.replaceState({ entry: current }, "");
  const top = known === null ? 0 : (positions.get(known) ?? 0);
  // What is drawn by then is as high as it was.
  requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, top)));
}

export function followScroll(): void {
  history.scrollRestoration = "manual";
  current = entry() ?? `${Date.now()} ${Math.random()}`;
  history.replaceState({ entry: current }, "");
  addEventListener("scroll", () => positions.set(current, scrollY), { passive: true });
}
