//! A screen without a monitor, and what can be seen on it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use deskhand_test_support::{Child, repository, wait_for};

/// Width and height in pixels.
const SIZE: (usize, usize) = (1280, 900);
/// Steps of a drag.
const STEPS: usize = 30;
/// How often to look whether a dialog closed before it is answered again.
const LOOKS: usize = 200;

/// An X server of its own, ended with the value.
pub(crate) struct Screen {
    _server: Child,
    display: String,
}

/// Keeps the picture of a screen on which something was waited for in vain.
struct InVain<'a>(&'a Screen);

/// What the screen showed at one moment: three bytes a pixel.
pub(crate) struct Shot(Vec<u8>);

impl Screen {
    pub(crate) fn start() -> Self {
        let (width, height) = SIZE;
        let size = format!("{width}x{height}x24");
        // Without `-noreset` the server starts anew when its last client goes, a picture's too, and a window that
        // connects just then is thrown out.
        let server = Child::spawn(Command::new("Xvfb").args([
            "-noreset",
            "-displayfd",
            "1",
            "-nolisten",
            "tcp",
            "-screen",
            "0",
            &size,
        ]));
        let display = format!(":{}", server.line(Duration::from_secs(30), |_| true));
        Self {
            _server: server,
            display,
        }
    }

    /// As `DISPLAY` has it.
    pub(crate) fn display(&self) -> &str {
        &self.display
    }

    /// Waits until a good part of a colour is to be seen. What was seen instead is kept as `in-vain.png`.
    pub(crate) fn wait_for_colour(&self, what: &str, colour: [u8; 3], deadline: Duration) {
        let _look = InVain(self);
        wait_for(what, deadline, || {
            (self.look().pixels(colour).count() > 50).then_some(())
        });
    }

    /// Clicks into the middle of all that has this colour.
    pub(crate) fn click(&self, colour: [u8; 3]) {
        let (x, y) = self.look().middle(colour);
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", "1"]);
    }

    /// Drags what has the one colour over what has the other, as a hand does: in many small steps. It is held until
    /// [`Screen::let_go`]: dropped before the other side said that it takes it, it would go back.
    pub(crate) fn drag(&self, from: [u8; 3], to: [u8; 3]) {
        let shot = self.look();
        let ((x, y), (to_x, to_y)) = (shot.middle(from), shot.middle(to));
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "mousedown", "1"]);
        for step in 1..=STEPS {
            let way = |from: usize, to: usize| ((from * (STEPS - step) + to * step) / STEPS).to_string();
            self.xdotool(&["mousemove", "--sync", &way(x, to_x), &way(y, to_y)]);
        }
    }

    /// Drops what is dragged.
    pub(crate) fn let_go(&self) {
        self.xdotool(&["mouseup", "1"]);
    }

    /// Waits for a dialog of this title, types a text into it and confirms, until it closes: what is typed while the
    /// dialog is still being set up is lost.
    pub(crate) fn answer(&self, title: &str, text: &str, deadline: Duration) {
        self.xdotool(&["search", "--sync", "--onlyvisible", "--name", title]);
        wait_for("the dialog to close", deadline, || {
            if self.shows(title) {
                // No window manager gives it the keyboard here.
                self.try_xdotool(&["search", "--name", title, "windowfocus", "--sync"]);
                self.try_xdotool(&["key", "ctrl+a"]);
                self.try_xdotool(&["type", "--delay", "20", text]);
                self.keep("dialog");
                self.try_xdotool(&["key", "Return"]);
            }
            (0..LOOKS).any(|_| !self.shows(title)).then_some(())
        });
    }

    fn shows(&self, title: &str) -> bool {
        self.try_xdotool(&["search", "--onlyvisible", "--name", title])
    }

    fn xdotool(&self, arguments: &[&str]) {
        assert!(self.try_xdotool(arguments), "{arguments:?}");
    }

    /// Whether it found the window that it was to look for.
    fn try_xdotool(&self, arguments: &[&str]) -> bool {
        let mut xdotool = Command::new("xdotool");
        let quiet = xdotool.stdout(Stdio::null()).stderr(Stdio::null());
        let status = quiet.env("DISPLAY", &self.display).args(arguments).status();
        status.expect("xdotool runs").success()
    }

    /// Keeps the picture under the target folder, for a person to look at.
    pub(crate) fn keep(&self, name: &str) -> Shot {
        let folder = repository().join("target/window");
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let file = folder.join(format!("{name}.png"));
        self.import(file.clone().into_os_string());
        self.look()
    }

    fn look(&self) -> Shot {
        let shot = Shot(self.import("rgb:-".into()));
        assert_eq!(shot.0.len(), SIZE.0 * SIZE.1 * 3, "a whole screen");
        shot
    }

    fn import(&self, target: std::ffi::OsString) -> Vec<u8> {
        let mut import = Command::new("import");
        import
            .args(["-display", &self.display, "-window", "root", "-depth", "8"])
            .arg(PathBuf::from(target));
        let output = import.output().expect("imagemagick runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }
}

impl Drop for InVain<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.keep("in-vain");
        }
    }
}

impl Shot {
    /// The indices of the pixels that have just this colour.
    fn pixels(&self, colour: [u8; 3]) -> impl Iterator<Item = usize> {
        self.0
            .chunks_exact(3)
            .enumerate()
            .filter(move |(_, pixel)| *pixel == colour)
            .map(|(index, _)| index)
    }

    /// The middle of all that has a colour.
    fn middle(&self, colour: [u8; 3]) -> (usize, usize) {
        let places: Vec<_> = self
            .pixels(colour)
            .map(|index| (index % SIZE.0, index / SIZE.0))
            .collect();
        let count = places.len().max(1);
        let x = places.iter().map(|place| place.0).sum::<usize>() / count;
        let y = places.iter().map(|place| place.1).sum::<usize>() / count;
        (x, y)
    }

    /// The standard deviation of all samples, 0 to 255: nothing but one colour has 0.
    pub(crate) fn deviation(&self) -> f64 {
        let count = self.0.len() as f64;
        let mean = self.0.iter().map(|&sample| f64::from(sample)).sum::<f64>() / count;
        let squares = self
            .0
            .iter()
            .map(|&sample| (f64::from(sample) - mean).powi(2))
            .sum::<f64>();
        (squares / count).sqrt()
    }
}
