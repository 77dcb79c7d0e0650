//! Registry files of Windows: `REGEDIT4` and version 5.00.
//!
//! What counts is what Deskhand would read on the machine: values straight under the policy key, those of the machine
//! before those of the user and never both, `REG_SZ` and `REG_DWORD`; `REG_EXPAND_SZ` is there and unreadable, other
//! types are invisible.

use encoding_rs::WINDOWS_1252;
use serde_json::{Value, json};

use super::{Form, ITEM_CAP, Profile, ProfileEntry, ReadError, WrittenFor};
use crate::source::Encoding;

/// The first lines of the two versions.
const HEADS: [&str; 2] = ["REGEDIT4", "Windows Registry Editor Version 5.00"];
/// The policy keys below a hive, in lower case.
const KEYS: [(&str, WrittenFor); 2] = [
    (r"software\policies\deskhand", WrittenFor::Deskhand),
    (r"software\policies\claude", WrittenFor::Reference),
];

/// Whether a text begins as a registry file.
pub(super) fn is_one(text: &str) -> bool {
    let first = text.trim_start().lines().next().unwrap_or_default().trim_end();
    HEADS.iter().any(|head| head.eq_ignore_ascii_case(first))
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    product: WrittenFor,
    machine: bool,
}

/// What a value is to Deskhand.
enum Data {
    /// It is read.
    Value(Value),
    /// It is there and makes its key invalid.
    Unreadable(&'static str),
    /// It might as well not be there, for this reason.
    Invisible(&'static str),
}

/// The settings of a registry file.
pub(super) fn profile(text: &str) -> Result<Profile, ReadError> {
    let mut profile = Profile::new(Form::Registry, Encoding::Text, WrittenFor::Unknown);
    let wide = !text.trim_start().starts_with("REGEDIT4");
    let mut found: Vec<(Place, ProfileEntry)> = Vec::new();
    let mut place = None;
    let mut lines = Statements {
        lines: text.split('\n'),
        number: 0,
    };
    lines.next()?;
    while let Some((line, statement)) = lines.next()? {
        let statement = statement.trim();
        if let Some(key) = statement.strip_prefix('[') {
            let Some(key) = key.strip_suffix(']') else {
                return Err(syntax(line, "the name of the key does not end"));
            };
            place = placed(key);
            if place.is_none() {
                profile.remark(Some(line), unread(key));
            }
            continue;
        }
        let (name, written) = assignment(line, statement)?;
        let Some(place) = place else { continue };
        let Some(key) = name else {
            profile.remark(Some(line), "the default value of the key is not read");
            continue;
        };
        match data(line, written, wide)? {
            Data::Value(value) => found.push((place, entry(key, line, Ok(value)))),
            Data::Unreadable(why) => found.push((place, entry(key, line, Err(why.to_owned())))),
            Data::Invisible(why) => {
                profile.remark(Some(line), format!("`{}` is not read: {why}", shown(&key)));
            }
        }
        if found.len() > ITEM_CAP {
            return Err(ReadError::TooMuch);
        }
    }
    choose(profile, found)
}

/// Of the products Deskhand, of the hives the machine's: what is in the others is told and not read.
fn choose(mut profile: Profile, found: Vec<(Place, ProfileEntry)>) -> Result<Profile, ReadError> {
    let has = |product| found.iter().any(|(place, _)| place.product == product);
    profile.written_for = match (has(WrittenFor::Deskhand), has(WrittenFor::Reference)) {
        (true, _) => WrittenFor::Deskhand,
        (false, true) => WrittenFor::Reference,
        (false, false) => {
            let keys = r"SOFTWARE\Policies\Deskhand or SOFTWARE\Policies\Claude";
            return Err(ReadError::NoSettings(format!(
                "the file sets nothing under {keys}"
            )));
        }
    };
    let product = profile.written_for;
    let machine = found.iter().any(|(place, _)| {
        *place
            == Place {
                product,
                machine: true,
            }
    });
    for (place, entry) in found {
        if place == (Place { product, machine }) {
            profile.entries.push(entry);
        } else if place.product == product {
            profile.remark(
                entry.line,
                "not read: values of the user do not count where the machine has some",
            );
        } else {
            profile.remark(
                entry.line,
                "not read: it is the reference product's, and Deskhand's own are there",
            );
        }
    }
    Ok(profile)
}

fn entry(key: String, line: usize, value: Result<Value, String>) -> ProfileEntry {
    ProfileEntry {
        key,
        line: Some(line),
        value,
    }
}

fn placed(key: &str) -> Option<Place> {
    let (hive, path) = key.split_once('\\')?;
    let machine = match hive.to_ascii_uppercase().as_str() {
        "HKEY_LOCAL_MACHINE" | "HKLM" => true,
        "HKEY_CURRENT_USER" | "HKCU" => false,
        _ => return None,
    };
    let path = path.trim_end_matches('\\').to_ascii_lowercase();
    let (_, product) = KEYS.iter().find(|(known, _)| *known == path)?;
    Some(Place {
        product: *product,
        machine,
    })
}

fn unread(key: &str) -> String {
    let lower = key.to_ascii_lowercase();
    let below = KEYS
        .iter()
        .any(|(known, _)| lower.contains(&format!(r"\{known}\")));
    if key.starts_with('-') {
        "the key is removed; nothing is read of it".to_owned()
    } else if below {
        format!("sub-keys are not read: {}", shown(key))
    } else {
        format!("not read: {}", shown(key))
    }
}

/// Name and data of a line; `None` as the name of the default value.
fn assignment(line: usize, statement: &str) -> Result<(Option<String>, &str), ReadError> {
    let (name, rest) = if let Some(rest) = statement.strip_prefix('@') {
        (None, rest)
    } else if statement.starts_with('"') {
        let (name, rest) =
            quoted(statement).ok_or_else(|| syntax(line, "the name of the value does not end"))?;
        (Some(name), rest)
    } else {
        return Err(syntax(line, "neither a key nor a value"));
    };
    let written = rest.trim_start().strip_prefix('=');
    Ok((
        name,
        written
            .ok_or_else(|| syntax(line, "`=` is missing"))?
            .trim_start(),
    ))
}

fn data(line: usize, written: &str, wide: bool) -> Result<Data, ReadError> {
    if written == "-" {
        return Ok(Data::Invisible("it is removed"));
    }
    if written.starts_with('"') {
        let (text, rest) = quoted(written).ok_or_else(|| syntax(line, "the text does not end"))?;
        let comment = rest.trim_start();
        return if comment.is_empty() || comment.starts_with(';') {
            Ok(Data::Value(json!(text)))
        } else {
            Err(syntax(line, "signs stand behind the text"))
        };
    }
    let written = written
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if let Some(digits) = written.strip_prefix("dword:") {
        let number = u32::from_str_radix(digits.trim(), 16)
            .ok()
            .filter(|_| digits.trim().len() <= 8);
        return number
            .map(|number| Data::Value(json!(number)))
            .ok_or_else(|| syntax(line, "no hexadecimal number behind `dword:`"));
    }
    let kind = written.strip_prefix("hex").and_then(|rest| rest.split_once(':'));
    let (kind, digits) = kind.ok_or_else(|| syntax(line, "no data of a value"))?;
    let bytes = bytes(digits).ok_or_else(|| syntax(line, "no bytes in hexadecimal"))?;
    Ok(match kind {
        "(1)" => Data::Value(json!(
            text(&bytes, wide).ok_or_else(|| syntax(line, "the bytes are no text"))?
        )),
        "(2)" => Data::Unreadable("REG_EXPAND_SZ cannot be read; write REG_SZ"),
        "(4)" => match <[u8; 4]>::try_from(bytes) {
            Ok(bytes) => Data::Value(json!(u32::from_le_bytes(bytes))),
            Err(_) => return Err(syntax(line, "a REG_DWORD has four bytes")),
        },
        "(7)" => Data::Invisible("REG_MULTI_SZ is not read; write REG_SZ"),
        "(b)" => Data::Invisible("REG_QWORD is not read; write REG_DWORD"),
        "" | "(3)" => Data::Invisible("REG_BINARY is not read; write REG_SZ"),
        _ => Data::Invisible("its type is not read; write REG_SZ"),
    })
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let parts = digits.split(',').map(str::trim).filter(|part| !part.is_empty());
    let byte = |part: &str| {
        Some(part)
            .filter(|part| part.len() <= 2)
            .and_then(|part| u8::from_str_radix(part, 16).ok())
    };
    parts.map(byte).collect()
}

/// The text in the bytes of a `REG_SZ`, up to its end.
fn text(bytes: &[u8], wide: bool) -> Option<String> {
    let text = if wide {
        let units = bytes
            .chunks(2)
            .map(|pair| <[u8; 2]>::try_from(pair).ok().map(u16::from_le_bytes));
        String::from_utf16(&units.collect::<Option<Vec<u16>>>()?).ok()?
    } else {
        WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
    };
    text.split('\0').next().map(str::to_owned)
}

/// The text in quotes at the start, and what stands behind it.
fn quoted(statement: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut letters = statement.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((text, statement.get(at + 1..)?)),
            '\\' => match letters.next()?.1 {
                letter @ ('\\' | '"') => text.push(letter),
                other => text.extend(['\\', other]),
            },
            letter => text.push(letter),
        }
    }
    None
}

/// Lines that belong together, without comments and empty ones.
struct Statements<'a> {
    lines: std::str::Split<'a, char>,
    number: usize,
}

impl Statements<'_> {
    fn line(&mut self) -> Option<String> {
        let line = self.lines.next()?;
        self.number += 1;
        Some(line.strip_suffix('\r').unwrap_or(line).to_owned())
    }

    /// The number of its first line, and the statement.
    fn next(&mut self) -> Result<Option<(usize, String)>, ReadError> {
        let mut statement = loop {
            match self.line() {
                None => return Ok(None),
                Some(line) if line.trim().is_empty() || line.trim_start().starts_with(';') => {}
                Some(line) => break line,
            }
        };
        let first = self.number;
        // Text may hold line ends; bytes go on behind a backslash.
        if statement.trim_start().starts_with('"') {
            while open(&statement) {
                let line = self
                    .line()
                    .ok_or_else(|| syntax(first, "the text does not end"))?;
                statement.push_str("\r\n");
                statement.push_str(&line);
            }
        }
        while statement.ends_with('\\')
            && statement.contains("hex")
            && !statement.trim_end_matches('\\').ends_with('"')
        {
            statement.pop();
            let line = self.line().ok_or_else(|| syntax(first, "the bytes do not end"))?;
            statement.push_str(line.trim());
        }
        Ok(Some((first, statement)))
    }
}

/// Whether a quote was opened and not closed.
fn open(statement: &str) -> bool {
    let mut open = false;
    let mut letters = statement.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => open = !open,
            '\\' if open => drop(letters.next()),
            ';' if !open => return false,
            _ => {}
        }
    }
    open
}

fn syntax(line: usize, reason: &str) -> ReadError {
    ReadError::Syntax {
        line,
        reason: reason.to_owned(),
    }
}

fn shown(name: &str) -> String {
    name.chars()
        .filter(|letter| !letter.is_control())
        .take(80)
        .collect()
}
