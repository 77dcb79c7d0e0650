//! Pictures: what kind the bytes are, how large the picture is and how many dots an inch it has, from their heads alone.
//! Decodes nothing: a head that lies costs no memory.

/// Larger pictures are refused, in bytes.
pub(crate) const MAX_BYTES: usize = 10 << 20;
/// Pictures with a longer side, or with more pixels, are refused: whoever opens the workbook would decode them.
const MAX_SIDE: u32 = 30_000;
const MAX_PIXELS: u64 = 100_000_000;
/// Dots an inch where the picture does not say, or says what no screen or scanner has.
const USUAL_DENSITY: f64 = 96.0;
/// English metric units an inch (ECMA-376 part 1, 20.1.2.1).
const EMU_PER_INCH: f64 = 914_400.0;

/// The formats that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Png,
    Jpeg,
    Gif,
}

impl Format {
    /// The ending of the part's name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Gif => "gif",
        }
    }

    /// The content type of the part.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
        }
    }
}

/// What the head of a picture says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) format: Format,
    /// Width and height in pixels, above zero.
    pub(crate) pixels: (u32, u32),
    /// Dots an inch across and down.
    pub(crate) density: (f64, f64),
}

/// Why bytes are not a picture that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PictureError {
    #[error("the picture is neither PNG nor JPEG nor GIF")]
    UnknownFormat,
    #[error(
        "the picture is an SVG, of which Office wants a rendering too; draw it as a PNG, at the size in which it is to be shown, and pass that"
    )]
    Vector,
    #[error("the picture is damaged or cut off")]
    Damaged,
    #[error("the picture has a side of more than {MAX_SIDE} pixels, or more than {MAX_PIXELS} in all")]
    TooLarge,
}

impl Picture {
    /// Width and height at the picture's own density, in English metric units.
    pub(crate) fn size(&self) -> (f64, f64) {
        let side = |pixels: u32, density: f64| (f64::from(pixels) / density * EMU_PER_INCH).max(1.0);
        (
            side(self.pixels.0, self.density.0),
            side(self.pixels.1, self.density.1),
        )
    }
}

/// Reads the head.
pub(crate) fn read(bytes: &[u8]) -> Result<Picture, PictureError> {
    let (format, pixels, density) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        (Format::Png, png_size(bytes), png_density(bytes))
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        (Format::Jpeg, jpeg_size(bytes), jpeg_density(bytes))
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        (Format::Gif, gif_size(bytes), None)
    } else if is_svg(bytes) {
        return Err(PictureError::Vector);
    } else {
        return Err(PictureError::UnknownFormat);
    };
    let pixels = pixels.filter(|&(width, height)| width > 0 && height > 0);
    let (width, height) = pixels.ok_or(PictureError::Damaged)?;
    if width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge);
    }
    let plausible = |density: f64| {
        if (10.0..=4_800.0).contains(&density) {
            density
        } else {
            USUAL_DENSITY
        }
    };
    let (across, down) = density.unwrap_or((USUAL_DENSITY, USUAL_DENSITY));
    Ok(Picture {
        format,
        pixels: (width, height),
        density: (plausible(across), plausible(down)),
    })
}

/// Whether bytes are an SVG: its root is looked for behind the declaration and comments, and nothing of it is read.
pub fn is_svg(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
    head.trim_ascii_start().starts_with(b"<") && head.windows(4).any(|window| window == b"<svg")
}

fn big_endian(bytes: &[u8], from: usize) -> Option<u32> {
    Some(u32::from_be_bytes(
        bytes.get(from..from.checked_add(4)?)?.try_into().ok()?,
    ))
}

fn pair(bytes: &[u8], from: usize) -> Option<u16> {
    Some(u16::from_be_bytes(
        bytes.get(from..from.checked_add(2)?)?.try_into().ok()?,
    ))
}

/// The size in the header chunk (PNG third edition, 11.2.1 `IHDR`), and that the file has its end.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let ends = bytes
        .windows(8)
        .rev()
        .take(64)
        .any(|window| window.starts_with(b"IEND"));
    if bytes.get(12..16)? != b"IHDR" || !ends {
        return None;
    }
    Some((big_endian(bytes, 16)?, big_endian(bytes, 20)?))
}

/// `pHYs` in pixels a metre (11.3.4.3), which stands before the picture's data.
fn png_density(bytes: &[u8]) -> Option<(f64, f64)> {
    let mut at = 8usize;
    loop {
        let length = big_endian(bytes, at)? as usize;
        let kind = bytes.get(at + 4..at + 8)?;
        if kind == b"IDAT" {
            return None;
        }
        if kind == b"pHYs" && bytes.get(at + 16) == Some(&1) {
            let inch = |from: usize| big_endian(bytes, from).map(|metre| f64::from(metre) * 0.0254);
            return Some((inch(at + 8)?, inch(at + 12)?));
        }
        at = at.checked_add(length)?.checked_add(12)?;
    }
}

/// The frame header (ITU-T T.81, B.2.2): the first `SOF` marker that is no table.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2usize;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        match *bytes.get(at + 1)? {
            // Fill bytes before a marker, and markers without a segment.
            0xff => at += 1,
            0x01 | 0xd0..=0xd7 => at += 2,
            0xd9 | 0xda => return None,
            marker @ 0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Some((pair(bytes, at + 7)?.into(), pair(bytes, at + 5)?.into()));
            }
            _ => at += 2 + usize::from(pair(bytes, at + 2)?).max(2),
        }
    }
}

/// The density of a JFIF head: dots an inch (1) or a centimetre (2).
fn jpeg_density(bytes: &[u8]) -> Option<(f64, f64)> {
    if bytes.get(6..11)? != b"JFIF\0" {
        return None;
    }
    let factor = match *bytes.get(13)? {
        1 => 1.0,
        2 => 2.54,
        _ => return None,
    };
    Some((
        f64::from(pair(bytes, 14)?) * factor,
        f64::from(pair(bytes, 16)?) * factor,
    ))
}

/// The logical screen (GIF89a, 18), and that there is a frame behind it.
fn gif_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let side = |from: usize| {
        Some(u32::from(u16::from_le_bytes(
            bytes.get(from..from + 2)?.try_into().ok()?,
        )))
    };
    let size = (side(6)?, side(8)?);
    (bytes.len() > 13 && bytes.last() == Some(&0x3b)).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, chunks: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x02\0\0\0....");
        bytes.extend(chunks);
        bytes.extend(b"\0\0\0\0IDAT....\0\0\0\0IEND\xaeB`\x82");
        bytes
    }

    fn jpeg() -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 16];
        bytes.extend(b"JFIF\0\x01\x01\x01\0\xc8\0\x64\0\0");
        bytes.extend([0xff, 0xff, 0xc2, 0, 11, 8, 0x01, 0x02, 0x03, 0x04, 1, 1, 0x11, 0]);
        bytes
    }

    #[test]
    fn reads_size_and_density_of_each_format() {
        // 11811 pixels a metre are 300 an inch.
        let dense = png(600, 300, b"\0\0\0\x09pHYs\0\0\x2e\x23\0\0\x2e\x23\x01....");
        let read_png = read(&dense).unwrap();
        assert_eq!((read_png.format, read_png.pixels), (Format::Png, (600, 300)));
        assert_eq!(read_png.density.0.round() as u32, 300);
        assert_eq!(read_png.size().0.round() as u32, 1_828_804);
        let read_jpeg = read(&jpeg()).unwrap();
        assert_eq!(
            (read_jpeg.format, read_jpeg.pixels),
            (Format::Jpeg, (0x0304, 0x0102))
        );
        assert_eq!(read_jpeg.density, (200.0, 100.0));
        let read_gif = read(b"GIF89a\x20\0\x10\0\0\0\0,.;").unwrap();
        assert_eq!(
            (read_gif.format, read_gif.pixels, read_gif.density),
            (Format::Gif, (32, 16), (96.0, 96.0))
        );
    }

    #[test]
    fn refuses_what_is_no_picture_or_would_be_a_bomb() {
        let mut cut = png(640, 480, b"");
        cut.truncate(30);
        let cases: [(&str, Vec<u8>, PictureError); 9] = [
            ("a bitmap", b"BM....".to_vec(), PictureError::UnknownFormat),
            ("nothing", Vec::new(), PictureError::UnknownFormat),
            (
                "an SVG",
                b"<?xml version=\"1.0\"?><!-- a dot --><svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
                PictureError::Vector,
            ),
            ("a PNG without its end", cut, PictureError::Damaged),
            ("a PNG without width", png(0, 480, b""), PictureError::Damaged),
            (
                "a PNG of absurd size",
                png(u32::MAX, 1, b""),
                PictureError::TooLarge,
            ),
            (
                "a PNG of too many pixels",
                png(20_000, 20_000, b""),
                PictureError::TooLarge,
            ),
            (
                "a JPEG without a frame",
                vec![0xff, 0xd8, 0xff, 0xda, 0, 2],
                PictureError::Damaged,
            ),
            (
                "a GIF cut off",
                b"GIF89a\x20\0\x10\0\0\0\0,.".to_vec(),
                PictureError::Damaged,
            ),
        ];
        for (what, bytes, expected) in cases {
            assert_eq!(read(&bytes), Err(expected), "{what}");
        }
    }

    #[test]
    fn every_cut_and_every_lying_length_ends_without_panic() {
        let lying = png(8, 8, b"\xff\xff\xff\xffpHYs\xff\xff");
        assert_eq!(read(&lying).unwrap().density, (96.0, 96.0));
        for whole in [jpeg(), lying, b"GIF89a\x20\0\x10\0\0\0\0,.;".to_vec()] {
            for end in 0..whole.len() {
                let _ = read(&whole[..end]);
            }
        }
    }
}
