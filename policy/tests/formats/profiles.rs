//! The recommended profiles.

use deskhand_policy::check::{Severity, check, diff, text};
use deskhand_policy::format::{Profile, read};
use deskhand_policy::{Direction, Format, RECOMMENDED, Recommended, export};

fn deployed(profile: &Recommended, format: Format) -> Profile {
    let bytes = export(format, &profile.settings(), profile.title).unwrap();
    read(&bytes, "managed-settings.json").unwrap()
}

#[test]
fn every_value_of_a_recommended_profile_is_taken() {
    for profile in RECOMMENDED {
        let settings = profile.settings();
        for key in profile.keys() {
            assert!(settings.get(&key).is_some(), "{}: {key}", profile.name);
        }
        assert_eq!(settings.len(), profile.keys().len());
    }
}

#[test]
fn a_recommended_profile_has_no_fault_in_any_form() {
    for profile in RECOMMENDED {
        for format in [Format::Mobileconfig, Format::Reg, Format::Json] {
            let findings = check(&deployed(&profile, format));
            let faults = findings
                .iter()
                .filter(|finding| finding.severity > Severity::Note);
            assert_eq!(faults.count(), 0, "{}: {}", profile.name, text(&findings));
        }
    }
}

#[test]
fn each_recommended_profile_is_tighter_than_the_one_before() {
    for pair in RECOMMENDED.windows(2) {
        let changes = diff(
            &deployed(&pair[0], Format::Json),
            &deployed(&pair[1], Format::Json),
        );
        assert!(
            changes
                .iter()
                .any(|change| change.direction == Direction::Tightens)
        );
        let looser: Vec<_> = changes
            .iter()
            .filter(|change| change.direction == Direction::Loosens)
            .collect();
        assert!(
            looser.is_empty(),
            "{} to {}: {looser:?}",
            pair[0].name,
            pair[1].name
        );
    }
}

#[test]
fn every_form_of_a_profile_says_the_same() {
    for profile in RECOMMENDED {
        let json = deployed(&profile, Format::Json);
        for format in [Format::Mobileconfig, Format::Reg] {
            assert_eq!(
                diff(&json, &deployed(&profile, format)),
                [],
                "{} {format:?}",
                profile.name
            );
        }
    }
}
