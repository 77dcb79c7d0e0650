//! Text that others wrote, made fit for one line of a list or a terminal: it can move no cursor and turn no reading
//! direction.

/// True for characters that act instead of being read: controls, and the marks that turn or isolate directions.
pub fn acts(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// True for characters that a person does not see and a model reads: of no width, tags, variants.
pub fn hides(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{2060}'..='\u{2064}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The text on one line: each character that acts becomes a space, spaces at the ends go.
pub fn one_line(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|character| if acts(character) { ' ' } else { character })
        .collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn nothing_on_the_line_acts() {
        for (text, line) in [
            (" plain ", "plain"),
            ("a\nb\tc\r", "a b c"),
            ("\u{1b}[2Jx\u{9b}31m\u{7f}", "[2Jx 31m"),
            ("Q3 \u{202e}fdp.exe\u{2069}", "Q3  fdp.exe"),
            ("grüße שלום", "grüße שלום"),
        ] {
            assert_eq!(one_line(text), line);
        }
    }
}
