// The segments of one session: when, how long, where it is kept, and the file itself.

import { api, segmentUrl, sentence } from "../api";
import { bytes, clockLength, timeOfDay } from "../format";
import type { Segment, SegmentState } from "../types";
import { h, replace, show, text } from "../ui/dom";
import { icon, sign, type Sign } from "../ui/icons";

const words: Record<SegmentState, { words: string; sign: Sign; tone: string }> = {
  writing: { words: "being written", sign: "rec", tone: "rec" },
  sealed: { words: "on local disk", sign: "busy", tone: "busy" },
  uploading: { words: "uploading", sign: "busy", tone: "busy" },
  uploaded: { words: "stored", sign: "good", tone: "good" },
  evicted: { words: "stored, not local", sign: "good", tone: "good" },
  missing: { words: "file missing", sign: "bad", tone: "bad" },
  lost: { words: "lost", sign: "bad", tone: "bad" },
};
const PAGE = 60;

export interface Stretch {
  server: string;
  stream: string;
  session: string;
  from: string;
  to: string;
}

export class Segments {
  readonly element: HTMLElement;
  private readonly body = h("tbody");
  private readonly table = h(
    "table",
    { class: "segments" },
    h("caption", { class: "unseen" }, "Segments of this session"),
    h("thead", {}, h("tr", {}, ["Start", "Length", "Size", "Kept", "File"].map((one) => h("th", { scope: "col" }, one)))),
    this.body,
  );
  private readonly more = h("button", { type: "button", class: "small", onclick: () => void this.load() }, "Show more");
  private readonly note = h("p", { class: "note" });
  private stretch: Stretch | null = null;
  private next: string | null = null;
  private turn = 0;

  constructor() {
    this.element = h("div", { class: "segment-list" }, this.table, this.note, this.more);
    show(this.more, false);
  }

  open(stretch: Stretch): void {
    this.stretch = stretch;
    this.next = null;
    this.turn += 1;
    void this.load();
  }

  /** The same session has grown. Whoever has not come to its end yet finds the rest there. */
  follow(stretch: Stretch): void {
    this.stretch = stretch;
    if (this.next === null && this.body.childElementCount < PAGE) void this.load();
  }

  private async load(): Promise<void> {
    const { stretch, turn } = this;
    if (stretch === null) return;
    const after = this.next;
    this.more.disabled = true;
    try {
      const page = await api.segments(stretch.server, stretch.stream, { from: stretch.from, to: stretch.to, after, limit: PAGE });
      if (turn !== this.turn) return;
      const rows = page.items.filter((one) => one.session === stretch.session).map(segmentRow);
      if (after === null) this.body.replaceChildren(...rows);
      else this.body.append(...rows);
      this.next = page.next;
      const count = this.body.childElementCount;
      text(this.note, count === 0 ? "No segment yet." : "");
      show(this.note, count === 0);
      show(this.table, count > 0);
      show(this.more, page.next !== null);
    } catch (error) {
      if (turn !== this.turn) return;
      text(this.note, sentence(error));
      show(this.note, true);
    } finally {
      this.more.disabled = false;
    }
  }
}

function segmentRow(segment: Segment): HTMLTableRowElement {
  const look = words[segment.state] ?? { words: segment.state, sign: "unknown", tone: "off" };
  const playable = !["writing", "missing", "lost"].includes(segment.state);
  const stamp = segment.startedAt.replace(/[-:]/g, "").replace("T", "_").slice(0, 15);
  const file = `${segment.stream.replace(/\//g, "_")}_${stamp}Z.mp4`;
  const state = h("span", { class: "badge", "data-tone": look.tone }, sign(look.sign), look.words);
  const link = h("a", { href: segmentUrl(segment.id), download: file, "aria-label": `Download the segment of ${timeOfDay(segment.startedAt)}` }, icon("down"), h("span", {}, "Download"));
  const row = h("tr", {});
  replace(
    row,
    h("td", {}, timeOfDay(segment.startedAt)),
    h("td", {}, segment.durationMs > 0 ? clockLength(Math.round(segment.durationMs / 1000)) : "–"),
    h("td", {}, segment.bytes > 0 ? bytes(segment.bytes) : "–"),
    h("td", {}, state, segment.reason === null ? null : h("small", {}, segment.reason)),
    h("td", {}, playable ? link : "–"),
  );
  return row;
}
