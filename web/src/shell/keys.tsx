// The page by keys: `g` and a letter goes to a page, `j` and `k` through the rows of a table, `?` tells all of them.

import type { VNode } from "preact";
import { Dialog, openDialog } from "../components/dialog";
import { isTyping } from "../components/search";
import { m } from "../words/language";
import { href, type Route } from "../router";

const places: Record<string, Exclude<Route, { page: "unknown" }>> = {
  s: { page: "streams" },
  c: { page: "cameras" },
  r: { page: "recordings" },
  i: { page: "incidents" },
  w: { page: "wall" },
  e: { page: "health" },
  h: { page: "hosts" },
  y: { page: "system" },
};

/** After `g`, so long a letter is waited for, ms. */
const SECOND_KEY = 1_500;

/** Moves the focus to the row that follows, or to the first one. */
function move(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main tbody:not(.space) tr")];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by;
  rows[next]?.querySelector<HTMLElement>("a, button")?.focus();
}

export function followKeys(): void {
  let goes = 0;
  document.addEventListener("keydown", (event) => {
    if (isTyping(event)) return;
    const place = performance.now() - goes < SECOND_KEY ? places[event.key] : undefined;
    goes = 0;
    if (place !== undefined) location.hash = href(place);
    else if (event.key === "g") goes = performance.now();
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "?") openDialog(<Help />);
    else return;
    event.preventDefault();
  });
}

function Keys({ keys, words }: { keys: readonly string[]; words: string }): VNode {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{words}</dd>
    </div>
  );
}

function Help(): VNode {
  return (
    <Dialog title={m.shell.keys} kind="narrow">
      <dl class="keys">
        <Keys keys={["/"]} words={m.shell.keyFilter} />
        <Keys keys={["j", "k"]} words={m.shell.keyRows} />
        <Keys keys={["Enter"]} words={m.shell.keyOpen} />
        {Object.entries(places).map(([key, route]) => (
          <Keys key={key} keys={["g", key]} words={m.shell.nav[route.page] ?? route.page} />
        ))}
        <Keys keys={["?"]} words={m.shell.keyHelp} />
      </dl>
    </Dialog>
  );
}
