// The media servers: which version runs since when, and how often it was started anew.

import type { VNode } from "preact";
import { api, serverNow } from "../../api";
import { Headings } from "../../components/headings";
import { Sign } from "../../components/icons";
import { Moment } from "../../components/moment";
import { usePolled } from "../../components/polled";
import { ago } from "../../format";
import { live, now } from "../../model";
import type { Incident, ServerStatus } from "../../types";
import { m } from "../../words/language";

const EVERY = 30_000;
/** Restarts of so much time are told, ms, and counted so far. */
const PAST = 30 * 86_400_000;
const MOST = 200;

/** The restarts of a server, newest first. */
function restartsOf(all: readonly Incident[], server: string): Incident[] {
  return all.filter(({ subject }) => subject.type === "server" && subject.name === server);
}

export function Servers(): VNode | null {
  const { state } = usePolled("restarts", EVERY, (signal) => api.incidents({ kind: "serverRestarted", from: new Date(serverNow() - PAST).toISOString(), limit: MOST }, signal));
  const servers = [...live.value.servers.values()];
  if (servers.length === 0) return null;
  const answer = state.value.answer?.items ?? null;
  return (
    <section class="panel process servers" aria-labelledby="servers-title">
      <h2 id="servers-title">{m.servers.title}</h2>
      <div class="scroll">
        <table class="segments as-cards">
          <Headings of={Object.values(m.servers.heads)} />
          <tbody>
            {servers.map((one) => (
              <Row key={one.name} server={one} restarts={answer === null ? null : restartsOf(answer, one.name)} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ server, restarts }: { server: ServerStatus; restarts: readonly Incident[] | null }): VNode {
  const { name, reachable, since, reason = null, version = null, startedAt = null } = server;
  const last = restarts?.[0] ?? null;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <span class="badge" data-tone={reachable ? "good" : "bad"}>
          <Sign kind={reachable ? "good" : "bad"} />
          <span>{reachable ? m.servers.answers : m.servers.silent}</span>
        </span>
        <small>{m.overview.lasting(ago(since, now.value))}</small>
        {reason === null ? null : <small>{reason}</small>}
      </td>
      <td>{version === null ? m.servers.notTold : `MediaMTX ${version}`}</td>
      <td>
        {startedAt === null ? (
          m.servers.notTold
        ) : (
          <>
            <Moment at={startedAt} />
            <small>{m.overview.lasting(ago(startedAt, now.value))}</small>
          </>
        )}
      </td>
      <td>
        {restarts === null ? "–" : m.servers.restarts(restarts.length)}
        {last === null ? null : (
          <small>
            {m.servers.last} <Moment at={last.openedAt} />
          </small>
        )}
      </td>
    </tr>
  );
}
