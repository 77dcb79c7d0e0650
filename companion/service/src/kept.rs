//! Secrets that a user gives: each lies in the secret store, with the addresses that it was given for.

use std::collections::BTreeMap;

use deskhand_platform::{Secret, SecretError, SecretStore};
use deskhand_policy::secrets::{KeptSecret, KeptSecrets, SecretPlace, reference, referred, wanted};
use deskhand_policy::types::MASK;
use deskhand_policy::{Definition, Effect, Encoding, Reading};
use serde_json::Value;

/// Secrets of a user that are read.
const CAP: usize = 500;
/// Secrets that one value may have; they and those of the keys that are secret themselves are read.
const VALUE_CAP: usize = 400;
/// Bytes that the name of one may have, for stores that limit it.
const NAME_CAP: usize = 512;

/// An entry of the store with its new secret; none where there is to be none.
pub(crate) type SecretEdit = (String, Option<KeptSecret>);

/// The secrets that a user's file and keys have in the store.
pub(crate) fn read(store: &SecretStore, user: &Reading) -> Result<KeptSecrets, SecretError> {
    let mut kept = BTreeMap::new();
    for name in wanted(user, CAP) {
        if let Some(secret) = store.read(&name)? {
            kept.insert(name, KeptSecret::read(secret.expose()));
        }
    }
    Ok(KeptSecrets(kept))
}

/// Writes them one by one; where one fails, those before it are written. Nothing is written where one is too long for the store.
pub(crate) fn write(store: &SecretStore, edits: &[SecretEdit]) -> Result<(), SecretError> {
    let kept = |secret: &KeptSecret| Secret::new(secret.to_bytes());
    for (name, secret) in edits {
        secret
            .as_ref()
            .map_or(Ok(()), |secret| store.has_room(name, &kept(secret)))?;
    }
    for (name, secret) in edits {
        match secret {
            Some(secret) => store.set(name, &kept(secret))?,
            None => store.delete(name)?,
        }
    }
    Ok(())
}

/// Whether a row is a secret that a user may keep: one that does something in this build.
pub(crate) fn is_kept(row: &Definition) -> bool {
    row.secret && matches!(row.effect, Effect::Enforced | Effect::ActsInPart(_))
}

/// A value as the user's file has it, with references in the place of its secrets, and those. Where a mask stands, the
/// secret of the value before stays, as long as it goes where it went.
pub(crate) fn split(
    row: &Definition,
    value: &Value,
    before: Option<&Value>,
) -> Result<(Value, Vec<SecretEdit>), String> {
    (row.check)(&row.with_stand_ins(value), Encoding::Json).map_err(|reason| reason.to_string())?;
    let mut had: Vec<(SecretPlace, Value)> = Vec::new();
    if let Some(before) = before {
        row.each_secret(&mut before.clone(), &mut |place, secret| {
            had.push((place.clone(), secret.clone()));
        });
    }
    let (mut value, mut edits, mut wrong) = (value.clone(), Vec::new(), None);
    let mut count = 0;
    row.each_secret(&mut value, &mut |place, secret| {
        count += 1;
        if *secret == MASK {
            match earlier(&had, place) {
                Ok(before) => *secret = before,
                Err(reason) => {
                    wrong.get_or_insert(reason);
                    return;
                }
            }
        }
        if place.name.len() > NAME_CAP {
            wrong.get_or_insert_with(|| {
                format!("a name in front of a secret is longer than {NAME_CAP} bytes")
            });
        } else if referred(secret).is_none() {
            let given = std::mem::replace(secret, reference(&place.name));
            edits.push((
                place.name.clone(),
                Some(KeptSecret::new(given, place.goes_to.clone())),
            ));
        }
    });
    if count > VALUE_CAP {
        return Err(format!("more than {VALUE_CAP} secrets"));
    }
    wrong.map_or(Ok((value, edits)), Err)
}

/// The secret that a mask stands for, or the reference to it. Names of headers may have been written in other letters.
fn earlier(had: &[(SecretPlace, Value)], place: &SecretPlace) -> Result<Value, String> {
    let exact = had.iter().find(|(before, _)| before.name == place.name);
    let found = exact.or_else(|| {
        let mut alike = had.iter();
        alike.find(|(before, _)| before.name.eq_ignore_ascii_case(&place.name))
    });
    let name = &place.name;
    match found {
        None => Err(format!(
            "a mask stands for the secret `{name}`, and there is none: give the secret itself"
        )),
        Some((before, _)) if before.goes_to != place.goes_to => Err(format!(
            "the secret `{name}` was given for another address or program: give it again"
        )),
        Some((_, secret)) => Ok(secret.clone()),
    }
}

/// The entries of the store that nothing refers to any more once `after` is the user's file.
pub(crate) fn left_behind(before: &Reading, after: &Reading) -> Vec<SecretEdit> {
    let after = wanted(after, usize::MAX);
    let before = wanted(before, CAP).into_iter();
    let gone = before.filter(|name| !after.contains(name));
    gone.map(|name| (name, None)).collect()
}
