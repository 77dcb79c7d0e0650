//! Taking an earlier change back while later ones stay: the bytes alone do not say whether what stays rests on what goes.

use deskhand_opc::{Draft, PatchSet, figures};
use deskhand_operations::{Refusal, RefusalCode};

use crate::deck::Deck;
use crate::lint;
use crate::refuse;

impl Deck {
    /// The patches that take a change back by its way back (in the coordinates of this deck).
    ///
    /// Refused with `Changed` where a later change rests on this one: the deck could not be read, or its lint would have a
    /// finding that was not there before.
    pub fn take_back(&self, back: &PatchSet) -> Result<PatchSet, Refusal> {
        let mut draft = Draft::new(&self.package);
        draft.take(back.clone()).map_err(|error| refuse::patch(&error))?;
        figures::settle(&mut draft, &self.presentation).map_err(|error| refuse::patch(&error))?;
        let changed = draft.package().clone();
        let patches = draft.finish();
        let found = match Self::open(changed.clone()) {
            Ok(_) => lint::new_finding(self, &changed, &patches, || Ok(Vec::new()))?
                .map(|finding| finding.sentence),
            Err(refusal) => Some(refusal.clause().to_owned()),
        };
        match found {
            Some(why) => Err(Refusal::new(
                RefusalCode::Changed,
                format!("A later change rests on this one: {why}."),
            )),
            None => Ok(patches),
        }
    }
}
