//! Registry file of Windows, version 5.00: UTF-16 with a mark, CR LF.

use super::words::lines;
use super::{NOTE, REGISTRY_KEY, sample};
use crate::definition::Section;
use crate::settings::Settings;
use crate::shape::Scalar;

/// A file of these values for the machine.
pub(super) fn render(settings: &Settings, name: &str) -> Vec<u8> {
    let mut text = head();
    text.push(format!("; {}", name.replace(['\r', '\n'], " ")));
    text.push(key());
    text.extend(settings.iter().map(|(row, value)| line(row.name, value)));
    encoded(&text)
}

/// A file that sets nothing and says of each key what it does, with a line to take the semicolon from.
pub(super) fn template(sections: &[Section]) -> Vec<u8> {
    let mut text = head();
    text.push(key());
    for row in sections.iter().flat_map(|section| section.rows) {
        text.push(String::new());
        text.extend(lines(row).into_iter().map(|line| format!("; {line}")));
        text.push(format!(";{}", line(row.name, &sample(row))));
    }
    encoded(&text)
}

fn head() -> Vec<String> {
    vec![
        "Windows Registry Editor Version 5.00".to_owned(),
        String::new(),
        format!("; {NOTE}"),
    ]
}

fn key() -> String {
    format!(r"[HKEY_LOCAL_MACHINE\{REGISTRY_KEY}]")
}

fn line(name: &str, value: &serde_json::Value) -> String {
    let written = match Scalar::of(value) {
        Scalar::Integer(number) => match u32::try_from(number) {
            Ok(number) => format!("dword:{number:08x}"),
            Err(_) => quoted(&number.to_string()),
        },
        scalar => quoted(&scalar.text()),
    };
    format!("{}={written}", quoted(name))
}

/// Text in quotes. What would end the line is written as the bytes of a `REG_SZ`.
fn quoted(text: &str) -> String {
    if text.chars().any(char::is_control) {
        let units = text.encode_utf16().chain([0]);
        let bytes: Vec<String> = units
            .flat_map(u16::to_le_bytes)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        return format!("hex(1):{}", bytes.join(","));
    }
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

fn encoded(lines: &[String]) -> Vec<u8> {
    let text = format!("\u{feff}{}\r\n", lines.join("\r\n"));
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
