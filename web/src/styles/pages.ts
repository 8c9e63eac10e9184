// Styles of the pages that are fetched when they are opened; they come with the first of them.

import "./stream.css";
import "./camera.css";
import "./recordings.css";
import "./system.css";
import "./sessions.css";
import "./completeness.css";
import "./incident_list.css";
import "./as_cards.css";

export {};
