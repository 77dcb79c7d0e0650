//! What is written is read; what is broken ends.

use super::{Compound, Node, cause, write};
use crate::error::PackageError;

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn stream(names: &[&str], size: usize) -> (Node, Vec<u8>) {
    let content = (0..size).map(|at| (at * 7 + size) as u8).collect();
    (Node::new(path(names), true), content)
}

fn storage(names: &[&str]) -> (Node, Vec<u8>) {
    (Node::new(path(names), false), Vec::new())
}

#[test]
fn what_is_written_is_read() {
    // Beyond 109 sectors of the table (about 7 MB) their list goes on in sectors of its own.
    for large in [0, 1, 63, 64, 65, 4095, 4096, 4097, 70_000, 7_200_000, 16_000_000] {
        let nodes = vec![
            storage(&["\u{6}DataSpaces"]),
            storage(&["Empty"]),
            stream(&["EncryptedPackage"], large),
            stream(&["a"], 100),
            stream(&["B"], 3000),
            storage(&["\u{6}DataSpaces", "Info"]),
            stream(&["\u{6}DataSpaces", "Version"], 76),
            stream(&["\u{6}DataSpaces", "Info", "\u{6}Primary"], 200),
        ];
        let file = write(&nodes);
        assert_eq!(file.len() % 512, 0);
        let read = Compound::read(&file).unwrap();
        assert_eq!(read.nodes().len(), nodes.len());
        for (node, content) in nodes.iter().filter(|(node, _)| node.is_stream) {
            let names: Vec<&str> = node.path.iter().map(String::as_str).collect();
            assert!(
                read.stream(&names) == Some(content.clone()),
                "{:?} of {large}",
                node.path
            );
        }
    }
}

#[test]
fn rights_managed_and_encrypted_are_told_apart() {
    let spaces = |space: &'static str| {
        vec![
            storage(&["\u{6}DataSpaces"]),
            stream(&["EncryptedPackage"], 5000),
            storage(&["\u{6}DataSpaces", "DataSpaceInfo"]),
            stream(&["\u{6}DataSpaces", "DataSpaceInfo", space], 64),
        ]
    };
    let rights = write(&spaces("DRMEncryptedDataSpace"));
    assert_eq!(cause(&rights), Some(PackageError::RightsManaged));
    let password = write(&spaces("StrongEncryptionDataSpace"));
    assert_eq!(cause(&password), Some(PackageError::Encrypted));
}

#[test]
fn what_is_embedded_in_an_old_document_does_not_make_it_encrypted() {
    let nodes = [
        (stream(&["WordDocument"], 0).0, vec![0; 5000]),
        storage(&["ObjectPool"]),
        stream(&["ObjectPool", "EncryptedPackage"], 100),
    ];
    let kind = crate::error::LegacyKind::Document;
    assert_eq!(cause(&write(&nodes)), Some(PackageError::Legacy(kind)));
}

#[test]
fn a_broken_file_ends() {
    let file = write(&[
        stream(&["EncryptionInfo"], 300),
        stream(&["EncryptedPackage"], 9000),
    ]);
    for at in 0..file.len() {
        for value in [0, 1, 0xFF] {
            let mut broken = file.clone();
            broken[at] = value;
            if let Some(read) = Compound::read(&broken) {
                let nodes = read.nodes().to_vec();
                for node in &nodes {
                    drop(read.content(node));
                }
            }
        }
        let _ = cause(&file[..at]);
    }
}
