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

#[cfg(test)]
mod tests {
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
