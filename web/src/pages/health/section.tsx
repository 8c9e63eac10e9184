// A part of the Health page: its title, what went wrong with asking for it, and its table.

import type { ComponentChildren, VNode } from "preact";
import { sentence } from "../../api";
import { Empty, Skeleton } from "../../components/empty";
import { Headings } from "../../components/headings";
import { m } from "../../words/language";

interface SectionProps {
  /** Of the title, in the page. */
  id: string;
  title: string;
  /** How many there are; null where there is none. */
  counts: string | null;
  fault: string | null;
  /** Nothing was answered yet. */
  isWaiting: boolean;
  children: ComponentChildren;
}

export function Section({ id, title, counts, fault, isWaiting, children }: SectionProps): VNode {
  return (
    <section class="panel listing health" aria-labelledby={id}>
      <div>
        <h2 id={id}>{title}</h2>
        {counts === null ? null : <p class="lead">{counts}</p>}
      </div>
      {fault === null ? null : (
        <p class="form-fault" role="alert">
          {sentence(fault)}
        </p>
      )}
      {isWaiting && fault === null ? <Skeleton label={m.health.loading} /> : null}
      {children}
    </section>
  );
}

/** Where nothing is configured: what would be there, and the section of the configuration that names it. */
export function NotConfigured({ title, words, section }: { title: string; words: string; section: string }): VNode {
  return (
    <Empty title={title}>
      <p>{words}</p>
      <p class="hint">
        <code>{section}</code>
      </p>
    </Empty>
  );
}

interface TableProps {
  caption: string;
  headings: readonly string[];
  /** Further cells of the head. */
  further?: ComponentChildren;
  /** The rows. */
  children: ComponentChildren;
}

/** A table wider than its place is scrolled, by keys too; on a phone its rows are cards. */
export function HealthTable({ caption, headings, further, children }: TableProps): VNode {
  return (
    <div class="listing-table" tabIndex={0} role="group" aria-label={caption}>
      <table class="as-cards">
        <caption class="unseen">{caption}</caption>
        <Headings of={headings}>{further}</Headings>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
