// hls.js as `hls_build.ts` makes it (no subtitles, no DRM) has the same types.
declare module "hls.js/light" {
  export { default } from "hls.js";
  export * from "hls.js";
}
