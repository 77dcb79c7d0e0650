//! What a package keeps of its parts in memory.

use super::*;
use crate::draft::Draft;

#[test]
fn inflated_parts_are_kept_up_to_a_cap() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/workbooks/ironcalc__example.xlsx"
    );
    let package = Package::open(std::fs::read(path).unwrap(), &Limits::default()).unwrap();
    let mut draft = Draft::new(&package);
    let content = vec![b' '; KEPT as usize];
    for number in 0..70 {
        let part = format!("xl/media/{number}.bin");
        draft
            .add_part(&part, content.clone(), "application/octet-stream")
            .unwrap();
    }
    let written = draft.package().write().unwrap();
    assert!(written.len() < 1 << 20, "it swells");
    let package = Package::open(written, &Limits::default()).unwrap();
    let parts: Vec<String> = package.parts().map(str::to_owned).collect();
    for part in &parts {
        assert!(!package.part(part).unwrap().is_empty());
    }
    let kept = parts.iter().filter_map(|part| package.entry(part));
    let kept: u64 = kept
        .filter(|entry| entry.plain.get().is_some())
        .map(|entry| entry.content.size())
        .sum();
    assert!(kept > KEPT_ALL / 2 && kept <= KEPT_ALL + 2 * KEPT, "{kept}");
    assert_eq!(package.part(&parts[parts.len() - 1]).unwrap().len() as u64, KEPT);
}
