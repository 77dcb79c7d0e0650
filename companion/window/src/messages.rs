//! What the page and the window say to each other. Both ways typed and capped; a question of the page has an id, and its answer
//! has the same.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// What a message from the page may be at most, in bytes.
pub(crate) const MESSAGE_CAP: usize = 4096;
/// Folders and files that are chosen or dropped at once at the most.
pub(crate) const MOST_ITEMS: usize = 50;
/// The event of the page that carries what the window says.
const EVENT: &str = "deskhand-window";

/// A message of the page; what it does not know it leaves out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FromPage {
    /// Whether a turn runs now.
    pub(crate) turn_running: Option<bool>,
    /// The page lost the service and cannot get back: its certificate or its token may be of yesterday.
    pub(crate) connection_lost: bool,
    /// The person asks to start the service.
    pub(crate) start_service: bool,
    /// The person wants to choose in a dialog of the system.
    pub(crate) pick: Option<Pick>,
}

/// What a person wants to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Pick {
    /// The page's number for it.
    pub(crate) id: u32,
    /// What.
    pub(crate) what: What,
}

/// What is chosen in one dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum What {
    /// One folder.
    Folder,
    /// Whole folders.
    Folders,
    /// Single documents.
    Documents,
}

/// A message to the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub(crate) enum ToPage {
    /// What was chosen; nothing where the person chose nothing.
    Picked { id: u32, chosen: Chosen },
    /// Files are held over the window.
    DragEntered,
    /// They are not any more.
    DragLeft,
    /// They were let go over it.
    Dropped { chosen: Chosen },
}

/// Folders and files by their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Chosen {
    /// Each with what it is; none where there are more than [`MOST_ITEMS`].
    pub(crate) items: Vec<Item>,
    /// How many there are.
    pub(crate) total: usize,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Item {
    pub(crate) path: String,
    pub(crate) kind: ItemKind,
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ItemKind {
    Folder,
    File,
    /// Nothing that could be attached, or what has no name that can be written.
    Other,
}

impl Item {
    pub(crate) fn new(path: &Path, kind: ItemKind) -> Self {
        Self {
            path: path.to_string_lossy().into_owned(),
            kind: path.to_str().map_or(ItemKind::Other, |_| kind),
        }
    }
}

impl ToPage {
    /// The line of script that hands it to the page. JSON is an expression of the language, so nothing in a file's name can be
    /// more than a string there.
    pub(crate) fn script(&self) -> String {
        let detail = serde_json::to_string(self).unwrap_or_else(|_| "null".to_owned());
        format!("window.dispatchEvent(new CustomEvent(\"{EVENT}\",{{detail:{detail}}}))")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_stays_a_string_in_the_script() {
        let name = "/tmp/\"}));alert(1);//\\\n\u{2028}</script>";
        let chosen = Chosen {
            items: vec![Item::new(Path::new(name), ItemKind::File)],
            total: 1,
        };
        let script = ToPage::Dropped { chosen }.script();
        let detail = script
            .strip_prefix("window.dispatchEvent(new CustomEvent(\"deskhand-window\",{detail:")
            .and_then(|rest| rest.strip_suffix("}))"))
            .expect("one call");
        let read: serde_json::Value = serde_json::from_str(detail).expect("JSON and nothing else");
        assert_eq!(read["chosen"]["items"][0]["path"], name);
        assert_eq!(read["type"], "dropped");
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_cannot_be_written_is_nothing_to_attach() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/tmp/\xff"));
        assert_eq!(Item::new(path, ItemKind::Folder).kind, ItemKind::Other);
    }
}
