//! Pictures: what kind the bytes are and how large the picture is, from their heads alone. Decodes nothing.

use deskhand_sheet::is_svg;

/// Larger pictures are refused, in bytes.
pub(crate) const MAX_BYTES: usize = 10 << 20;

/// Pictures with a longer side are refused, in pixels.
const MAX_SIDE: u32 = 30_000;

/// The formats that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Png,
    Jpeg,
}

impl Format {
    /// The ending of the part's name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
        }
    }

    /// The content type of the part.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// What the head of a picture says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) format: Format,
    /// In pixels, above zero.
    pub(crate) width: u32,
    /// In pixels, above zero.
    pub(crate) height: u32,
}

/// Why bytes are not a picture that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PictureError {
    #[error("the picture is neither PNG nor JPEG")]
    UnknownFormat,
    #[error(
        "the picture is an SVG, of which Office wants a rendering too; draw it as a PNG, at the size in which it is to be shown, and pass that"
    )]
    Vector,
    #[error("the picture is damaged or cut off")]
    Damaged,
    #[error("the picture has a side of more than {MAX_SIDE} pixels")]
    TooLarge,
}

/// Reads the head.
pub(crate) fn read(bytes: &[u8]) -> Result<Picture, PictureError> {
    let (format, size) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        (Format::Png, png_size(bytes))
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        (Format::Jpeg, jpeg_size(bytes))
    } else if is_svg(bytes) {
        return Err(PictureError::Vector);
    } else {
        return Err(PictureError::UnknownFormat);
    };
    let (width, height) = size
        .filter(|&(width, height)| width > 0 && height > 0)
        .ok_or(PictureError::Damaged)?;
    if width.max(height) > MAX_SIDE {
        return Err(PictureError::TooLarge);
    }
    Ok(Picture {
        format,
        width,
        height,
    })
}

/// The size in the header chunk (PNG third edition, 11.2.1 `IHDR`), and that the file has its end.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.get(12..16)? != b"IHDR"
        || !bytes
            .windows(8)
            .rev()
            .take(64)
            .any(|window| window.starts_with(b"IEND"))
    {
        return None;
    }
    let number = |from: usize| Some(u32::from_be_bytes(bytes.get(from..from + 4)?.try_into().ok()?));
    Some((number(16)?, number(20)?))
}

/// The size in the frame header (ITU-T T.81, B.2.2): the first `SOF` marker that is no table.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut position = 2;
    loop {
        if *bytes.get(position)? != 0xff {
            return None;
        }
        let marker = *bytes.get(position + 1)?;
        match marker {
            // Fill bytes before a marker, and markers without a segment.
            0xff => position += 1,
            0x01 | 0xd0..=0xd7 => position += 2,
            0xd9 | 0xda => return None,
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let number = |from: usize| {
                    let pair = bytes.get(position + from..position + from + 2)?;
                    Some(u32::from(u16::from_be_bytes(pair.try_into().ok()?)))
                };
                return Some((number(7)?, number(5)?));
            }
            _ => {
                let length = bytes.get(position + 2..position + 4)?;
                position += 2 + usize::from(u16::from_be_bytes(length.try_into().ok()?)).max(2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x02\0\0\0....\0\0\0\0IEND\xaeB`\x82");
        bytes
    }

    fn jpeg() -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, b'J', b'F'];
        bytes.extend([0xff, 0xff, 0xc2, 0, 11, 8, 0x01, 0x02, 0x03, 0x04, 1, 1, 0x11, 0]);
        bytes
    }

    #[test]
    fn reads_the_size_of_both_formats() {
        assert_eq!(
            read(&png(640, 480)),
            Ok(Picture {
                format: Format::Png,
                width: 640,
                height: 480
            })
        );
        assert_eq!(
            read(&jpeg()),
            Ok(Picture {
                format: Format::Jpeg,
                width: 0x0304,
                height: 0x0102
            })
        );
    }

    #[test]
    fn refuses_what_is_no_picture() {
        let mut cut = png(640, 480);
        cut.truncate(30);
        let svg = b"<?xml version=\"1.0\"?>\n<!-- a dot --><svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        let cases: [(&str, Vec<u8>, PictureError); 7] = [
            ("an SVG", svg.to_vec(), PictureError::Vector),
            ("a GIF", b"GIF89a".to_vec(), PictureError::UnknownFormat),
            ("nothing", Vec::new(), PictureError::UnknownFormat),
            ("a PNG without its end", cut, PictureError::Damaged),
            ("a PNG without width", png(0, 480), PictureError::Damaged),
            ("a PNG of absurd size", png(u32::MAX, 1), PictureError::TooLarge),
            (
                "a JPEG without a frame",
                vec![0xff, 0xd8, 0xff, 0xda, 0, 2],
                PictureError::Damaged,
            ),
        ];
        for (what, bytes, expected) in cases {
            assert_eq!(read(&bytes), Err(expected), "{what}");
        }
    }

    #[test]
    fn every_cut_of_a_jpeg_ends_without_panic() {
        let whole = jpeg();
        for end in 0..whole.len() - 6 {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
    }
}
