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
import "./styles/stream.css";
import "./styles/camera.css";
import "./styles/held.css";
import "./styles/import.css";
import "./styles/player.css";
import "./styles/recordings.css";
import { App } from "./app";

const root = document.getElementById("app");
if (root !== null) new App(root);
