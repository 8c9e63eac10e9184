// The light build of hls.js (no subtitles, no DRM, no alternate sound) has the same types.
declare module "hls.js/light" {
  export { default } from "hls.js";
  export * from "hls.js";
}
