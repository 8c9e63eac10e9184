// What people have changed: who, from where, what, before and after. The filter is kept in the address; older entries come on
// demand.

import type { VNode } from "preact";
import { query, writeQuery } from "../../address";
import { api } from "../../api";
import { MoreButton, useOlder } from "../../components/older";
import { usePolled } from "../../components/polled";
import { Search } from "../../components/search";
import { Moment } from "../../components/moment";
import type { AuditEntry, Page } from "../../types";
import { m } from "../../words/language";
import { Listing } from "./listing";

const EVERY = 10_000;
const PAGE = 50;

const spans = [
  { key: "" },
  { key: "24h", hours: 24 },
  { key: "7d", hours: 168 },
] as const;

interface Asked {
  who: string | null;
  hours: number | null;
}

function ask({ who, hours }: Asked, after: string | null, signal?: AbortSignal) {
  const from = hours === null ? null : new Date(Date.now() - hours * 3_600_000).toISOString();
  return api.audit({ who, from, after, limit: PAGE }, signal);
}

export function Audit(): VNode {
  const [filter, who, span] = ["q", "who", "span"].map((name) => query.value.get(name) ?? "");
  const found = spans.find((one) => one.key === span);
  const asked: Asked = { who: who === "" ? null : (who ?? null), hours: found !== undefined && "hours" in found ? found.hours : null };
  const key = JSON.stringify(asked);
  const { state } = usePolled(key, EVERY, (signal) => ask(asked, null, signal));
  const { answer } = state.value;
  const words = (filter ?? "").trim().toLowerCase().split(/\s+/);
  const kept = (items: readonly AuditEntry[]) => items.filter((one) => words.every((word) => `${one.who} ${one.action} ${one.target} ${one.address}`.toLowerCase().includes(word)));
  return (
    <>
      <div class="tools">
        <Search label={m.audit.filter} value={filter ?? ""} change={(text) => writeQuery({ q: text })} />
        <label class="choose">
          {m.audit.who}
          <input key={who} defaultValue={who ?? ""} placeholder={m.audit.all} size={14} onChange={(event) => writeQuery({ who: event.currentTarget.value.trim() })} />
        </label>
        <div class="spans" role="group" aria-label={m.audit.time}>
          {spans.map((one) => (
            <button key={one.key} type="button" class="small" aria-pressed={one.key === span} onClick={() => writeQuery({ span: one.key })}>
              {m.audit.spans[one.key]}
            </button>
          ))}
        </div>
      </div>
      <Listing
        what="audit"
        state={{ ...state.value, answer: answer === null ? null : { items: kept(answer.items) } }}
        headings={Object.values(m.audit.heads)}
        none={filter === "" && who === "" && span === "" ? m.audit.none : m.audit.noMatch}
        row={(entry) => <Row key={entry.id} entry={entry} />}
      >
        {answer === null ? null : <Older key={key} page={answer} ask={(after) => ask(asked, after)} kept={kept} />}
      </Listing>
    </>
  );
}

function plain(value: unknown): string {
  return value === null || value === undefined ? "" : JSON.stringify(value);
}

function Row({ entry }: { entry: AuditEntry }): VNode {
  const { at, who, address, action, target, before, after } = entry;
  return (
    <tr data-entry={entry.id}>
      <th scope="row"><Moment at={at} /></th>
      <td>{who}</td>
      <td>{address}</td>
      <td>{action}</td>
      <td class="long">{target}</td>
      <td class="long">
        {plain(before) === "" ? null : <code title={m.audit.before}>{plain(before)}</code>}
        {plain(before) === "" || plain(after) === "" ? null : " → "}
        {plain(after) === "" ? null : <code title={m.audit.after}>{plain(after)}</code>}
      </td>
    </tr>
  );
}

function Older({ page, ask, kept }: { page: Page<AuditEntry>; ask: (after: string) => Promise<Page<AuditEntry>>; kept: (items: readonly AuditEntry[]) => readonly AuditEntry[] }): VNode {
  const older = useOlder(page, (one) => one.at, ask);
  const shown = kept(older.items);
  return (
    <>
      {shown.length === 0 ? null : (
        <div class="listing-table" tabIndex={0} role="group" aria-label={m.audit.older}>
          <table>
            <tbody>
              {shown.map((entry) => (
                <Row key={entry.id} entry={entry} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MoreButton older={older} label={m.audit.showOlder} />
    </>
  );
}
