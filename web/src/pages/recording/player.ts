// Plays an HLS playlist in a video: hls.js where the browser has media source extensions, its own HLS elsewhere. hls.js is
// loaded when the first recording is opened, not before.

import type Hls from "hls.js";
import type { ErrorData, Fragment } from "hls.js";
import { sentence } from "../../api";
import { holeAt, parsePlaylist, type Cue, type Hole } from "../../playlist";
import { m } from "../../words/language";
import { lackedCodecs } from "./codec_names";
import { picturesAlone, Silencer } from "./silenced";
import { soundCodecs, withAllSound } from "./sound_tracks";

export interface PlayerEvents {
  onTime(position: number): void;
  onEnded(): void;
  /** The playlist was read, or has grown. */
  onCues(cues: Cue[]): void;
  /** It stands still: a person has stopped it, or moved it while it stood. */
  onPause?: () => void;
  /** Words over the picture; `retry` where another try may help, and the address of the file where another program may play it. */
  onNotice(words: string | null, retry: (() => void) | null, file: string | null): void;
}

const HLS_TYPE = "application/vnd.apple.mpegurl";
/** Less than this is nothing to show, seconds. */
const SHOWABLE = 0.2;
/** So near to the end of a file nothing of it is left, seconds. */
const NEAR = 0.35;
/** How often a growing playlist is read anew where the browser plays it by itself and tells nothing of it. */
const REREAD = 10_000;

export class Player {
  private hls: Hls | null = null;
  private reread: ReturnType<typeof setInterval> | undefined;
  /** Counts loads: what an older one still brings is ignored. */
  private turn = 0;
  private recovered = false;
  private video: HTMLVideoElement | null = null;
  private waits: (() => void) | null = null;
  private holes: Hole[] = [];
  /** The playlist as it was when it was opened. */
  private opened: readonly Cue[] = [];
  /** The pictures are played alone. */
  private silent = false;
  /** Opens the same playlist anew at a position; up to `silent` without sound. */
  private again: (position: number, silent?: number) => void = () => undefined;

  constructor(private readonly events: PlayerEvents) {}

  /** The element that shows it; null when it goes. */
  attachTo(video: HTMLVideoElement | null): void {
    if (video === null || video === this.video) return;
    this.video = video;
    video.addEventListener("timeupdate", () => {
      this.events.onTime(video.currentTime);
      this.pass(video);
    });
    video.addEventListener("waiting", () => this.pass(video, true));
    video.addEventListener("seeking", () => this.events.onTime(video.currentTime));
    video.addEventListener("pause", () => this.events.onPause?.());
    video.addEventListener("ended", () => this.events.onEnded());
    video.addEventListener("playing", () => this.say(null));
    video.addEventListener("loadeddata", () => this.say(null));
    video.addEventListener("error", () => this.failed(video.error?.message ?? ""));
    this.waits?.();
    this.waits = null;
  }

  say(words: string | null, retry: (() => void) | null = null, file: string | null = null): void {
    this.events.onNotice(words, retry, file);
  }

  /** Loads a playlist and plays it from a position (seconds, found in its cues); up to `silent` its pictures alone. */
  async load(url: string, fallback: number, from: (cues: Cue[]) => number, silent: number | null = null): Promise<void> {
    const turn = ++this.turn;
    this.drop();
    this.recovered = false;
    this.silent = silent !== null;
    // Behind it the sound may be there again.
    this.holes = silent === null ? [] : [{ start: silent + NEAR, end: silent + NEAR, anew: silent }];
    this.say(m.player.loading);
    this.retry = () => void this.load(url, fallback, from);
    this.again = (position, until) => void this.load(url, fallback, () => position, until);
    try {
      const cues = await read(url, fallback);
      if (turn !== this.turn) return;
      if (cues.length === 0) {
        this.say(m.player.nothing, this.retry);
        return;
      }
      this.opened = cues;
      this.events.onCues(cues);
      if (this.video === null) await new Promise<void>((resolve) => (this.waits = resolve));
      if (this.video !== null && turn === this.turn) await this.attach(this.video, new URL(url, document.baseURI).href, from(cues), turn, fallback);
    } catch (error) {
      if (turn === this.turn) this.failed(sentence(error));
    }
  }

  /** Plays from a position; with `still`, what stands still goes on standing. */
  seek(position: number, still = false): void {
    if (this.video === null) return;
    this.video.currentTime = position;
    if (!still || !this.video.paused) void play(this.video);
  }

  /** Plays or stands still. */
  toggle(): void {
    if (this.video === null) return;
    if (this.video.paused) void play(this.video);
    else this.video.pause();
  }

  mute(): void {
    if (this.video !== null) this.video.muted = !this.video.muted;
  }

  fill(): void {
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else void this.video?.requestFullscreen().catch(() => undefined);
  }

  /** Stands still and moves by some seconds. */
  nudge(seconds: number): void {
    if (this.video === null) return;
    this.video.pause();
    this.video.currentTime += seconds;
  }

  /** How many times as fast it plays. */
  pace(times: number): void {
    if (this.video === null) return;
    // Another playlist goes on as fast.
    this.video.defaultPlaybackRate = times;
    this.video.playbackRate = times;
  }

  close(): void {
    this.turn += 1;
    this.drop();
  }

  private retry: () => void = () => undefined;

  private drop(): void {
    clearInterval(this.reread);
    this.hls?.destroy();
    this.hls = null;
    this.video?.removeAttribute("src");
    this.video?.load();
  }

  private async attach(video: HTMLVideoElement, url: string, start: number, turn: number, fallback: number): Promise<void> {
    const sources = "MediaSource" in window || "ManagedMediaSource" in window;
    if (!sources && video.canPlayType(HLS_TYPE) !== "") {
      video.src = url;
      video.addEventListener("loadedmetadata", () => (video.currentTime = start), { once: true });
      this.reread = setInterval(() => void read(url, fallback).then((cues) => turn === this.turn && this.events.onCues(cues), () => undefined), REREAD);
      await play(video);
      return;
    }
    const { default: Library } = await import("hls.js/light").catch(() => {
      throw new Error(m.player.notLoaded);
    });
    if (turn !== this.turn) return;
    if (!Library.isSupported()) throw new Error(m.player.notHere);
    // No worker: it would need a blob: script, and fragmented MP4 passes through unchanged anyway.
    const hls = new Library({ enableWorker: false, startPosition: start, maxBufferLength: 30, backBufferLength: 60 });
    this.hls = hls;
    let fragments: readonly Fragment[] = [];
    let loaded = 0;
    hls.on(Library.Events.FRAG_BUFFERED, (_, { frag }) => (loaded = Math.max(loaded, frag.end)));
    hls.on(Library.Events.LEVEL_UPDATED, (_, { details }) => {
      fragments = details.fragments;
      const cues = details.fragments.map((one) => ({ start: one.start, duration: one.duration, at: one.programDateTime ?? fallback + one.start * 1000 }));
      if (turn === this.turn) this.events.onCues(cues);
    });
    hls.on(Library.Events.ERROR, (_, data) => {
      if (turn !== this.turn) return;
      // Loaded beyond, and yet nothing to show: one of the tracks ends here. A browser that is slow has something to show.
      const ends = data.details === Library.ErrorDetails.BUFFER_STALLED_ERROR && loaded > video.currentTime + 1 && ahead(video) < SHOWABLE;
      if (ends) this.beyond(video.currentTime, fragments);
      if (ends || !data.fatal) return;
      const hole = holeOf(data, fragments, loaded, this.opened);
      if (hole !== null) {
        this.holes.push(hole);
        if (video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) this.pass(video, true);
      } else if (data.type === Library.ErrorTypes.MEDIA_ERROR && !this.recovered) {
        this.recovered = true;
        hls.recoverMediaError();
      } else {
        const here = fragments.find((one) => one.end > video.currentTime) ?? fragments[0];
        if (CODEC_FAULTS.includes(data.details)) this.failed(m.player.codec(lacked(data, here)), here?.url ?? null);
        else this.failed(data.type === Library.ErrorTypes.NETWORK_ERROR ? m.player.fetch : data.details);
      }
    });
    hls.on(Library.Events.MEDIA_ATTACHED, (_, { mediaSource }) => (this.silent ? silence(mediaSource) : nameAllSound(mediaSource, () => fragments)));
    hls.loadSource(url);
    hls.attachMedia(video);
    // A source that is set while another one goes pauses the element, however early it was told to play.
    video.addEventListener("canplay", () => turn === this.turn && video.paused && void play(video), { once: true });
    await play(video);
  }

  /** Goes on where the sound has ended: with the pictures alone to the end of the file, or where those have ended as well behind it. */
  private beyond(position: number, fragments: readonly Fragment[]): void {
    const place = fragments.findIndex((one) => position < one.end - NEAR);
    const end = this.opened[place + 1]?.start;
    const isInside = place >= 0 && position >= (fragments[place]?.start ?? 0);
    if (this.silent || !isInside) this.again(position + 0.3);
    else this.again(position, end ?? fragments[place]?.end);
  }

  /** Leaves out what cannot be played, once the player has come to it. */
  private pass(video: HTMLVideoElement, stands = false): void {
    const hole = this.hls === null ? null : holeAt(this.holes, video.currentTime, stands);
    if (hole === null) return;
    this.holes = this.holes.filter((one) => one !== hole);
    if (hole.anew !== null) {
      // Standing before it, one of the tracks has ended: what is left of the pictures is played without sound.
      if (stands && !this.silent && hole.start - video.currentTime > NEAR) this.again(video.currentTime, hole.anew);
      else this.again(hole.anew + 0.05);
      return;
    }
    const position = hole.end + 0.05;
    video.currentTime = position;
    this.hls?.startLoad(position);
  }

  private failed(words: string, file: string | null = null): void {
    // Emptying the source is an "error" of the element, too.
    if (this.hls === null && this.video !== null && this.video.error !== null && !this.video.hasAttribute("src")) return;
    this.say(m.player.failed(words === "" ? m.player.damaged : words), this.retry, file);
  }
}

/** So much can be shown from where a video stands, seconds. */
function ahead(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video;
  const place = Array.from({ length: buffered.length }, (_, index) => index).find((index) => buffered.start(index) <= currentTime && currentTime <= buffered.end(index));
  return place === undefined ? 0 : buffered.end(place) - currentTime;
}

/** Lets the buffers of a source take every sound track of the files. */
function nameAllSound(source: MediaSource | undefined | null, fragments: () => readonly Fragment[]): void {
  if (source === undefined || source === null) return;
  const add = source.addSourceBuffer.bind(source);
  source.addSourceBuffer = (type) => {
    const head = fragments().map((one) => one.initSegment?.data ?? null).find((one) => one !== null);
    const wanted = head === undefined || head === null ? type : withAllSound(type, soundCodecs(head));
    return add(MediaSource.isTypeSupported(wanted) ? wanted : type);
  };
}

/** Lets the buffers of a source take the pictures of the files alone. */
function silence(source: MediaSource | undefined | null): void {
  if (source === undefined || source === null) return;
  const add = source.addSourceBuffer.bind(source);
  source.addSourceBuffer = (type) => {
    const pictures = picturesAlone(type);
    const buffer = add(pictures ?? type);
    if (pictures === null) return buffer;
    const [append, silencer] = [buffer.appendBuffer.bind(buffer), new Silencer()];
    buffer.appendBuffer = (data) => {
      // What hls.js keeps (the head) is left as it is.
      const copy = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() : new Uint8Array(data.slice(0));
      silencer.take(copy);
      append(copy);
    };
    return buffer;
  };
}

/** The stretch that a fatal error leaves out; null for an error that no other position heals. */
function holeOf(data: ErrorData, fragments: readonly Fragment[], loaded: number, cues: readonly Cue[]): Hole | null {
  // A file without its head fails as the head of its fragment.
  const place = fragments.findIndex((one) => one === data.frag || (data.frag !== undefined && one.initSegment === data.frag));
  const fragment = fragments[place];
  const [type, details]: string[] = [data.type, data.details];
  const head = fragment?.initSegment?.data ?? null;
  const before = fragments[place - 1]?.initSegment?.data ?? null;
  // The buffers were opened for the tracks before it.
  const otherTracks = details === "bufferAppendError" && head !== null && before !== null && soundCodecs(head).join() !== soundCodecs(before).join();
  if (details === "mediaSourceRequiresReset" || otherTracks) {
    const start = fragment?.start ?? loaded;
    // hls.js moves fragments to where their timestamps are, and knows nothing of that when it is opened anew.
    return { start, end: start, anew: cues[place]?.start ?? start };
  }
  if (type !== "networkError" || fragment === undefined || place === fragments.length - 1) return null;
  return { start: fragment.start, end: fragment.start + fragment.duration, anew: null };
}

/** What hls.js says when the browser does not have a codec. */
const CODEC_FAULTS: readonly string[] = ["bufferAddCodecError", "bufferIncompatibleCodecsError", "manifestIncompatibleCodecsError"];

function lacked(data: ErrorData, here: Fragment | undefined): string {
  return lackedCodecs(data.mimeType ?? "", here?.initSegment?.data ?? null, (type) => MediaSource.isTypeSupported(type));
}

/** Plays; where the browser forbids sound without a click, without sound. */
async function play(video: HTMLVideoElement): Promise<void> {
  try {
    await video.play();
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
    video.muted = true;
    await video.play().catch(() => undefined);
  }
}

async function read(url: string, fallback: number): Promise<Cue[]> {
  const response = await fetch(url);
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(m.player.answered(response.status));
  return parsePlaylist(await response.text(), fallback);
}
