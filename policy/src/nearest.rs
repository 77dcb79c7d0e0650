//! The name that somebody probably meant.

/// Letters that may differ.
const DISTANCE: usize = 4;

/// The nearest of `names`, if it is near at all. Case does not count.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if wanted.len() > 100 {
        return None;
    }
    let wanted = wanted.to_lowercase();
    names
        .map(|name| (distance(&wanted, &name.to_lowercase()), name))
        .min()
        .filter(|(distance, _)| *distance <= DISTANCE)
        .map(|(_, name)| name)
}

/// Letters to insert, remove or replace (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, candidate) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *candidate);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_name_that_was_probably_meant() {
        let names = ["inferenceModels", "inferenceProvider", "deskhandEnabled"];
        let cases = [
            ("inferenceModel", Some("inferenceModels")),
            ("INFERENCEPROVIDER", Some("inferenceProvider")),
            ("deskhandEnalbed", Some("deskhandEnabled")),
            ("proxy", None),
            ("", None),
        ];
        for (wanted, expected) in cases {
            assert_eq!(nearest(wanted, names.into_iter()), expected, "{wanted}");
        }
    }
}
