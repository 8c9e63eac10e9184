//! What a sample camera shows and sounds like, as ffmpeg arguments.
//!
//! Pure. Every picture is distinct and moves; clock and frame counter are burnt in, so that a person (or a test) can see
//! what was lost. Without `drawtext` or a font, `testsrc` with a counter of its own takes the place of all pictures.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use url::Url;

/// Places that a fleet of cameras might look at.
const PLACES: [&str; 8] =
    ["Entrance", "Car park", "Loading bay", "Courtyard", "Corridor", "Workshop", "Warehouse", "Roof"];

/// Moving pictures that cost little: 3 to 8 % of a 2.5 GHz core each with their encoder.
const PICTURES: [&str; 4] = [
    "testsrc2=size=640x360:rate=25",
    "smptehdbars=size=640x360:rate=25,scroll=horizontal=0.002",
    "gradients=size=640x360:rate=25:speed=0.02:nb_colors=4:seed=7:c0=0x0b3d5c:c1=0x2a9d8f:c2=0xe9c46a:c3=0xe76f51",
    "testsrc=size=640x360:rate=25",
];

/// Fonts of Debian's font packages, the first that exists is taken.
const FONTS: [&str; 4] = [
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf",
    "/usr/share/fonts/truetype/freefont/FreeMono.ttf",
];

/// The first font that exists.
pub fn font() -> Option<PathBuf> {
    FONTS.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// What camera number `number` (from 1) is called.
pub fn place(number: usize) -> String {
    PLACES.get(number - 1).map_or_else(|| format!("Camera {number}"), |place| (*place).to_owned())
}

/// Arguments of an ffmpeg that plays camera number `number` (from 1) and publishes it to `url`.
pub fn arguments(number: usize, font: Option<&Path>, url: &Url) -> Vec<OsString> {
    let sound = format!("sine=frequency={}:beep_factor=4:sample_rate=48000", 220 + 55 * (number % 8));
    // A keyframe a second: whoever begins to watch waits for the next one. One thread: the encoder needs no more, and
    // people may count these processes against us.
    let encoding = "-threads 1 -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 25 -keyint_min 25 \
        -sc_threshold 0 -b:v 800k -maxrate 800k -bufsize 800k -c:a aac -b:a 64k -ac 1 -f rtsp -rtsp_transport tcp";
    let mut arguments: Vec<OsString> = ["-nostdin", "-hide_banner", "-loglevel", "error"].map(OsString::from).to_vec();
    for source in [picture(number, font), sound] {
        arguments.extend(["-re", "-f", "lavfi", "-i"].map(OsString::from));
        arguments.push(source.into());
    }
    arguments.extend(encoding.split_whitespace().map(OsString::from));
    arguments.push(url.as_str().into());
    arguments
}

/// Arguments of an ffmpeg that sends what can be read at `from` on to `to`, without encoding it again.
pub fn uplink_arguments(from: &Url, to: &Url) -> Vec<OsString> {
    let read = "-nostdin -hide_banner -loglevel error -rtsp_transport tcp -i";
    let format = if to.scheme() == "srt" { "-c copy -f mpegts" } else { "-c copy -f rtsp -rtsp_transport tcp" };
    let words = read.split_whitespace().chain([from.as_str()]).chain(format.split_whitespace()).chain([to.as_str()]);
    words.map(OsString::from).collect()
}

/// The filter graph of a picture.
fn picture(number: usize, font: Option<&Path>) -> String {
    let round = (number - 1) / PICTURES.len();
    // From the fifth camera on the same pictures come in other colours.
    let colours = if round == 0 { String::new() } else { format!(",hue=h={}", 50 * round) };
    match font {
        None => format!("{}{}", PICTURES[3], format_args!(",hue=h={}", 40 * (number - 1))),
        Some(font) => {
            // The graph's syntax has no place for quotes here: no text holds a colon, a comma or a quote.
            let look =
                format!("drawtext=fontfile={}:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=8", font.display());
            let title = format!("{look}:fontsize=22:x=w-tw-16:y=16:text={number}  {}", place(number));
            let clock = format!("{look}:fontsize=24:x=16:y=h-th-20:text=%{{gmtime}} UTC  frame %{{n}}");
            format!("{}{colours},{title},{clock}", PICTURES[(number - 1) % PICTURES.len()])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_camera_looks_different() {
        let font = PathBuf::from("/f.ttf");
        for font in [None, Some(font.as_path())] {
            let pictures: HashSet<String> = (1..=8).map(|number| picture(number, font)).collect();
            assert_eq!(pictures.len(), 8);
            assert_eq!(pictures.iter().all(|picture| picture.contains("frame %{n}")), font.is_some());
        }
        assert_eq!((place(1), place(9)), ("Entrance".to_owned(), "Camera 9".to_owned()));
    }

    #[test]
    fn an_uplink_copies() {
        let from = Url::parse("rtsp://127.0.0.1:1/source/1").expect("a URL");
        for (to, format) in [("rtsp://127.0.0.1:2/van", "rtsp"), ("srt://127.0.0.1:2?streamid=publish:van", "mpegts")] {
            let arguments = uplink_arguments(&from, &Url::parse(to).expect("a URL"));
            assert_eq!(arguments.last().expect("one"), to);
            assert!(arguments.windows(2).any(|pair| pair[0] == "-i" && pair[1] == from.as_str()));
            assert!(arguments.windows(4).any(|part| part == ["-c", "copy", "-f", format].map(OsString::from)), "{to}");
        }
    }

    #[test]
    fn the_url_is_the_last_argument() {
        let url = Url::parse("rtsp://127.0.0.1:1/source/2").expect("a URL");
        let arguments = arguments(2, None, &url);
        assert_eq!(arguments.last().expect("one"), "rtsp://127.0.0.1:1/source/2");
        assert!(arguments.windows(2).any(|pair| pair[0] == "-i" && pair[1].to_string_lossy().starts_with("sine=")));
    }
}
