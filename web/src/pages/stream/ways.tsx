// How to read a stream and how to publish to it: an address for every protocol, ready to be copied, and which reader can play
// its codecs. Host and ports are those of the configuration, else the host of this page and the usual ports, until somebody says
// others.

import "../../styles/ways.css";
import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { copyText } from "../../browser/clipboard";
import { remembered } from "../../browser/memory";
import { Headings } from "../../components/headings";
import { Icon, Sign } from "../../components/icons";
import { toast } from "../../components/toast";
import { model } from "../../model";
import type { StreamStatus } from "../../types";
import { m } from "../../words/language";
import { placesOf, protocols, waysOf, type Chosen, type Line, type Ports, type Protocol } from "./addresses";
import { carriers, playable, type Playable } from "./playable";

const names: Record<Protocol, string> = { rtsp: "RTSP", rtsps: "RTSPS", rtmp: "RTMP", srt: "SRT", webrtc: "WebRTC", hls: "HLS" };
const signs = { yes: "good", maybe: "warn", no: "bad" } as const;
const tones = { yes: "good", maybe: "warn", no: "off" } as const;

/** What this browser was told of a server. */
function chosenOf(words: string): Chosen {
  try {
    const found = JSON.parse(words) as Chosen;
    return { ...(typeof found.host === "string" && found.host !== "" ? { host: found.host } : {}), ports: { ...found.ports } };
  } catch {
    return {};
  }
}

export function Ways({ stream }: { stream: StreamStatus }): VNode {
  const [memory] = useState(() => remembered(`places.${stream.server}`, ""));
  const [chosen, setChosen] = useState(() => chosenOf(memory.get()));
  const [login, setLogin] = useState(false);
  // By what was kept last, not by what is drawn: two fields may change before it is drawn again.
  const latest = useRef(chosen);
  const change = (next: Chosen) => {
    latest.current = { ...latest.current, ...next, ports: { ...latest.current.ports, ...next.ports } };
    memory.set(JSON.stringify(latest.current));
    setChosen(latest.current);
  };
  const configured = model.value.status?.players.find((one) => one.server === stream.server) ?? null;
  const places = placesOf(configured, location.hostname, chosen);
  const ways = waysOf({ ...places, path: stream.name, login });
  return (
    <section class="panel ways" aria-labelledby="ways-title">
      <div class="graph-head">
        <h2 id="ways-title">{m.ways.title}</h2>
        <button type="button" class="small" aria-pressed={login} onClick={() => setLogin(!login)}>
          {m.ways.login}
        </button>
      </div>
      <Places {...places} change={change} />
      <div class="way-list">
        {ways.map(({ protocol, read, publish }) => (
          <details key={protocol} open={protocol === "rtsp"}>
            <summary>
              <b>{names[protocol]}</b> <code>{read[0]?.text}</code>
            </summary>
            <Lines title={m.ways.read} lines={read} protocol={protocol} />
            <Lines title={m.ways.publish} lines={publish} protocol={protocol} />
          </details>
        ))}
      </div>
      <Codecs stream={stream} />
    </section>
  );
}

/** The page knows of the server's own settings what ours says of them: where they are others, one says so here. */
function Places({ host, ports, change }: { host: string; ports: Ports; change: (next: Chosen) => void }): VNode {
  return (
    <details class="way-places">
      <summary>{m.ways.places(host)}</summary>
      <p class="note">{m.ways.placesNote}</p>
      <div class="place-fields">
        <label>
          {m.ways.host}
          <input key={host} defaultValue={host} spellcheck={false} autocomplete="off" onChange={(event) => change({ host: event.currentTarget.value.trim() })} />
        </label>
        {protocols.map((one) => (
          <label key={one}>
            {names[one]}
            <input
              type="number"
              min={1}
              max={65_535}
              key={ports[one]}
              defaultValue={ports[one]}
              onChange={(event) => {
                const port = Number(event.currentTarget.value);
                if (Number.isInteger(port) && port >= 1 && port <= 65_535) change({ ports: { [one]: port } });
              }}
            />
          </label>
        ))}
      </div>
    </details>
  );
}

async function copy(text: string): Promise<void> {
  if (await copyText(text)) toast(m.ways.copied);
  else toast(m.ways.notCopied, "bad");
}

function Lines({ title, lines, protocol }: { title: string; lines: readonly Line[]; protocol: Protocol }): VNode | null {
  if (lines.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {lines.map(({ tool, text }) => {
          const name = tool === "address" ? m.ways.address : tool === "browser" ? m.ways.browser : tool;
          return (
            <li key={tool}>
              <span>{name}</span>
              <code>{text}</code>
              <button type="button" class="small quiet" aria-label={m.ways.copy(`${title} ${names[protocol]} ${name}`)} onClick={() => void copy(text)}>
                <Icon name="copy" />
              </button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Codecs({ stream }: { stream: StreamStatus }): VNode | null {
  const codecs = [...new Set(stream.tracks.map((one) => one.codec))];
  if (codecs.length === 0) return null;
  return (
    <div class="codecs" role="region" tabIndex={0} aria-label={m.ways.codecs}>
      <table class="as-cards">
        <caption>{m.ways.codecs}</caption>
        <Headings of={[m.ways.codec, ...carriers.map((one) => names[one])]} />
        <tbody>
          {codecs.map((codec) => (
            <tr key={codec}>
              <th scope="row">{codec}</th>
              {carriers.map((one) => (
                <Cell key={one} found={playable(codec, one)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="note">{m.ways.codecsNote}</p>
    </div>
  );
}

function Cell({ found }: { found: Playable }): VNode {
  return (
    <td data-playable={found}>
      <span class="badge" data-tone={tones[found]}>
        <Sign kind={signs[found]} />
        <span>{m.ways.playable[found]}</span>
      </span>
    </td>
  );
}
