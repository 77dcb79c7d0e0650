//! The list of an image, `image.json` in a folder of images and `manifest.json` in a store: the same bytes, of which the SHA-256 is the
//! image's id. What comes from a store is read here with caps.

use crate::error::{SandboxError, Step};
use crate::image::{FORMAT, Image, MAX_LIST, Part, REMEDY, damaged};

/// What an image may consist of, and without which it starts nothing.
const KNOWN: [(&str, bool); 5] = [
    ("kernel", true),
    ("initrd", true),
    ("system.squashfs", true),
    ("office.squashfs", false),
    ("session.qcow2", true),
];

/// The largest part, in bytes: some times what a system with an office layer takes.
pub(crate) const LARGEST_PART: u64 = 4 << 30;

/// The largest image, in bytes.
pub(crate) const LARGEST_IMAGE: u64 = 6 << 30;

/// Reads a list of whatever origin: for this build and this processor.
pub(crate) fn read(text: &[u8]) -> Result<Image, SandboxError> {
    if text.len() as u64 > MAX_LIST {
        return Err(damaged("its list is too long"));
    }
    let image: Image = serde_json::from_slice(text).map_err(|error| damaged(&error.to_string()))?;
    let here = std::env::consts::ARCH;
    if image.format != FORMAT || image.architecture != here {
        // The words of a list that nobody vouched for yet.
        let other: String = image
            .architecture
            .chars()
            .take(20)
            .filter(|letter| !letter.is_control())
            .collect();
        let reason = format!(
            "the image is for {other} in format {}; this computer needs {here} in format {FORMAT}",
            image.format
        );
        return Err(SandboxError::new(Step::Image, reason, REMEDY));
    }
    Ok(image)
}

/// Reads the list of a store: it names known parts alone, each once, all that are needed, none too large.
///
/// # Errors
///
/// Says what is wrong with it; nothing of what it names was asked for.
pub fn read_manifest(text: &[u8]) -> Result<Image, SandboxError> {
    let image = read(text)?;
    check(&image.parts).map_err(|reason| damaged(&reason))?;
    Ok(image)
}

fn check(parts: &[Part]) -> Result<(), String> {
    if parts.len() > KNOWN.len() {
        return Err(format!(
            "its list names {} parts, and there are {} at most",
            parts.len(),
            KNOWN.len()
        ));
    }
    let mut all = 0_u64;
    for (index, part) in parts.iter().enumerate() {
        let Some((name, _)) = KNOWN.iter().find(|(name, _)| *name == part.name) else {
            return Err("its list names a part that this version does not know".to_owned());
        };
        if parts.iter().take(index).any(|before| before.name == part.name) {
            return Err(format!("its list names `{name}` twice"));
        }
        if !is_digest(&part.sha256) {
            return Err(format!("its list gives no SHA-256 for `{name}`"));
        }
        all = all.saturating_add(part.size);
        if part.size == 0 || part.size > LARGEST_PART || all > LARGEST_IMAGE {
            return Err(format!("its list says that `{name}` has {} bytes", part.size));
        }
    }
    match KNOWN
        .iter()
        .find(|(name, needed)| *needed && parts.iter().all(|part| part.name != *name))
    {
        Some((name, _)) => Err(format!("its list names no `{name}`")),
        None => Ok(()),
    }
}

/// Whether a text is a SHA-256 as it is written here: 64 hexadecimal digits in lower case.
pub(crate) fn is_digest(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(digit)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::{Value, json};

    use super::*;

    fn part(name: &str, size: u64) -> Value {
        json!({ "name": name, "sha256": "a".repeat(64), "size": size })
    }

    fn list(parts: &[Value]) -> Vec<u8> {
        let whole = json!({ "format": 1, "architecture": std::env::consts::ARCH, "parts": parts });
        whole.to_string().into_bytes()
    }

    fn good() -> Vec<Value> {
        ["kernel", "initrd", "system.squashfs", "session.qcow2"]
            .map(|name| part(name, 6))
            .to_vec()
    }

    fn refused(parts: &[Value]) -> String {
        read_manifest(&list(parts)).expect_err("it is refused").reason
    }

    #[test]
    fn a_list_of_known_parts_is_read_with_and_without_the_office_layer() {
        assert_eq!(read_manifest(&list(&good())).unwrap().parts.len(), 4);
        let mut parts = good();
        parts.push(part("office.squashfs", LARGEST_PART));
        assert_eq!(read_manifest(&list(&parts)).unwrap().parts.len(), 5);
    }

    #[test]
    fn a_name_that_leads_elsewhere_or_is_not_known_is_refused_and_not_repeated() {
        for name in [
            "../x",
            "/etc/passwd",
            "..",
            "",
            "kernel/../x",
            "image.json",
            "Kernel",
            "kernel\u{0}",
        ] {
            let mut parts = good();
            parts.push(part(name, 6));
            assert_eq!(
                refused(&parts),
                "the image is damaged: its list names a part that this version does not know"
            );
        }
    }

    #[test]
    fn a_part_too_many_one_that_comes_twice_and_one_that_is_missing_are_refused() {
        let mut twice = good();
        twice.push(part("kernel", 6));
        assert!(refused(&twice).ends_with("names `kernel` twice"));
        let mut many = good();
        many.extend(good());
        assert!(refused(&many).contains("names 8 parts"));
        assert!(refused(&good()[1..]).ends_with("names no `kernel`"));
        assert!(refused(&[]).ends_with("names no `kernel`"));
    }

    #[test]
    fn sizes_beyond_what_an_image_has_are_refused() {
        for size in [0, LARGEST_PART + 1, u64::MAX] {
            let mut parts = good();
            parts[2] = part("system.squashfs", size);
            assert!(refused(&parts).contains("`system.squashfs` has"), "{size}");
        }
        let large = good()
            .iter()
            .map(|one| part(one["name"].as_str().unwrap(), LARGEST_PART))
            .collect::<Vec<_>>();
        assert!(refused(&large).contains("`initrd` has"));
    }

    #[test]
    fn a_digest_is_sixty_four_digits_in_lower_case() {
        for digest in [
            "",
            "a",
            &"A".repeat(64),
            &"g".repeat(64),
            &"a".repeat(65),
            &"ä".repeat(32),
        ] {
            let mut parts = good();
            parts[0]["sha256"] = json!(digest);
            assert!(refused(&parts).ends_with("no SHA-256 for `kernel`"), "{digest}");
        }
    }

    #[test]
    fn what_is_no_list_for_this_computer_is_refused() {
        for (text, why) in [
            (b"{".to_vec(), "damaged"),
            (b"[]".to_vec(), "damaged"),
            (vec![b'['; 200_000], "damaged"),
            (vec![b' '; 1024 * 1024 + 1], "too long"),
            (
                br#"{"format":1,"architecture":"vax","parts":[]}"#.to_vec(),
                "is for vax",
            ),
            (
                br#"{"format":2,"architecture":"x86_64","parts":[]}"#.to_vec(),
                "in format 2",
            ),
        ] {
            let refused = read_manifest(&text).unwrap_err();
            assert!(refused.reason.contains(why), "{refused}");
        }
    }
}
