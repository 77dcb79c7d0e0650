//! Encryption containers that lie about their streams.

use super::*;

fn file(streams: &[(&str, usize)]) -> Vec<u8> {
    let nodes: Vec<_> = streams
        .iter()
        .map(|(name, size)| (Node::new(vec![(*name).to_owned()], true), vec![7u8; *size]))
        .collect();
    ole::write(&nodes)
}

#[test]
fn what_stands_beside_the_content_is_kept_up_to_a_cap() {
    let few = file(&[("EncryptionInfo", 40), ("EncryptedPackage", 40), ("Other", 5000)]);
    let kept = rest(&Compound::read(&few).unwrap()).unwrap();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].1 == vec![7u8; 5000]);

    let names: Vec<String> = (0..17).map(|number| format!("Stream {number}")).collect();
    let many: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 1 << 20)).collect();
    let many = file(&many);
    let error = rest(&Compound::read(&many).unwrap()).unwrap_err();
    assert!(matches!(error, PackageError::TooLarge(_)), "{error}");
}

#[test]
fn a_description_or_a_size_that_lies_is_refused() {
    let limits = Limits::default();
    let long = file(&[("EncryptionInfo", MAX_INFO + 1), ("EncryptedPackage", 40)]);
    let error = Encryption::open(&long, "x", &limits).unwrap_err();
    assert!(matches!(error, PackageError::TooLarge(_)), "{error}");

    let none = |_: &mut [u8]| Ok(());
    let sized = |size: u64, blocks: usize| [size.to_le_bytes().to_vec(), vec![1; blocks]].concat();
    assert_eq!(decrypted(sized(20, 32), none).unwrap(), [1; 20]);
    assert_eq!(
        decrypted(sized(20, 37), none).unwrap(),
        [1; 20],
        "more than needed"
    );
    for stream in [
        sized(33, 32),
        sized(20, 20),
        sized(u64::MAX, 32),
        sized(u64::MAX - 7, 32),
        vec![0; 7],
    ] {
        assert!(matches!(decrypted(stream, none), Err(PackageError::Damaged(_))));
    }
}
