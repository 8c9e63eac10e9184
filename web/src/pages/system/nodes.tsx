// The processes that share this one's database and live store: who runs what, and who has gone silent since when.

import type { VNode } from "preact";
import { api, sentence } from "../../api";
import { Sign } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { dateTime } from "../../format";
import type { NodeItem } from "../../types";
import { lookOf } from "../../words/states";
import { nodeLook, nodeWork } from "./node_words";

const EVERY = 5_000;

/** Nothing where this process is alone. */
export function Nodes(): VNode | null {
  const { state } = usePolled("nodes", EVERY, (signal) => api.nodes(signal));
  const { answer, fault } = state.value;
  if ((answer === null || answer.length < 2) && fault === null) return null;
  return (
    <section class="panel nodes" aria-labelledby="nodes-title">
      <h2 id="nodes-title">Nodes</h2>
      {fault === null ? null : (
        <p class="form-fault" role="alert">
          The nodes cannot be read: {sentence(fault)}
        </p>
      )}
      {answer === null ? null : (
        <table class="segments">
          <caption class="unseen">Nodes</caption>
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">State</th>
              <th scope="col">Roles</th>
              <th scope="col">Work</th>
              <th scope="col">Up since</th>
            </tr>
          </thead>
          <tbody>
            {answer.map((node) => (
              <Row key={node.name} node={node} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row({ node }: { node: NodeItem }): VNode {
  const look = lookOf(nodeLook, node.state);
  const [silent, started] = [node.silentSince ?? null, node.startedAt ?? null];
  return (
    <tr>
      <th scope="row">
        {node.name}
        {node.isThis ? " (this one)" : ""}
      </th>
      <td>
        <span class="badge" data-tone={look.tone}>
          <Sign kind={look.sign} />
          <span>{look.words}</span>
        </span>
        {silent === null ? null : <small> since {dateTime(silent)}</small>}
      </td>
      <td>{node.roles.join(", ")}</td>
      <td>{nodeWork(node)}</td>
      <td>{started === null ? "" : dateTime(started)}</td>
    </tr>
  );
}
