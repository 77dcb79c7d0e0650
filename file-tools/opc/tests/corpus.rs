//! The package on real files: nothing lost, undo exact. Also on the files of `DESKHAND_CORPUS`, where that is set.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failing helper fails its test"
)]

use std::path::{Path, PathBuf};

use deskhand_opc::{Blob, Draft, Limits, Package, PatchSet, Target};

/// The committed workbooks and, where there is one, the larger corpus.
fn files() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("DESKHAND_CORPUS")
        .map_or_else(|| here.join("../../../shared/corpus"), PathBuf::from);
    let folders = [
        here.join("../fixtures/workbooks"),
        here.join("../fixtures/decks"),
        corpus,
    ];
    let entries = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| is_package(path))
        .collect();
    files.sort();
    assert!(files.len() >= 8, "the committed fixtures are there");
    println!("{} files", files.len());
    files
}

fn is_package(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["xlsx", "xlsm", "pptx", "pptm", "docx", "docm"].contains(&extension))
}

fn opened(path: &Path) -> (Vec<u8>, Package) {
    let bytes = std::fs::read(path).unwrap();
    let package = Package::open(bytes.clone(), &Limits::default())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (bytes, package)
}

/// A set that edits the main part, adds a part with a relationship, and removes a part.
fn changes(package: &Package) -> PatchSet {
    let mut draft = Draft::new(package);
    let main = package.main_part().unwrap();
    let content = package.part(&main).unwrap();
    let end = content.len();
    draft
        .edit(&main, [(end..end, Blob::from("<!-- a comment -->"))])
        .unwrap();
    draft
        .add_part("custom/part.xml", "<a/>", "application/xml")
        .unwrap();
    let target = Target::Part("custom/part.xml".to_owned());
    draft
        .add_relationship(&main, "urn:test/relationships/part", &target)
        .unwrap();
    let doomed = package.related("", "extended-properties").unwrap();
    for part in &doomed {
        draft.remove_part(part).unwrap();
        let relationship = package
            .relationships("")
            .unwrap()
            .into_iter()
            .find(|r| r.is("extended-properties"))
            .unwrap();
        draft.remove_relationship("", &relationship.id).unwrap();
    }
    draft.finish()
}

#[test]
fn an_unchanged_package_is_written_as_it_was_read() {
    for path in files() {
        let (bytes, package) = opened(&path);
        assert!(package.write().unwrap() == bytes, "{}", path.display());
    }
}

#[test]
fn every_part_can_be_read_and_every_xml_part_is_a_tree() {
    for path in files() {
        let (_, package) = opened(&path);
        let types = package.content_types().unwrap();
        for part in package.parts() {
            let content = package
                .part(part)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            if types.of(part).is_some_and(|kind| kind.ends_with("+xml")) {
                let tree = deskhand_opc::xml::Tree::parse(part, &content, package.limits());
                let tree = tree.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                for node in tree.root().descendants() {
                    assert!(content[node.span()].starts_with(b"<") && content[node.span()].ends_with(b">"));
                }
            }
        }
    }
}

#[test]
fn other_parts_keep_their_bytes_and_undo_gives_the_file_back() {
    for path in files() {
        let (bytes, mut package) = opened(&path);
        let before = package.clone();
        let set = changes(&package);
        package.apply(&set).unwrap();
        let saved = package.write().unwrap();
        assert!(saved != bytes);

        let mut reopened = Package::open(saved, &Limits::default()).unwrap();
        let touched: Vec<String> = set
            .patches
            .iter()
            .map(|patch| patch.part().to_lowercase())
            .collect();
        for part in before
            .parts()
            .filter(|part| !touched.contains(&part.to_lowercase()))
        {
            assert!(
                before.part(part).unwrap() == reopened.part(part).unwrap(),
                "{} {part}",
                path.display()
            );
        }
        let main = reopened.main_part().unwrap();
        assert_eq!(reopened.related(&main, "part").unwrap(), ["custom/part.xml"]);
        assert_eq!(
            reopened.content_types().unwrap().of("custom/part.xml"),
            Some("application/xml")
        );

        let journal = serde_json::to_string(&set.invert()).unwrap();
        let undo: PatchSet = serde_json::from_str(&journal).unwrap();
        reopened.apply(&undo).unwrap();
        assert!(reopened.write().unwrap() == bytes, "{} undone", path.display());
    }
}
