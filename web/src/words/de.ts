// Was die Seite sagt, auf Deutsch.

import type { Messages } from "./en";

const count = (number: number) => number.toLocaleString("de-DE");
const s = (number: number, one: string, many: string) => `${count(number)} ${number === 1 ? one : many}`;

export const de: Messages = {
  overview: {
    title: "Streams",
    problems: "Was gerade nicht stimmt",
    more: (rest) => `${count(rest)} weitere zeigen`,
    fewer: "Weniger zeigen",
    since: (time) => `seit ${time}`,
    lasting: (time) => `seit ${time}`,
    serverDown: (name) => `Server ${name} antwortet nicht`,
    unknownStreams: (number) => `Der Zustand von ${s(number, "Stream", "Streams")} ist unbekannt.`,
    ofHost: (host, down, all) => `${down} von ${s(all, "Kamera", "Kameras")} an ${host}`,
    paused: (name) => `${name} wird nicht aufgezeichnet`,
    restart: "Neu starten",
    restarting: (name) => `${name} wird neu gestartet`,
    log: "Protokoll",
    show: "Zeigen",
    system: "System",
    publish: "Niemand sendet dorthin: den Sender starten, oder eine Kamera anlegen, die geholt wird.",
    filter: "Streams filtern",
    shown: (some, all) => `${count(some)} von ${count(all)} gezeigt`,
    held: "Die Reihenfolge steht, solange Sie hinsehen",
    sortNow: "Jetzt sortieren",
    columns: "Spalten",
    standard: "Übliche Spalten",
    dense: "Eng",
    group: "Gruppieren nach",
    groups: { "": "nichts", server: "Server", prefix: "Pfadanfang", host: "Host" },
    noPrefix: "ohne Pfadanfang",
    noHost: "ohne Kamera",
    allLive: (number) => s(number, "Stream", "Streams"),
    notLive: (bad, all) => `${count(bad)} von ${s(all, "Stream", "Streams")} nicht live`,
    wall: "Wand",
    column: { name: "Stream", state: "Zustand", source: "Quelle", bitrate: "Bitrate", day: "24 h", readers: "Leser", tracks: "Spuren", recording: "Aufnahme" },
    day: {
      notWatched: "nicht beobachtet",
      part: (state, from, to) => `${state} ${from} – ${to}`,
      live: (percent) => `${percent} live`,
      outages: (number) => s(number, "Ausfall", "Ausfälle"),
      unknown: "Vom letzten Tag ist nichts bekannt",
      loading: "Der letzte Tag wird gelesen",
    },
  },
  wall: {
    title: "Wand",
    full: "Vollbild",
    troubleFirst: "Störungen zuerst",
    none: "Kein Stream zu zeigen",
    slow: (seconds) => `Dieses Gerät ist ausgelastet: Die Felder werden alle ${seconds} s gezeichnet.`,
    noPictures: "Nur Felder: Ein Bild jedes Streams würde je ein ffmpeg kosten. Pfeiltasten gehen von Feld zu Feld, Enter öffnet eines, f ist Vollbild.",
  },
  states: { live: "Live", stalled: "Stockt", offline: "Offline", unknown: "Unbekannt" },
};
