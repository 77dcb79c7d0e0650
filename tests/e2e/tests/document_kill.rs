//! `kill -9` at system calls of `deskhand document apply` and `undo` (Invariant 6): a file is as it was before or as it
//! was meant to be, what leads back is never lost, and what another program wrote is never written over.
//!
//! `DESKHAND_KILL_SEED` and `DESKHAND_KILL_SETS` choose other points and more change sets.

#![cfg(target_os = "linux")]

#[path = "document_kill/chance.rs"]
mod chance;
#[path = "document_kill/kept.rs"]
mod kept;

use std::fs;
use std::sync::Mutex;

use chance::Chance;
use deskhand_e2e::Setup;
use kept::{Counts, Kept, Kind};

const SEED: u64 = 0xD0C5_A7E5;
const SETS: u64 = 500;
const LANES: u64 = 2;
/// Change sets that one file gets before all of them are taken back.
const EPISODE: u64 = 10;

fn given(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(otherwise)
}

#[test]
fn change_sets_killed_anywhere_are_there_whole_or_not_at_all_and_lead_back_to_the_byte() {
    let seed = given("DESKHAND_KILL_SEED", SEED);
    let episodes = given("DESKHAND_KILL_SETS", SETS).div_ceil(EPISODE);
    println!("seed {seed}");
    let counts = Mutex::new(Counts::default());
    std::thread::scope(|scope| {
        for lane in 0..LANES {
            let counts = &counts;
            scope.spawn(move || {
                let setup = Setup::empty();
                for episode in (lane..episodes).step_by(LANES as usize) {
                    let mut chance = Chance(seed.wrapping_add(episode << 32));
                    let counted = run(&setup, episode, &mut chance);
                    counts.lock().expect("the counts").add(&counted);
                }
            });
        }
    });
    let counts = counts.into_inner().expect("the counts");
    println!("{counts:?}");
    assert!(counts.sets + counts.never >= episodes * EPISODE, "{counts:?}");
    // Both sides of every kill were met, and both ways back.
    for met in [
        counts.killed_before,
        counts.killed_after,
        counts.back_in_order,
        counts.back_in_between,
    ] {
        assert!(met > episodes / 5, "{counts:?}");
    }
}

fn run(setup: &Setup, episode: u64, chance: &mut Chance) -> Counts {
    let kind = if episode % 3 == 2 {
        Kind::Deck
    } else {
        Kind::Workbook
    };
    let ordered = episode.is_multiple_of(2);
    let mut kept = Kept::new(setup, kind, episode);
    for _ in 0..EPISODE {
        let operations = kept.operations(chance, ordered);
        kept.apply(chance, &operations);
        if !ordered && chance.below(3) == 0 {
            kept.undo_any(chance);
        }
    }
    if ordered {
        kept.undo_in_order(chance);
    } else {
        kept.reads_as_it_should();
        if chance.below(4) == 0 {
            kept.others_write(chance);
            return kept.counts;
        }
        kept.undo_all(chance);
    }
    assert!(
        fs::read(&kept.file).expect("the file") == kept.first,
        "the first bytes are not back: {kept:?}"
    );
    kept.leaves_nothing_behind();
    kept.counts
}

#[test]
fn what_leads_back_is_as_large_as_the_change_and_not_as_the_file() {
    let setup = Setup::empty();
    let mut kept = Kept::large(&setup);
    let journal = || {
        let folder = fs::read_dir(setup.path().join("data/documents")).expect("the journal");
        folder
            .map(|entry| entry.expect("an entry").metadata().expect("its size").len())
            .sum::<u64>()
    };
    let chance = &mut Chance(7);
    kept.apply_whole(&[kept::write("B2", "first")]);
    let (before, sets) = (journal(), 8);
    for number in 0..sets {
        kept.apply_whole(&[kept::write(&format!("C{}", number + 2), number)]);
    }
    let grown = journal().saturating_sub(before);
    println!(
        "{} bytes of file, {grown} bytes of journal for {sets} changes",
        kept.first.len()
    );
    // The deflate block around a cell belongs to what leads back to the byte: at most 40 KB of the usual 32,768 symbols.
    assert!(grown < sets * 48 * 1024, "{grown} bytes for {sets} changes");
    assert!(
        grown < kept.first.len() as u64,
        "{grown} bytes beside a file of {}",
        kept.first.len()
    );
    kept.undo_in_order(chance);
    assert!(
        fs::read(&kept.file).expect("the file") == kept.first,
        "the first bytes are not back"
    );
}
