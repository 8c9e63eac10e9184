// The frame around every page: name, navigation, state of the connection, theme, and what runs behind it.

import { h, replace, set, text } from "../ui/dom";
import { icon, mark, sign } from "../ui/icons";
import { themeButton } from "../ui/theme";
import { href, type Route } from "../router";
import { dateTime } from "../format";
import type { Model, View } from "../ui/view";

const places = [
  { page: "streams", label: "Streams", icon: "streams", pages: ["streams", "stream"] },
  { page: "cameras", label: "Cameras", icon: "camera", pages: ["cameras", "camera"] },
  { page: "recordings", label: "Recordings", icon: "film", pages: ["recordings", "recording"] },
] as const;

export class Shell {
  readonly element: HTMLElement;
  private readonly main = h("main", { id: "main", tabindex: "-1" });
  private readonly links: { link: HTMLAnchorElement; pages: readonly string[] }[];
  private readonly pulse = h("span", { class: "pulse" });
  private readonly pulseWords = h("span");
  private readonly about = h("p", { class: "about" });
  private readonly services = h("ul", { class: "services", "aria-label": "Services" });
  private shownServices = "";

  constructor(banners: HTMLElement) {
    this.links = places.map((place) => ({
      link: h("a", { href: href({ page: place.page }) }, icon(place.icon), h("span", {}, place.label)),
      pages: place.pages,
    }));
    const skip = h("a", { class: "skip", href: "#main" }, "To the content");
    skip.addEventListener("click", (event) => {
      // The address is the router's.
      event.preventDefault();
      this.main.focus();
    });
    this.pulse.append(h("i", { "aria-hidden": "true" }), this.pulseWords);
    this.element = h(
      "div",
      { class: "shell" },
      skip,
      h(
        "header",
        { class: "top" },
        h("a", { class: "brand", href: "#/", "aria-label": "Streamwarden: streams" }, mark(), h("span", {}, "streamwarden")),
        h("nav", { "aria-label": "Pages" }, this.links.map((one) => one.link)),
        h("div", { class: "right" }, this.pulse, themeButton()),
      ),
      banners,
      this.main,
      h("footer", {}, this.services, this.about),
    );
  }

  show(view: View, route: Route): void {
    replace(this.main, view.element);
    for (const { link, pages } of this.links) set(link, "aria-current", pages.includes(route.page) ? "page" : null);
    scrollTo(0, 0);
  }

  /** After a change of page, a keyboard or screen reader goes on at its beginning. */
  focus(): void {
    this.main.focus({ preventScroll: true });
  }

  render({ connection, status }: Model): void {
    const phase = connection.phase === "open" ? "open" : connection.lostAt === null ? "connecting" : "lost";
    set(this.pulse, "data-phase", phase);
    text(this.pulseWords, phase === "open" ? "Live" : phase === "lost" ? "Lost" : "Connecting");
    if (status === null) return;
    const roles = status.roles.join(", ");
    text(this.about, `Streamwarden ${status.version} on ${status.node}, up since ${dateTime(status.startedAt)}${roles === "" ? "" : `: ${roles}`}`);
    const services = JSON.stringify(status.services);
    if (services === this.shownServices) return;
    this.shownServices = services;
    replace(
      this.services,
      status.services.map((one) =>
        h("li", { "data-tone": one.ok ? "good" : "bad", title: one.detail }, sign(one.ok ? "good" : "bad"), h("b", {}, one.name), h("span", {}, one.ok ? one.detail : `down: ${one.detail}`)),
      ),
    );
  }
}
