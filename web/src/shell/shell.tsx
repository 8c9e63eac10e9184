// The frame around every page: name, navigation, state of the connection, theme, and what runs behind it.

import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { flag } from "../components/dom";
import { Dialogs } from "../components/dialog";
import { Icon, Mark, Sign } from "../components/icons";
import { ThemeButton } from "../components/theme";
import { Toasts } from "../components/toast";
import { bothTimes, dateTime, duration, timeOfDay, zone } from "../format";
import { clock, model, openIncidents, route, stale } from "../model";
import { MOST_INCIDENTS } from "../store";
import { href, placeOf } from "../router";
import { Account } from "./account";
import { chooseLanguage, language, languages, m, type Language } from "../words/language";
import { Bell } from "./bell";
import { Banners } from "./banners";
import { Page } from "./pages";

const places = [
  { page: "streams", icon: "streams", pages: ["streams", "stream"] },
  { page: "cameras", icon: "camera", pages: ["cameras", "camera"] },
  { page: "recordings", icon: "film", pages: ["recordings", "recording", "completeness"] },
  { page: "incidents", icon: "warn", pages: ["incidents"] },
  { page: "health", icon: "pulse", pages: ["health"] },
  { page: "hosts", icon: "host", pages: ["hosts", "host"] },
  { page: "system", icon: "tree", pages: ["system"] },
] as const;

/** News come every few seconds; the age of the last is told when it is older, ms. */
const SILENT = 5_000;

export function Shell(): VNode {
  const nav = useRef<HTMLElement>(null);
  // Where it has no room, as on a phone, the navigation scrolls sideways.
  useLayoutEffect(() => nav.current?.querySelector("[aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" }), [route.value.page]);
  return (
    <>
      <div class="shell">
        <a
          class="skip"
          href="#main"
          onClick={(event) => {
            // The address is the router's.
            event.preventDefault();
            document.getElementById("main")?.focus();
          }}
        >
          {m.shell.content}
        </a>
        <header class="top">
          <a class="brand" href="#/" aria-label={m.shell.home}>
            <Mark />
            <span>streamwarden</span>
          </a>
          <nav aria-label={m.shell.pages} ref={nav}>
            {places.map(({ page, icon, pages }) => (
              <a key={page} href={href({ page })} aria-current={(pages as readonly string[]).includes(route.value.page) ? "page" : undefined}>
                <Icon name={icon} />
                <span>{m.shell.nav[page] ?? page}</span>
                {page === "incidents" ? <OpenIncidents /> : null}
              </a>
            ))}
          </nav>
          <div class="right">
            <Pulse />
            <Bell />
            <Account />
            <ThemeButton />
          </div>
        </header>
        <Banners />
        <Main>
          <Page />
        </Main>
        <Footer />
      </div>
      <Toasts />
      <Dialogs />
    </>
  );
}

/** How many troubles last, on every page: as many as the page of incidents has lines. */
function OpenIncidents(): VNode | null {
  const { all, troubles } = openIncidents.value;
  if (all === 0) return null;
  return (
    <b class="count">
      {all === MOST_INCIDENTS ? `${troubles}+` : troubles}
      <span class="unseen"> {m.shell.open}</span>
    </b>
  );
}

/** After a change of page, a keyboard or screen reader goes on at its beginning. */
function Main({ children }: { children: ComponentChildren }): VNode {
  const main = useRef<HTMLElement>(null);
  const place = placeOf(route.value);
  const shown = useRef(place);
  useLayoutEffect(() => {
    if (shown.current === place) return;
    shown.current = place;
    main.current?.focus({ preventScroll: true });
  }, [place]);
  return (
    <main id="main" tabIndex={-1} ref={main}>
      {children}
    </main>
  );
}

function Pulse(): VNode {
  const { connection } = model.value;
  const phase = connection.phase === "open" ? "open" : connection.lostAt === null ? "connecting" : "lost";
  const { heardAt, polling } = model.value;
  const silent = phase === "open" && heardAt !== null ? clock.value - heardAt : 0;
  const words = polling ? m.shell.pulse.polling : silent > SILENT ? m.shell.silent(duration(silent)) : m.shell.pulse[phase];
  return (
    <span class="pulse" data-phase={phase} data-usual={flag(words === m.shell.pulse.open)} title={words}>
      <i aria-hidden="true" />
      <span>{words}</span>
    </span>
  );
}

function Footer(): VNode {
  const { status } = model.value;
  const roles = status?.roles.join(", ") ?? "";
  return (
    <footer data-stale={flag(stale.value)}>
      <ul class="services" aria-label={m.shell.services}>
        {status?.services.map((one) => (
          <li key={one.name} data-tone={one.ok ? "good" : "bad"} title={one.detail}>
            <Sign kind={one.ok ? "good" : "bad"} />
            <b>{one.name}</b>
            <span>{one.ok ? one.detail : m.shell.down(one.detail)}</span>
          </li>
        ))}
      </ul>
      <p class="printed">{m.shell.printed(dateTime(clock.value))}</p>
      {stale.value && model.value.heardAt !== null ? <p class="as-of">{m.shell.asOf(timeOfDay(model.value.heardAt))}</p> : null}
      <p class="about" title={status === null ? undefined : bothTimes(status.startedAt)}>
        {status === null ? "" : `${m.shell.about(status.version, status.node, dateTime(status.startedAt))}${roles === "" ? "" : `: ${roles}`}`}
        {` · ${m.shell.zone(zone())}`}
      </p>
      <label class="language">
        <span class="unseen">{m.shell.language}</span>
        <select value={language.value} onChange={(event) => void chooseLanguage(event.currentTarget.value as Language)}>
          {Object.entries(languages).map(([key, name]) => (
            <option key={key} value={key} lang={key}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </footer>
  );
}
