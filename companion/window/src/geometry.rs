//! The window's size and place, kept between two starts in `window.json`. What is kept is checked when it is read:
//! screens come and go.

use std::path::Path;

use deskhand_platform::permissions;
use serde::{Deserialize, Serialize};

/// What the file may be at most, in bytes.
const CAP: usize = 4096;

/// Size and place in physical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Geometry {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The left upper corner; none where the desktop does not tell.
    pub(crate) place: Option<(i32, i32)>,
    pub(crate) maximised: bool,
}

/// A screen in physical pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Geometry {
    /// Reads what was kept; none when nothing usable was.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        let text = permissions::read_private_file(file, CAP as u64).ok()??;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps it for the next start.
    pub(crate) fn write(&self, file: &Path) -> Result<(), permissions::PermissionError> {
        let text = serde_json::to_vec(self).unwrap_or_default();
        permissions::write_private_file(file, &text)
    }

    /// The same, at most as large as the largest screen, and with its place only where the title bar can be reached.
    pub(crate) fn fitted(self, screens: &[Screen]) -> Self {
        let widest = screens
            .iter()
            .map(|screen| screen.width)
            .max()
            .unwrap_or(self.width);
        let highest = screens
            .iter()
            .map(|screen| screen.height)
            .max()
            .unwrap_or(self.height);
        let reachable = |&(x, y): &(i32, i32)| screens.iter().any(|screen| screen.shows_title_bar(x, y));
        Self {
            width: self.width.min(widest),
            height: self.height.min(highest),
            place: self.place.filter(reachable),
            maximised: self.maximised,
        }
    }
}

impl Screen {
    /// Whether enough of a title bar that starts at this corner is on the screen to drag it.
    fn shows_title_bar(self, x: i32, y: i32) -> bool {
        let (x, y) = (i64::from(x) - i64::from(self.x), i64::from(y) - i64::from(self.y));
        x > -100 && x < i64::from(self.width) - 100 && y >= 0 && y < i64::from(self.height) - 30
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Geometry = Geometry {
        width: 1200,
        height: 800,
        place: Some((100, 60)),
        maximised: false,
    };
    const SCREEN: Screen = Screen {
        x: 0,
        y: 0,
        width: 1920,
        height: 1080,
    };

    #[test]
    fn comes_back_as_it_was_kept() {
        let home = deskhand_test_support::Home::new();
        let file = home.path().join("window.json");
        assert_eq!(Geometry::read(&file), None);
        SHAPE.write(&file).expect("the file is written");
        assert_eq!(Geometry::read(&file), Some(SHAPE));
    }

    #[test]
    fn a_file_that_is_not_its_own_is_ignored() {
        let home = deskhand_test_support::Home::new();
        let file = home.path().join("window.json");
        for text in [
            "",
            "{}",
            "[1]",
            r#"{"width":-1,"height":2,"place":null,"maximised":false}"#,
        ] {
            permissions::write_private_file(&file, text.as_bytes()).expect("the file is written");
            assert_eq!(Geometry::read(&file), None, "{text}");
        }
    }

    #[test]
    fn forgets_a_place_that_no_screen_shows_any_more() {
        assert_eq!(SHAPE.fitted(&[SCREEN]), SHAPE);
        for place in [(2500, 60), (-2000, 60), (100, -400), (100, 1079)] {
            let moved = Geometry {
                place: Some(place),
                ..SHAPE
            };
            assert_eq!(moved.fitted(&[SCREEN]).place, None, "{place:?}");
        }
    }

    #[test]
    fn never_exceeds_the_largest_screen() {
        let huge = Geometry {
            width: u32::MAX,
            height: u32::MAX,
            ..SHAPE
        }
        .fitted(&[SCREEN]);
        assert_eq!((huge.width, huge.height), (1920, 1080));
    }
}
