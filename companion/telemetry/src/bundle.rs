//! The support bundle: what it would hold is listed first, with what was taken out; what is written is what was listed.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;

use crate::files;
use crate::scrub::{Counts, Scrubber};

/// Bytes of a file that are looked at, its end.
const MOST_OF_ONE: u64 = 8 << 20;
/// Bytes of all of them.
const MOST: u64 = 32 << 20;
/// Entries.
const ENTRIES: usize = 256;

/// Where an entry comes from.
#[derive(Clone, Debug)]
pub enum Content {
    /// A file of text.
    File(PathBuf),
    /// A file whose texts passed the rules when they were written: a log of ours, diagnostics. Names that became known since are
    /// taken out.
    Kept(PathBuf),
    /// A text that was made for the bundle: the report of settings, a list of versions.
    Text(String),
}

/// An entry as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the bundle.
    pub name: String,
    /// Its bytes, uncompressed.
    pub size: u64,
    /// True where only its end is in it.
    pub cut: bool,
    /// What was taken out.
    pub scrubbed: Counts,
    content: String,
}

impl Entry {
    /// What is in it, as it will be written.
    pub fn content(&self) -> &str {
        &self.content
    }
}

/// A bundle that is not written yet.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    entries: Vec<Entry>,
    /// Names of what could not be read, or had no room.
    left_out: Vec<String>,
}

impl Bundle {
    /// Reads and scrubs everything. What cannot be read is named, and is no reason to have no bundle.
    pub fn plan(sources: impl IntoIterator<Item = (String, Content)>, scrubber: &Scrubber) -> Self {
        let mut bundle = Self::default();
        let mut room = MOST;
        for (name, content) in sources {
            let name = plain_name(&name);
            let taken = bundle.entries.iter().any(|entry| entry.name == name);
            let kept = matches!(content, Content::Kept(_));
            let read = if taken || bundle.entries.len() >= ENTRIES {
                None
            } else {
                read(content, room).ok()
            };
            let Some((text, cut)) = read else {
                bundle.left_out.push(name);
                continue;
            };
            let (content, scrubbed) = scrub(&text, scrubber, kept);
            let size = content.len() as u64;
            room = room.saturating_sub(size);
            bundle.entries.push(Entry {
                name,
                size,
                cut,
                scrubbed,
                content,
            });
        }
        bundle
    }

    /// What it would hold.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Names of what could not be read, or had no room.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The list for a person to read before anything is written.
    pub fn listing(&self) -> String {
        let mut text = String::new();
        for entry in &self.entries {
            let end = if entry.cut { ", its end only" } else { "" };
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{}: {} bytes{end}; taken out: {}",
                entry.name, entry.size, entry.scrubbed
            );
        }
        for name in &self.left_out {
            let _ = writeln!(text, "{name}: left out, it could not be read or there is no room");
        }
        text
    }

    /// Writes it as a ZIP archive that nobody else may read, where there is no file of that name. Nothing is left where it fails.
    ///
    /// # Errors
    /// When there is a file already, or the archive cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let file = files::create_new(path)?;
        let written = self.write_to(file);
        if written.is_err() {
            // The failure to write is what counts.
            fs::remove_file(path).ok();
        }
        written
    }

    fn write_to(&self, file: File) -> io::Result<()> {
        let mut archive = zip::ZipWriter::new(file);
        let options = SimpleFileOptions::default();
        let listing = ("contents.txt", self.listing());
        let entries = self
            .entries
            .iter()
            .map(|entry| (entry.name.as_str(), entry.content.clone()));
        for (name, content) in std::iter::once(listing).chain(entries) {
            archive.start_file(name, options)?;
            archive.write_all(content.as_bytes())?;
        }
        archive.finish()?.sync_all()
    }
}

/// The text of a source, as far as there is room: the end of a file, which is its newest part.
fn read(content: Content, room: u64) -> io::Result<(String, bool)> {
    let most = MOST_OF_ONE.min(room);
    let mut bytes = match content {
        Content::Text(text) => text.into_bytes(),
        Content::File(path) | Content::Kept(path) => {
            // A link could lead to what is not ours.
            if !fs::symlink_metadata(&path)?.is_file() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            let mut file = File::open(path)?;
            let length = file.metadata()?.len();
            // One byte more, so that the rest of a cut line can be told.
            file.seek(SeekFrom::Start(length.saturating_sub(most + 1)))?;
            let mut bytes = Vec::new();
            file.take(most + 1).read_to_end(&mut bytes)?;
            bytes
        }
    };
    let over = bytes.len() as u64 > most;
    if over {
        let from = bytes.len() - usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
        // Half a line could hide the beginning by which a rule knows it.
        let line = bytes[from..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(bytes.len(), |end| from + end + 1);
        bytes.drain(..line);
    }
    Ok((String::from_utf8_lossy(&bytes).into_owned(), over))
}

fn scrub(text: &str, scrubber: &Scrubber, kept: bool) -> (String, Counts) {
    let mut counts = Counts::default();
    let mut clean = String::with_capacity(text.len());
    for line in text.lines() {
        let (line, found) = if kept {
            scrubber.names(line)
        } else {
            scrubber.counted(line)
        };
        counts = counts.plus(found);
        clean.push_str(&line);
        clean.push('\n');
    }
    (clean, counts)
}

/// A name without folders above it, of letters that every system takes.
fn plain_name(name: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    let steps = name
        .split(['/', '\\'])
        .filter(|step| !step.is_empty() && !step.starts_with('.'));
    let name: String = steps
        .collect::<Vec<_>>()
        .join("/")
        .chars()
        .filter(|letter| fits(*letter))
        .take(120)
        .collect();
    if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::Known;

    fn scrubber() -> Scrubber {
        Scrubber::new(Known {
            names: vec!["jdoe".to_owned()],
            ..Known::default()
        })
    }

    fn unzipped(path: &Path) -> Vec<(String, String)> {
        let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
        let count = archive.len();
        let read = |index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            (entry.name().unwrap().into_owned(), text)
        };
        (0..count).map(read).collect()
    }

    #[test]
    fn what_is_written_is_what_was_listed() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("service.log");
        fs::write(&log, "fine\nBearer ZQXMARK by jdoe\nat /home/jdoe/ZQXMARK\n").unwrap();
        let sources = [
            ("logs/service.log".to_owned(), Content::File(log)),
            (
                "settings.txt".to_owned(),
                Content::Text("otlpProtocol grpc".to_owned()),
            ),
            ("gone.log".to_owned(), Content::File(folder.path().join("gone"))),
        ];
        let bundle = Bundle::plan(sources, &scrubber());
        let listing = bundle.listing();
        assert!(listing.contains("logs/service.log: "), "{listing}");
        assert!(
            listing.contains("taken out: 1 secret, 1 path, 1 name\n"),
            "{listing}"
        );
        assert!(listing.contains("gone.log: left out"), "{listing}");
        let path = folder.path().join("bundle.zip");
        bundle.write(&path).unwrap();
        let entries = unzipped(&path);
        assert_eq!(entries[0], ("contents.txt".to_owned(), listing));
        assert_eq!(
            entries[1],
            (
                "logs/service.log".to_owned(),
                "fine\n<redacted> by <redacted>\nat <home>/<path>\n".to_owned()
            )
        );
        assert_eq!(entries[2].1, "otlpProtocol grpc\n");
        for (entry, (name, text)) in bundle.entries().iter().zip(&entries[1..]) {
            assert_eq!(
                (&entry.name, entry.content(), entry.size),
                (name, text.as_str(), text.len() as u64)
            );
        }
    }

    #[test]
    fn records_that_were_scrubbed_before_stay_readable_and_lose_names_that_became_known() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("essential.jsonl");
        fs::write(&kept, "{\"at\":1,\"step\":\"open jdoe\"}\n").unwrap();
        let bundle = Bundle::plan([("essential.jsonl".to_owned(), Content::Kept(kept))], &scrubber());
        assert_eq!(
            bundle.entries()[0].content(),
            "{\"at\":1,\"step\":\"open <redacted>\"}\n"
        );
        assert_eq!(bundle.entries()[0].scrubbed.names, 1);
    }

    #[test]
    fn a_file_that_is_there_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundle.zip");
        fs::write(&path, "mine").unwrap();
        assert!(Bundle::default().write(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn of_a_large_file_the_end_is_kept_from_the_beginning_of_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("a.log");
        let line = format!("{}\n", "plain words ".repeat(8));
        fs::write(
            &log,
            line.repeat(usize::try_from(MOST_OF_ONE).unwrap() / line.len() + 10),
        )
        .unwrap();
        let bundle = Bundle::plan([("a.log".to_owned(), Content::File(log))], &scrubber());
        let entry = &bundle.entries()[0];
        assert!(entry.cut && entry.size <= MOST_OF_ONE);
        assert!(entry.content().starts_with("plain words"));
    }

    #[test]
    fn names_lead_nowhere_and_come_once() {
        let text = || Content::Text(String::new());
        let names = ["../../etc/passwd", "/abs", "a b", "", "a b"].map(|name| (name.to_owned(), text()));
        let bundle = Bundle::plan(names, &scrubber());
        let found: Vec<_> = bundle.entries().iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(found, ["etc/passwd", "abs", "ab", "unnamed"]);
        assert_eq!(bundle.left_out(), ["ab"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed_and_the_bundle_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (secret, link) = (folder.path().join("secret"), folder.path().join("a.log"));
        fs::write(&secret, "ZQXMARK").unwrap();
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        let bundle = Bundle::plan([("a.log".to_owned(), Content::File(link))], &scrubber());
        assert_eq!(bundle.left_out(), ["a.log"]);
        let path = folder.path().join("bundle.zip");
        bundle.write(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
