// Entry of the page.

import "@fontsource-variable/instrument-sans/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/notices.css";
import "./styles/summary.css";
import "./styles/table.css";
import "./styles/rows.css";
import "./styles/cards.css";
import "./styles/dialogs.css";
import "./styles/forms.css";
import "./styles/incidents.css";
import "./styles/overview.css";
import "./styles/login.css";
import "./styles/forced.css";
import { effect } from "@preact/signals";
import { h, render } from "preact";
import { App } from "./app";
import { followTheme } from "./components/theme";
import { followLogin } from "./login";
import { followKeys } from "./shell/keys";
import { Frame } from "./shell/frame";
import { followLanguage, language } from "./words/language";

const root = document.getElementById("app");
if (root !== null) {
  followTheme();
  followKeys();
  followLogin();
  void followLanguage().then(() => {
    // Texts are read where something is drawn: in another language the page is drawn anew.
    effect(() => render(h(Frame, { key: language.value }), root));
    new App();
  });
}
