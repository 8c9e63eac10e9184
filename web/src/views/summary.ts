// The strip of figures above the table: each state is also a button that shows only its streams.

import { h, set, text } from "../ui/dom";
import { sign, type Sign } from "../ui/icons";
import { bitrate } from "../format";
import type { LiveState } from "../store";
import { count } from "../stream_lines";

export type Tile = "live" | "stalled" | "offline" | "unknown" | "recording";

const tiles: { key: Tile; label: string; sign: Sign; tone: string; always: boolean }[] = [
  { key: "live", label: "live", sign: "good", tone: "good", always: true },
  { key: "stalled", label: "stalled", sign: "warn", tone: "warn", always: true },
  { key: "offline", label: "offline", sign: "bad", tone: "bad", always: true },
  { key: "unknown", label: "unknown", sign: "unknown", tone: "off", always: false },
  { key: "recording", label: "recording", sign: "rec", tone: "rec", always: true },
];

export class Summary {
  readonly element: HTMLElement;
  chosen: Tile | null = null;
  private readonly parts = new Map<Tile, { button: HTMLButtonElement; number: HTMLElement; always: boolean }>();
  private readonly rate = h("b");
  private readonly readers = h("b");

  constructor(private readonly changed: () => void) {
    const buttons = tiles.map((tile) => {
      const number = h("b", {}, "–");
      const button = h(
        "button",
        { type: "button", class: "tile", "data-tone": tile.tone, "aria-pressed": "false", onclick: () => this.choose(tile.key) },
        number,
        h("span", {}, sign(tile.sign), tile.label),
      );
      this.parts.set(tile.key, { button, number, always: tile.always });
      return button;
    });
    this.element = h(
      "div",
      { class: "summary" },
      h("div", { class: "tiles", role: "group", "aria-label": "Show only streams that are" }, buttons),
      h("dl", { class: "totals" }, h("div", {}, h("dt", {}, "coming in"), h("dd", {}, this.rate)), h("div", {}, h("dt", {}, "readers"), h("dd", {}, this.readers))),
    );
  }

  clear(): void {
    this.chosen = null;
    this.show();
  }

  render(live: LiveState): void {
    const counts = count(live);
    const known = live.seq !== null;
    for (const [key, part] of this.parts) {
      text(part.number, known ? counts[key] : "–");
      set(part.button, "data-zero", counts[key] === 0);
      part.button.hidden = !part.always && counts[key] === 0 && this.chosen !== key;
    }
    text(this.rate, known ? bitrate(counts.bitrate) : "–");
    text(this.readers, known ? counts.readers : "–");
  }

  private choose(key: Tile): void {
    this.chosen = this.chosen === key ? null : key;
    this.show();
    this.changed();
  }

  private show(): void {
    for (const [key, part] of this.parts) set(part.button, "aria-pressed", key === this.chosen ? "true" : "false");
  }
}
