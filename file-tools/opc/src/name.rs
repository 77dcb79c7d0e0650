//! Part names: written without a leading slash (`xl/workbook.xml`), compared without regard to case (ECMA-376 part 2, 6.2).

use crate::error::PackageError;

/// The name as this crate writes it: forward slashes, no leading slash, percent escapes kept.
///
/// Names that try to leave the package are refused: `..` segments, drive letters, control characters.
pub(crate) fn normalise(raw: &str) -> Result<String, PackageError> {
    let name = raw.replace('\\', "/");
    let name = name.trim_start_matches('/');
    let bad = name.is_empty()
        || name.len() > 1024
        || name.chars().any(char::is_control)
        || name.split('/').any(|segment| segment == ".." || segment == ".")
        || name.as_bytes().get(1) == Some(&b':');
    if bad {
        Err(PackageError::BadName(raw.escape_debug().take(80).collect()))
    } else {
        Ok(name.to_owned())
    }
}

/// The form under which a part is found. Percent escapes and what they stand for are the same (ECMA-376 part 2, 6.2.2.2).
pub(crate) fn key(name: &str) -> String {
    let name = name.trim_start_matches('/').replace('\\', "/").to_lowercase();
    if name.contains('%') { unescape(&name) } else { name }
}

/// The folder of a part with its slash; empty at the top.
pub fn directory_of(part: &str) -> &str {
    part.rfind('/').map_or("", |slash| &part[..=slash])
}

/// The name of the part that holds the relationships of `part`; of the package itself when `part` is empty.
pub fn relationships_of(part: &str) -> String {
    let folder = directory_of(part);
    format!("{folder}_rels/{}.rels", &part[folder.len()..])
}

/// The part that a relationship's target names, seen from its source part (RFC 3986 resolution on part names).
pub fn resolve_target(source: &str, target: &str) -> String {
    let target = target
        .split(['#', '?'])
        .next()
        .unwrap_or_default()
        .replace('\\', "/");
    let target = unescape(&target);
    let mut segments: Vec<&str> = if target.starts_with('/') {
        Vec::new()
    } else {
        directory_of(source)
            .split('/')
            .filter(|s| !s.is_empty())
            .collect()
    };
    for segment in target.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    segments.join("/")
}

/// The target to write for `part` in the relationships of `source`.
pub fn relative_target(source: &str, part: &str) -> String {
    let from: Vec<&str> = directory_of(source)
        .split('/')
        .filter(|s| !s.is_empty())
        .collect();
    let to: Vec<&str> = part.split('/').collect();
    let common = from
        .iter()
        .zip(&to[..to.len() - 1])
        .take_while(|(a, b)| a.eq_ignore_ascii_case(b))
        .count();
    let mut segments = vec![".."; from.len() - common];
    segments.extend(&to[common..]);
    segments.join("/")
}

/// Undoes percent escapes; a malformed one stays as it is.
fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let code = (bytes[position] == b'%')
            .then(|| {
                text.get(position + 1..position + 3)
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            })
            .flatten();
        plain.push(code.unwrap_or(bytes[position]));
        position += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{normalise, relationships_of, relative_target, resolve_target};

    #[test]
    fn a_target_resolves_from_its_source() {
        let cases = [
            (
                "xl/workbook.xml",
                "worksheets/sheet1.xml",
                "xl/worksheets/sheet1.xml",
            ),
            (
                "xl/worksheets/sheet1.xml",
                "../drawings/drawing1.xml",
                "xl/drawings/drawing1.xml",
            ),
            ("xl/workbook.xml", "/xl/styles.xml", "xl/styles.xml"),
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("a/b.xml", "../../../c.xml", "c.xml"),
            ("a/b.xml", "my%20part.xml#x", "a/my part.xml"),
            ("a/b.xml", "c\\d.xml", "a/c/d.xml"),
        ];
        for (source, target, part) in cases {
            assert_eq!(resolve_target(source, target), part, "{target} from {source}");
        }
    }

    #[test]
    fn a_written_target_resolves_back() {
        for (source, part) in [
            ("xl/workbook.xml", "xl/worksheets/sheet1.xml"),
            ("xl/worksheets/sheet1.xml", "xl/tables/table1.xml"),
            ("", "docProps/app.xml"),
            ("ppt/slides/slide1.xml", "ppt/slides/slide1.xml"),
        ] {
            assert_eq!(resolve_target(source, &relative_target(source, part)), part);
        }
        assert_eq!(relationships_of("xl/workbook.xml"), "xl/_rels/workbook.xml.rels");
        assert_eq!(relationships_of(""), "_rels/.rels");
    }

    #[test]
    fn refuses_names_that_leave_the_package() {
        for name in ["../x", "a/../../x", "C:/x", "a\u{0}b", "", "/", "a/./b", "..\\x"] {
            assert!(normalise(name).is_err(), "{name}");
        }
        assert_eq!(normalise("\\xl\\workbook.xml").unwrap(), "xl/workbook.xml");
    }
}
