// A table's head whose cells sort: one button per column, `aria-sort` on the chosen one.

import { h, set } from "./dom";
import type { Remembered } from "./memory";

interface Heading<C extends string> {
  key: C;
  label: string;
  sortable?: boolean;
}

export class SortHeader<C extends string> {
  readonly element: HTMLTableSectionElement;
  column: C;
  descending: boolean;
  private readonly cells = new Map<C, HTMLTableCellElement>();

  constructor(
    headings: readonly Heading<C>[],
    private readonly memory: Remembered,
    private readonly changed: () => void,
  ) {
    const [column = "", direction] = memory.get().split(" ");
    const known = headings.find((one) => one.key === column) ?? headings[0];
    if (known === undefined) throw new Error("a table has columns");
    this.column = known.key;
    this.descending = direction === "descending";
    const cells = headings.map((one) => {
      const label =
        one.sortable === false ? one.label : h("button", { type: "button", onclick: () => this.choose(one.key) }, one.label, h("span", { class: "arrow", "aria-hidden": "true" }));
      const cell = h("th", { scope: "col", role: "columnheader", class: `c-${one.key}` }, label);
      this.cells.set(one.key, cell);
      return cell;
    });
    this.element = h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, cells));
    this.show();
  }

  private choose(column: C): void {
    this.descending = this.column === column && !this.descending;
    this.column = column;
    this.memory.set(`${column}${this.descending ? " descending" : ""}`);
    this.show();
    this.changed();
  }

  private show(): void {
    for (const [key, cell] of this.cells) set(cell, "aria-sort", key === this.column ? (this.descending ? "descending" : "ascending") : null);
  }
}
