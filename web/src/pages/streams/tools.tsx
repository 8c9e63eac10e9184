// What is above the table: the filter, how the rows are grouped, which columns are shown, and how close the rows are.

import type { VNode } from "preact";
import { writeQuery } from "../../address";
import { Icon } from "../../components/icons";
import { Search } from "../../components/search";
import { href } from "../../router";
import { m } from "../../words/language";
import { groupings, type Grouping } from "./groups";
import { columns, type Column } from "./order";

interface Props {
  filter: string;
  shown: number;
  all: number;
  grouping: Grouping | null;
  group: (next: Grouping | null) => void;
  chosen: readonly Column[];
  choose: (next: readonly Column[] | null) => void;
  dense: boolean;
  setDense: (next: boolean) => void;
  /** The order is held; sorts at once. */
  settle: (() => void) | null;
}

export function Tools({ filter, shown, all, grouping, group, chosen, choose, dense, setDense, settle }: Props): VNode {
  return (
    <div class="tools">
      <Search label={m.overview.filter} value={filter} change={(words) => writeQuery({ q: words })} />
      <p class="shown" role="status">
        {shown === all ? "" : m.overview.shown(shown, all)}
      </p>
      {settle === null ? null : (
        <p class="held-order">
          {m.overview.held}
          <button type="button" class="small" onClick={settle}>
            {m.overview.sortNow}
          </button>
        </p>
      )}
      <div class="view">
        <label class="choose">
          {m.overview.group}
          <select value={grouping ?? ""} onChange={(event) => group(groupings.find((one) => one === event.currentTarget.value) ?? null)}>
            {["", ...groupings].map((one) => (
              <option key={one} value={one}>
                {m.overview.groups[one]}
              </option>
            ))}
          </select>
        </label>
        <Columns chosen={chosen} choose={choose} />
        <button type="button" class="small" aria-pressed={dense} onClick={() => setDense(!dense)}>
          {m.overview.dense}
        </button>
        <a class="button small" href={href({ page: "wall" })}>
          <Icon name="wall" />
          {m.overview.wall}
        </a>
      </div>
    </div>
  );
}

function Columns({ chosen, choose }: { chosen: readonly Column[]; choose: (next: readonly Column[] | null) => void }): VNode {
  const close = (menu: HTMLDetailsElement | null) => {
    if (menu !== null) menu.open = false;
  };
  return (
    <details
      class="menu"
      onFocusOut={(event) => {
        if (event.relatedTarget instanceof Node && !event.currentTarget.contains(event.relatedTarget)) close(event.currentTarget);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        close(event.currentTarget);
        event.currentTarget.querySelector("summary")?.focus();
      }}
    >
      <summary class="button small">{m.overview.columns}</summary>
      <div class="menu-body" role="group" aria-label={m.overview.columns}>
        {columns
          .filter((one) => one !== "name")
          .map((one) => (
            <label key={one}>
              <input type="checkbox" checked={chosen.includes(one)} onChange={(event) => choose(columns.filter((other) => (other === one ? event.currentTarget.checked : chosen.includes(other))))} />
              {m.overview.column[one]}
            </label>
          ))}
        <button type="button" class="small" onClick={() => choose(null)}>
          {m.overview.standard}
        </button>
      </div>
    </details>
  );
}
