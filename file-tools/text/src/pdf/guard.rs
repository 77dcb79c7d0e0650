//! What a PDF may unpack to, looked at before its reader sees it.

use std::io::Read;

use deskhand_operations::Refusal;
use flate2::read::ZlibDecoder;
use memchr::memmem;

use crate::refuse;

/// Size of the file, in bytes; of an encrypted one, whose streams cannot be looked at here, less.
const MAX_FILE: usize = 128 << 20;
const MAX_ENCRYPTED: usize = 32 << 20;
/// What one stream unpacks to, and all together, in bytes.
const MAX_STREAM: u64 = 256 << 20;
const MAX_TOTAL: u64 = 1 << 30;
/// How far before its stream a dictionary is looked for, in bytes.
const MAX_DICTIONARY: usize = 4_096;

/// Refuses what is no PDF, or would not fit into memory.
pub(super) fn check(data: &[u8]) -> Result<(), Refusal> {
    let head = &data[..data.len().min(1_024)];
    if data.is_empty() {
        return Err(refuse::corrupt("the file is empty"));
    }
    if memmem::find(head, b"%PDF-").is_none() {
        return Err(refuse::corrupt("the file is no PDF"));
    }
    let limit = if is_encrypted(data) {
        MAX_ENCRYPTED
    } else {
        MAX_FILE
    };
    if data.len() > limit {
        return Err(refuse::too_large(format!(
            "the PDF is larger than {} MB",
            limit >> 20
        )));
    }
    let mut total = 0;
    let mut from = 0;
    while let Some(at) = memmem::find(&data[from..], b"stream") {
        let keyword = from + at;
        from = keyword + b"stream".len();
        if data[..keyword].ends_with(b"end") {
            continue;
        }
        let before = &data[keyword.saturating_sub(MAX_DICTIONARY)..keyword];
        let dictionary = memmem::rfind(before, b"obj").map_or(before, |start| &before[start..]);
        if packings(dictionary) > 1 {
            return Err(refuse::unsupported(
                "the PDF packs a stream more than once, which no ordinary program does",
            ));
        }
        let skip = data[from..]
            .iter()
            .take(2)
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let (unpacked, consumed) = unpacked(&data[from + skip..]);
        total += unpacked;
        if unpacked > MAX_STREAM || total > MAX_TOTAL {
            return Err(refuse::too_large(format!(
                "the PDF unpacks to more than {} MB",
                MAX_TOTAL >> 20
            )));
        }
        from += skip + consumed;
    }
    Ok(())
}

/// How often a stream is packed by a method that can blow up.
fn packings(dictionary: &[u8]) -> usize {
    let count = |name: &[u8]| memmem::find_iter(dictionary, name).count();
    count(b"FlateDecode") + count(b"LZWDecode") + count(b"/Fl ") + count(b"/Fl]")
}

/// How many bytes a deflated stream unpacks to, and how many bytes of the file it takes; nothing for other streams.
fn unpacked(data: &[u8]) -> (u64, usize) {
    // The head of a zlib stream (RFC 1950, 2.2).
    let [first, second, ..] = data else { return (0, 0) };
    let is_zlib = first & 0x0f == 8 && (u16::from(*first) * 256 + u16::from(*second)).is_multiple_of(31);
    if !is_zlib {
        return (0, 0);
    }
    let mut decoder = ZlibDecoder::new(data);
    // A damaged end does not matter: what came before it counts.
    let _ = std::io::copy(&mut decoder.by_ref().take(MAX_STREAM + 1), &mut std::io::sink());
    (decoder.total_out(), decoder.total_in() as usize)
}

/// True where the file names an encryption dictionary in its trailer.
pub(super) fn is_encrypted(data: &[u8]) -> bool {
    memmem::find(data, b"/Encrypt").is_some_and(|at| {
        // Not a longer name, such as `/EncryptMetadata`.
        data.get(at + b"/Encrypt".len())
            .is_some_and(|next| !next.is_ascii_alphanumeric())
    }) || memmem::find(data, b"/Encrypt ").is_some()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use deskhand_operations::RefusalCode;

    use super::*;

    #[test]
    fn refuses_bombs_before_they_are_unpacked() {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![0; 1 << 20];
        for _ in 0..257 {
            packed.write_all(&zeros).unwrap();
        }
        let packed = packed.finish().unwrap();
        assert!(packed.len() < 1 << 20);
        let file = [
            b"%PDF-1.7\n1 0 obj <</Filter/FlateDecode>> stream\r\n",
            packed.as_slice(),
            b"\nendstream",
        ]
        .concat();
        assert_eq!(check(&file).unwrap_err().code, RefusalCode::TooLarge);
        let twice = b"%PDF-1.7\n1 0 obj <</Filter[/FlateDecode/FlateDecode]>> stream\nx\nendstream";
        assert_eq!(check(twice).unwrap_err().code, RefusalCode::Unsupported);
        assert_eq!(check(b"").unwrap_err().message, "The file is empty.");
        assert_eq!(check(b"PK\x03\x04").unwrap_err().message, "The file is no PDF.");
        assert!(is_encrypted(b"trailer <</Encrypt 5 0 R>>") && !is_encrypted(b"/EncryptMetadata true"));
    }
}
