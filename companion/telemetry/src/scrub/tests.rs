//! What the rules take out and what they leave; then, with marked values in every form, that nothing marked is left.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn scrubber() -> Scrubber {
    Scrubber::new(Known {
        homes: vec!["/home/jdoe".to_owned(), r"C:\Users\jdoe".to_owned()],
        install: vec![
            "/opt/deskhand".to_owned(),
            r"C:\Program Files\Deskhand".to_owned(),
        ],
        names: vec![
            "jdoe".to_owned(),
            "build-host-7".to_owned(),
            "Project Falcon".to_owned(),
            "ab".to_owned(),
        ],
        words: ["otlpEndpoint", "http/json", "deskhand policy show"]
            .map(str::to_owned)
            .into(),
    })
}

#[test]
fn each_rule_takes_out_what_it_is_for() {
    let cases = [
        (
            "cannot open /home/jdoe/Merger plans/a.xlsx",
            "cannot open <home>/<path>",
        ),
        (r"cannot open C:\Users\jdoe\a b.xlsx", "cannot open <home>/<path>"),
        (
            r"cannot open C:\Users\somebody\a b.xlsx",
            "cannot open <home>/<path>",
        ),
        (r"cannot open \\server\share\a b.xlsx", "cannot open <path>"),
        ("cannot open ~/a", "cannot open <home>/<path>"),
        ("cannot open /srv/data/a b", "cannot open <path>"),
        (
            "GET https://user:pw@example.com/v1/models?key=abc#top failed",
            "GET https://example.com/… failed",
        ),
        (
            "GET https://192.0.2.7:8080/x failed",
            "GET https://<address>/… failed",
        ),
        ("connect to 192.0.2.7:443", "connect to <address>:443"),
        ("connect to [2001:db8::1]:443", "connect to <address>:443"),
        ("Authorization: Bearer abc def", "Authorization: <redacted>"),
        ("api_key=abc", "api_key=<redacted>"),
        (
            r#"{"password": "hunter2", "a": 1}"#,
            r#"{"8 characters": <redacted>"#,
        ),
        ("used sk-live-abcdefgh12345 here", "used <redacted> here"),
        ("used Bearer abc here", "used <redacted> here"),
        ("used AKIAIOSFODNN7EXAMPLE here", "used <redacted> here"),
        ("used eyJhbGciOi.eyJzdWIi.c2ln here", "used <redacted> here"),
        ("-----BEGIN PRIVATE KEY----- MIIE", "<redacted>"),
        ("hash 0123456789abcdef0123456789abcdef", "hash <redacted>"),
        (
            "no field `salary of Jane` in it",
            "no field `14 characters` in it",
        ),
        ("Budget-2026.xlsx is locked", "<file> is locked"),
        ("jane.doe@example.com wrote", "<email> wrote"),
        (
            "on BUILD-HOST-7 for JDoe in project falcon",
            "on <redacted> for <redacted> in <redacted>",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(scrubber().text(text), expected, "{text}");
    }
}

#[test]
fn words_of_ours_stay_in_quotation_marks_and_no_others() {
    for (text, expected) in [
        (
            "`otlpEndpoint` is \"http/json\": see `deskhand policy show`",
            "`otlpEndpoint` is \"http/json\": see `deskhand policy show`",
        ),
        ("`otlpEndpoint2`", "`13 characters`"),
        ("`deskhand policy show Falcon plans`", "`33 characters`"),
    ] {
        assert_eq!(scrubber().text(text), expected, "{text}");
    }
}

#[test]
fn a_quotation_without_its_end_leaves_no_letter_of_it() {
    for (text, expected) in [
        ("no \"salary of Jane", "no \"14 characters"),
        ("no `salary of Jane", "no `14 characters"),
        ("no “salary of Jane", "no “14 characters"),
        ("no 'salary of Jane", "no '14 characters"),
        ("no „salary of Jane”", "no „14 characters”"),
        ("no \"", "no \"0 characters"),
    ] {
        assert_eq!(scrubber().text(text), expected, "{text}");
    }
}

#[test]
fn plain_sentences_stay_as_they_are() {
    for text in [
        "the audit chain could not be written: disk full (os error 28)",
        "session 0190c1c6-0f4b-7c3e-8f6e-1f2d3c4b5a69 ended after 1,200 ms",
        "called `Option::unwrap()` on a `None` value",
        "index out of bounds: the len is 3 but the index is 7",
        "12 of 40 requests were retried, about 3/4 of them twice; it's fine",
    ] {
        assert_eq!(scrubber().text(text), text);
    }
}

#[test]
fn frames_are_relative_to_the_app() {
    for (file, expected) in [
        ("/opt/deskhand/src/turn.rs", "src/turn.rs"),
        (r"C:\Program Files\Deskhand\src\turn.rs", "src/turn.rs"),
        ("companion/core/src/turn.rs", "companion/core/src/turn.rs"),
        ("/home/jdoe/.cargo/registry/serde/src/de.rs", "de.rs"),
        ("../../jdoe/x.rs", "x.rs"),
    ] {
        assert_eq!(scrubber().frame(file), expected);
    }
}

#[test]
fn what_was_taken_out_is_counted_by_rule() {
    let (_, counts) = scrubber().counted("Bearer abc at 192.0.2.7\n/srv/a");
    assert_eq!(
        counts,
        Counts {
            secrets: 1,
            hosts: 1,
            paths: 1,
            ..Counts::default()
        }
    );
}

#[test]
fn a_long_text_is_looked_at_up_to_the_limit_and_says_how_much_is_left_out() {
    let long = "é".repeat(LOOKED_AT);
    let (text, counts) = scrubber().counted(&long);
    let kept = text.strip_suffix(&format!(" <{LOOKED_AT} more bytes>"));
    assert_eq!(kept.map(str::len), Some(LOOKED_AT), "what is left out is said");
    assert_eq!(
        (counts.cut, counts.to_string().as_str()),
        (1, "1 end of a long line")
    );
}

#[test]
fn a_bare_address_has_no_query_no_fragment_and_no_password() {
    assert_eq!(
        bare("https://user:pw@example.com/a/b?c=d#e"),
        "https://example.com/a/b"
    );
    assert_eq!(bare("/a?b"), "/a");
}

const MARK: &str = "ZQXMARK";

/// A value that holds the mark, in a form in which such values stand in messages.
fn marked() -> impl Strategy<Value = String> {
    let word = "[a-zA-Z0-9]{0,12}";
    let tail = "[a-zA-Z0-9_-]{8,24}";
    prop_oneof![
        (word, word).prop_map(|(a, b)| format!("/home/{a}/{MARK}/{b} and more.xlsx")),
        (word, word).prop_map(|(a, b)| format!(r"C:\Users\{a}\{MARK} {b}\file")),
        word.prop_map(|a| format!(r"\\server\{a}\{MARK}")),
        (word, word).prop_map(|(a, b)| format!("https://example.com/{a}?q={MARK}{b}&x=1")),
        word.prop_map(|a| format!("https://{MARK}:{a}@example.com/")),
        word.prop_map(|a| format!("https://example.com/a#{MARK}{a}")),
        tail.prop_map(|a| format!("sk-{MARK}{a}")),
        tail.prop_map(|a| format!("ghp_{MARK}{a}")),
        tail.prop_map(|a| format!("Bearer {MARK}{a}")),
        tail.prop_map(|a| format!("x-api-key: {MARK} {a}")),
        tail.prop_map(|a| format!("password={MARK} {a}")),
        tail.prop_map(|a| format!("eyJ{a}.{MARK}{a}.{a}")),
        "[^\"\\\\]{0,20}".prop_map(|a| format!("\"{a}{MARK}\"")),
        "[^`]{0,20}".prop_map(|a| format!("`{a}{MARK}`")),
        word.prop_map(|a| format!("{MARK}{a}.xlsx")),
        word.prop_map(|a| format!("{MARK}{a}@example.com")),
        word.prop_map(|a| format!("(named {MARK}{a})")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_that_is_marked_is_left(before in "[a-z ]{0,20}", value in marked(), after in "[a-z .]{0,20}") {
        let scrubber = Scrubber::new(Known { names: vec![MARK.to_owned()], ..Known::default() });
        let without_name = Scrubber::new(Known::default());
        let text = format!("{before} {value} {after}");
        prop_assert!(!scrubber.text(&text).contains(MARK), "{}", scrubber.text(&text));
        // The rules do not lean on the list of names, but for names.
        if !value.contains("named") && !value.contains('\n') {
            prop_assert!(!without_name.text(&text).contains(MARK), "{}", without_name.text(&text));
        }
    }

    #[test]
    fn no_text_makes_it_panic_or_grow_without_bound(text in any::<String>()) {
        prop_assert!(scrubber().text(&text).len() <= text.len() * 8 + 64);
    }
}
