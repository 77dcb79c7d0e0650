//! Pictures to insert: what kind the bytes are and how large the picture is, from their heads alone. Decodes nothing.

use deskhand_operations::Refusal;

use crate::refuse;

/// Larger pictures are refused, in bytes.
const MAX_BYTES: usize = 10 << 20;

/// Pictures with a longer side are refused, in pixels.
const MAX_SIDE: u32 = 30_000;

/// What the head of a picture says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// The ending of the part's name.
    pub(crate) extension: &'static str,
    /// The content type of the part.
    pub(crate) content_type: &'static str,
    /// In pixels, above zero.
    pub(crate) width: u32,
    /// In pixels, above zero.
    pub(crate) height: u32,
}

/// What a picture is, whatever its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureHead {
    /// `image/png`, `image/jpeg`, `image/gif` or `image/webp`.
    pub media_type: &'static str,
    /// Width and height in pixels, above zero; nothing where the head is damaged.
    pub size: Option<(u32, u32)>,
}

/// Reads the head of a picture of the web; nothing where the bytes are something else. Decodes nothing, so what follows the
/// head may be damaged.
pub fn picture_head(bytes: &[u8]) -> Option<PictureHead> {
    let (media_type, size) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        ("image/png", png_size(bytes))
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        ("image/jpeg", jpeg_size(bytes))
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        ("image/gif", gif_size(bytes))
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        ("image/webp", webp_size(bytes))
    } else {
        return None;
    };
    let size = size.filter(|(width, height)| *width > 0 && *height > 0);
    Some(PictureHead { media_type, size })
}

/// Reads the head; refused where the bytes are no PNG or JPEG that can be shown.
pub(crate) fn read(bytes: &[u8]) -> Result<Picture, Refusal> {
    if bytes.len() > MAX_BYTES {
        return Err(refuse::too_large("the picture is larger than 10 MB"));
    }
    let (extension, content_type, size) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        ("png", "image/png", png_size(bytes))
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        ("jpeg", "image/jpeg", jpeg_size(bytes))
    } else {
        return Err(refuse::bad_input("the picture is neither PNG nor JPEG"));
    };
    let damaged = || refuse::bad_input("the picture is damaged or cut off");
    let (width, height) = size
        .filter(|(width, height)| *width > 0 && *height > 0)
        .ok_or_else(damaged)?;
    if width.max(height) > MAX_SIDE {
        return Err(refuse::too_large(format!(
            "the picture has a side of more than {MAX_SIDE} pixels"
        )));
    }
    Ok(Picture {
        extension,
        content_type,
        width,
        height,
    })
}

/// The header chunk comes first (PNG third edition, 11.2.1), the end chunk last.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let tail = &bytes[bytes.len().saturating_sub(64)..];
    let whole = bytes.get(12..16)? == b"IHDR" && memchr::memmem::find(tail, b"IEND").is_some();
    whole.then_some((number(16)?, number(20)?))
}

/// The frame header (ITU-T T.81, B.2.2): the first `SOF` marker that is no table.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let mut at = 2;
    while *bytes.get(at)? == 0xff {
        at += match *bytes.get(at + 1)? {
            0xff => 1,
            0x01 | 0xd0..=0xd7 => 2,
            0xd9 | 0xda => return None,
            0xc4 | 0xc8 | 0xcc => 2 + usize::from(number(at + 2)?),
            0xc0..=0xcf => return Some((u32::from(number(at + 7)?), u32::from(number(at + 5)?))),
            _ => 2 + usize::from(number(at + 2)?),
        };
    }
    None
}

/// The logical screen (GIF89a, 18).
fn gif_size(bytes: &[u8]) -> Option<(u32, u32)> {
    Some((little(bytes, 6, 2)?, little(bytes, 8, 2)?))
}

/// The canvas of an extended file, or the frame (RFC 9649, 2.7 and 3.4; RFC 6386, 9.1).
fn webp_size(bytes: &[u8]) -> Option<(u32, u32)> {
    match bytes.get(12..16)? {
        b"VP8X" => Some((little(bytes, 24, 3)? + 1, little(bytes, 27, 3)? + 1)),
        b"VP8L" if *bytes.get(20)? == 0x2f => {
            let bits = little(bytes, 21, 4)?;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " if bytes.get(23..26)? == [0x9d, 0x01, 0x2a] => {
            Some((little(bytes, 26, 2)? & 0x3fff, little(bytes, 28, 2)? & 0x3fff))
        }
        _ => None,
    }
}

/// A number of some bytes, the lowest first.
fn little(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + length)?.iter().rev();
    Some(bytes.fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn pictures_are_known_by_their_heads_and_not_by_their_names() {
        type Expected = Option<(&'static str, Option<(u32, u32)>)>;
        let webp = |rest: &[u8]| [b"RIFF\0\0\0\0WEBP".as_slice(), rest].concat();
        let cases: [(Vec<u8>, Expected); 9] = [
            (
                b"GIF89a\x80\x02\xe0\x01;".to_vec(),
                Some(("image/gif", Some((640, 480)))),
            ),
            (b"GIF89a\x80".to_vec(), Some(("image/gif", None))),
            (
                webp(b"VP8X\x0a\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0"),
                Some(("image/webp", Some((640, 480)))),
            ),
            (
                webp(b"VP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01"),
                Some(("image/webp", Some((640, 480)))),
            ),
            (
                webp(b"VP8L\0\0\0\0\x2f\x7f\xc2\x77\0"),
                Some(("image/webp", Some((640, 480)))),
            ),
            (webp(b"VP8?"), Some(("image/webp", None))),
            (vec![0xff, 0xd8, 0xff, 0xd9], Some(("image/jpeg", None))),
            (b"%PDF-1.7".to_vec(), None),
            (b"<svg/>".to_vec(), None),
        ];
        for (bytes, expected) in cases {
            let found = picture_head(&bytes).map(|head| (head.media_type, head.size));
            assert_eq!(found, expected, "{bytes:?}");
        }
    }

    use super::*;

    #[test]
    fn reads_the_size_of_both_formats_and_refuses_the_rest() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0....".to_vec();
        assert_eq!(
            read(&png).unwrap_err().message,
            "The picture is damaged or cut off."
        );
        png.extend(b"\0\0\0\0IEND\xaeB`\x82");
        let size =
            |bytes: &[u8]| read(bytes).map(|picture| (picture.extension, picture.width, picture.height));
        assert_eq!(size(&png).unwrap(), ("png", 640, 480));
        let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, b'J', b'F'];
        jpeg.extend([0xff, 0xff, 0xc2, 0, 11, 8, 0x01, 0x02, 0x03, 0x04, 1, 1, 0x11, 0]);
        assert_eq!(size(&jpeg).unwrap(), ("jpeg", 0x0304, 0x0102));
        for cut in 0..12 {
            assert!(read(&jpeg[..cut]).is_err(), "{cut}");
        }
        assert_eq!(
            read(b"GIF89a").unwrap_err().message,
            "The picture is neither PNG nor JPEG."
        );
    }
}
