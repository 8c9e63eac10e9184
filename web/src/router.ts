// Which page is shown: kept in the part of the address after `#`, so that it needs nothing of the server and survives
// a proxy prefix. A stream's name is one percent-encoded part, as in the API.

export type Route =
  | { page: "streams" }
  | { page: "stream"; server: string; name: string }
  | { page: "cameras" }
  | { page: "camera"; id: number }
  | { page: "recordings" }
  | { page: "completeness" }
  | { page: "recording"; server: string; name: string; session: string | null }
  | { page: "incidents" }
  | { page: "health" }
  | { page: "hosts" }
  | { page: "host"; name: string }
  | { page: "system" }
  | { page: "wall" }
  | { page: "unknown" };

function decode(part: string | undefined): string | null {
  if (part === undefined || part === "") return null;
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** Whether the page stands at its own address: another one is a mistake, until a part after `#` says which page is meant. */
export function isAtHome(path: string, base: string): boolean {
  const root = new URL(".", base).pathname;
  return path === root || `${path}/` === root || path === `${root}index.html`;
}

/** Reads an address. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page, rawServer, rawName] = path.split("/");
  const server = decode(rawServer);
  const name = decode(rawName);
  switch (page) {
    case "":
      return { page: "streams" };
    case "streams":
      return server !== null && name !== null ? { page: "stream", server, name } : { page: "streams" };
    case "cameras":
      return /^-?\d{1,15}$/.test(server ?? "") ? { page: "camera", id: Number(server) } : { page: "cameras" };
    case "recordings":
      if (server === null || name === null) return { page: "recordings" };
      return { page: "recording", server, name, session: new URLSearchParams(query).get("session") };
    case "hosts":
      return server === null ? { page: "hosts" } : { page: "host", name: server };
    case "completeness":
    case "health":
    case "incidents":
    case "system":
    case "wall":
      return { page };
    default:
      return { page: "unknown" };
  }
}

/** The page that the browser's address names. */
export function currentRoute(): Route {
  if (typeof location === "undefined") return parseRoute("");
  const isMistake = location.hash.length < 2 && !isAtHome(location.pathname, document.baseURI);
  return isMistake ? { page: "unknown" } : parseRoute(location.hash);
}

export function href(route: Exclude<Route, { page: "unknown" }>): string {
  switch (route.page) {
    case "streams":
      return "#/";
    case "stream":
      return `#/streams/${encodeURIComponent(route.server)}/${encodeURIComponent(route.name)}`;
    case "camera":
      return `#/cameras/${route.id}`;
    case "host":
      return `#/hosts/${encodeURIComponent(route.name)}`;
    case "recording": {
      const query = route.session === null ? "" : `?session=${encodeURIComponent(route.session)}`;
      return `#/recordings/${encodeURIComponent(route.server)}/${encodeURIComponent(route.name)}${query}`;
    }
    default:
      return `#/${route.page}`;
  }
}

/** Two addresses of one place are one page, that need not be built anew. */
export function placeOf(route: Route): string {
  if (route.page === "camera") return `camera ${route.id}`;
  if (route.page === "host") return `host ${route.name}`;
  return route.page === "stream" || route.page === "recording" ? `${route.page} ${route.server}\0${route.name}` : route.page;
}
