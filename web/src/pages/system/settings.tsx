// The configuration in force: every key with its value and where that comes from. Secrets are stars already when they come.

import type { VNode } from "preact";
import { query, writeQuery } from "../../address";
import { api } from "../../api";
import { usePolled } from "../../components/polled";
import { Search } from "../../components/search";
import type { ConfigSetting } from "../../types";
import { m } from "../../words/language";
import { Listing } from "./listing";

const EVERY = 30_000;

export function Settings(): VNode {
  const { state } = usePolled("settings", EVERY, (signal) => api.settings(signal));
  const { answer } = state.value;
  const filter = query.value.get("q") ?? "";
  const changed = query.value.get("changed") === "1";
  const words = filter.trim().toLowerCase().split(/\s+/);
  const kept = (one: ConfigSetting) => words.every((word) => `${one.key} ${one.value ?? ""} ${one.origin}`.toLowerCase().includes(word)) && !(changed && one.origin === "default");
  return (
    <>
      <p class="lead">{m.settings.lead}</p>
      <div class="tools">
        <Search label={m.settings.filter} value={filter} change={(text) => writeQuery({ q: text })} />
        <button type="button" class="small" aria-pressed={changed} onClick={() => writeQuery({ changed: changed ? null : "1" })}>
          {m.settings.changed}
        </button>
      </div>
      <Listing
        what="settings"
        state={{ ...state.value, answer: answer === null ? null : { items: answer.items.filter(kept) } }}
        headings={Object.values(m.settings.heads)}
        none={m.settings.none}
        row={(one) => (
          <tr key={one.key} data-setting={one.key}>
            <th scope="row">
              <code>{one.key}</code>
            </th>
            <td class="long">{one.value === null ? "" : <code>{one.value}</code>}</td>
            <td class="long">{one.origin}</td>
          </tr>
        )}
      />
    </>
  );
}
