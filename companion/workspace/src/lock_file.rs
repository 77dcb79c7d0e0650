//! The side files by which office programs show that they have a document open, and whom they name.

use std::fmt;
use std::io::Read as _;

use cap_fs_ext::OpenOptionsSyncExt as _;
use cap_std::fs::{Dir, OpenOptions};

/// More than any program writes, in bytes.
const READ: u64 = 4096;
/// Longest name that is shown, in characters: Office takes 52.
const NAME: usize = 100;

/// A program that leaves side files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficeProgram {
    /// `~$name` of Microsoft Office.
    Office,
    /// `.~lock.name#` of `LibreOffice`.
    LibreOffice,
}

/// A side file that shows that a document is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockFile {
    /// Whose it is.
    pub program: OfficeProgram,
    /// Its name.
    pub name: String,
    /// Who has the document open, by what that person told the program: text of a file, to be shown only.
    pub owner: Option<String>,
}

impl fmt::Display for LockFile {
    /// As the rest of a sentence that begins with the document: `is open in Microsoft Office by …`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = match self.program {
            OfficeProgram::Office => "Microsoft Office",
            OfficeProgram::LibreOffice => "LibreOffice",
        };
        write!(formatter, "is open in {program}")?;
        if let Some(owner) = &self.owner {
            write!(formatter, " by {owner}")?;
        }
        write!(formatter, " (`{}` beside it says so)", self.name)
    }
}

impl LockFile {
    /// The side file beside `name` in this folder, if there is one.
    pub(crate) fn beside(folder: &Dir, name: &str) -> Option<Self> {
        let office = office_names(name)
            .into_iter()
            .map(|side| (OfficeProgram::Office, side));
        let libre = (OfficeProgram::LibreOffice, format!(".~lock.{name}#"));
        let (program, name) = office
            .chain([libre])
            .find(|(_, side)| folder.symlink_metadata(side).is_ok())?;
        let content = content(folder, &name).unwrap_or_default();
        let owner = match program {
            OfficeProgram::Office => office_owner(&content),
            OfficeProgram::LibreOffice => libre_owner(&String::from_utf8_lossy(&content)),
        };
        let owner = owner.and_then(|owner| shown(&owner));
        Some(Self { program, name, owner })
    }
}

/// `~$name`. Word puts the two characters in the place of the first ones of names of seven characters and more.
fn office_names(name: &str) -> Vec<String> {
    let mut names = vec![format!("~${name}")];
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if extension.to_ascii_lowercase().starts_with("do") {
        let cut = match stem.chars().count() {
            0..7 => 0,
            7 => 1,
            _ => 2,
        };
        let rest: String = name.chars().skip(cut).collect();
        names.push(format!("~${rest}"));
    }
    names
}

/// What is in a side file; nothing where its program keeps it to itself. Waits for nobody.
fn content(folder: &Dir, name: &str) -> Option<Vec<u8>> {
    let mut options = OpenOptions::new();
    options.read(true).nonblock(true);
    let file = folder.open_with(name, &options).ok()?;
    file.metadata().ok().filter(cap_std::fs::Metadata::is_file)?;
    let mut content = Vec::new();
    file.take(READ).read_to_end(&mut content).ok()?;
    Some(content)
}

/// The name in an owner file of Office: a length and the name in the code page of the machine, filled up to byte 54 (Word)
/// or 55 (Excel, PowerPoint), then a length of two bytes and the name in UTF-16. No page of Microsoft's describes it.
fn office_owner(content: &[u8]) -> Option<String> {
    let short = usize::from(*content.first()?);
    let at = if content.len() < 165 { 54 } else { 55 };
    let wide = || {
        let length = u16::from_le_bytes(content.get(at..at + 2)?.try_into().ok()?);
        let units = content.get(at + 2..at + 2 + usize::from(length) * 2)?;
        let units: Vec<u16> = units
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        String::from_utf16(&units).ok().filter(|name| !name.is_empty())
    };
    wide().or_else(|| {
        let name = content.get(1..=short.min(54))?;
        // Another code page than ASCII would have to be guessed.
        name.is_ascii()
            .then(|| String::from_utf8_lossy(name).into_owned())
    })
}

/// The name in a lock file of `LibreOffice`: fields with commas between, a backslash before what is meant as text. The first
/// is the name that the person gave, the second the one of the account, the third the machine.
fn libre_owner(content: &str) -> Option<String> {
    let mut fields = vec![String::new()];
    let mut characters = content.chars();
    while let Some(character) = characters.next() {
        match character {
            ',' => fields.push(String::new()),
            ';' => break,
            character => {
                let text = if character == '\\' {
                    characters.next()
                } else {
                    Some(character)
                };
                if let Some(field) = fields.last_mut() {
                    field.extend(text);
                }
            }
        }
    }
    fields.into_iter().take(3).find(|field| !field.trim().is_empty())
}

/// A name as it may stand in a sentence.
fn shown(name: &str) -> Option<String> {
    let plain: String = name
        .chars()
        .filter(|character| !character.is_control())
        .take(NAME)
        .collect();
    Some(plain.trim().to_owned()).filter(|name| !name.is_empty())
}
