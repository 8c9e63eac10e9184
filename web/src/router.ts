// Which page is shown: kept in the part of the address after `#`, so that it needs nothing of the server and survives
// a proxy prefix. A stream's name is one percent-encoded part, as in the API.

export type Route =
  | { page: "streams" }
  | { page: "stream"; server: string; name: string }
  | { page: "cameras" }
  | { page: "camera"; id: number }
  | { page: "recordings" }
  | { page: "recording"; server: string; name: string; session: string | null };

function decode(part: string | undefined): string | null {
  if (part === undefined || part === "") return null;
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** Reads an address; what makes no sense leads to the table of streams. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page, rawServer, rawName] = path.split("/");
  const server = decode(rawServer);
  const name = decode(rawName);
  if (page === "streams" && server !== null && name !== null) return { page: "stream", server, name };
  if (page === "cameras") return /^-?\d{1,15}$/.test(server ?? "") ? { page: "camera", id: Number(server) } : { page: "cameras" };
  if (page === "recordings") {
    if (server === null || name === null) return { page: "recordings" };
    return { page: "recording", server, name, session: new URLSearchParams(query).get("session") };
  }
  return { page: "streams" };
}

export function href(route: Route): string {
  switch (route.page) {
    case "streams":
      return "#/";
    case "stream":
      return `#/streams/${encodeURIComponent(route.server)}/${encodeURIComponent(route.name)}`;
    case "cameras":
      return "#/cameras";
    case "camera":
      return `#/cameras/${route.id}`;
    case "recordings":
      return "#/recordings";
    case "recording": {
      const query = route.session === null ? "" : `?session=${encodeURIComponent(route.session)}`;
      return `#/recordings/${encodeURIComponent(route.server)}/${encodeURIComponent(route.name)}${query}`;
    }
  }
}

/** Two addresses show the same page, so that it need not be built anew. */
export function samePage(a: Route, b: Route): boolean {
  if (a.page !== b.page) return false;
  if (a.page === "camera" && b.page === "camera") return a.id === b.id;
  if ((a.page === "stream" || a.page === "recording") && "name" in b) return a.server === b.server && a.name === b.name;
  return true;
}
