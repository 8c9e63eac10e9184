// A list of the system page: asked for again and again, with what went wrong, and a table in a panel.

import type { ComponentChildren, VNode } from "preact";
import { Empty, Skeleton } from "../../components/empty";
import { Headings } from "../../components/headings";
import type { Polled } from "../../components/polled";
import { m } from "../../words/language";

interface Props<T> {
  /** What it lists, for screen readers and when it cannot be read. */
  what: keyof typeof m.system.lists;
  state: Polled<{ items: readonly T[] }>;
  headings: readonly string[];
  row: (item: T) => VNode;
  /** Said where there is none. */
  none: string;
  children?: ComponentChildren;
}

export function Listing<T>({ what: list, state, headings, row, none, children }: Props<T>): VNode {
  const { answer, fault } = state;
  const what = m.system.lists[list];
  return (
    <div class="panel listing">
      {fault === null ? null : (
        <p class="form-fault" role="alert">
          {m.system.listUnreadable(what, fault)}
        </p>
      )}
      {answer === null && fault === null ? <Skeleton label={m.system.listLoading(what)} /> : null}
      {answer === null || answer.items.length > 0 ? null : <Empty title={none} />}
      {answer === null || answer.items.length === 0 ? null : (
        // A table wider than its place is scrolled, by keys too; on a phone its rows are cards.
        <div class="listing-table" tabIndex={0} role="group" aria-label={what}>
          <table class="as-cards">
            <Headings of={headings} />
            <tbody>{answer.items.map(row)}</tbody>
          </table>
        </div>
      )}
      {children}
    </div>
  );
}
