// A list of the system page: asked for again and again, with what went wrong, and a table in a panel.

import type { ComponentChildren, VNode } from "preact";
import { Empty, Skeleton } from "../../components/empty";
import type { Polled } from "../../components/polled";

interface Props<T> {
  /** What it is, for screen readers and when it cannot be read: "users". */
  what: string;
  state: Polled<{ items: readonly T[] }>;
  headings: readonly string[];
  row: (item: T) => VNode;
  /** Said where there is none. */
  none: string;
  children?: ComponentChildren;
}

export function Listing<T>({ what, state, headings, row, none, children }: Props<T>): VNode {
  const { answer, fault } = state;
  return (
    <div class="panel listing">
      {fault === null ? null : (
        <p class="form-fault" role="alert">
          The {what} cannot be read: {fault}
        </p>
      )}
      {answer === null && fault === null ? <Skeleton label={`Loading ${what}`} /> : null}
      {answer === null || answer.items.length > 0 ? null : <Empty title={none} />}
      {answer === null || answer.items.length === 0 ? null : (
        // A table wider than a phone is scrolled, by keys too.
        <div class="listing-table" tabIndex={0} role="group" aria-label={what}>
          <table>
            <thead>
              <tr>
                {headings.map((heading) => (
                  <th key={heading} scope="col">
                    {heading}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{answer.items.map(row)}</tbody>
          </table>
        </div>
      )}
      {children}
    </div>
  );
}
