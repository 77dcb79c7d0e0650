//! A formula as seen from its cell: two cells that compute alike have the same relative form, wherever they stand.

use std::fmt::Write as _;

use deskhand_operations::Area;

use crate::token::{Kind, tokens};

/// The formula with its references relative to a cell, in R1C1 notation (ECMA-376 part 1, 18.17.2.3); functions and names
/// in capitals, no spaces. For comparing, not for writing into files.
pub fn relative(formula: &str, row: u32, column: u32) -> String {
    let mut form = String::with_capacity(formula.len() + 16);
    // A space between operands is the intersection operator; any other one means nothing.
    let (mut ends_operand, mut space) = (false, false);
    for token in tokens(formula) {
        if token.kind == Kind::Space {
            space = true;
            continue;
        }
        let starts_operand = !matches!(token.kind, Kind::Operator | Kind::Close | Kind::Separator);
        if space && ends_operand && starts_operand {
            form.push(' ');
        }
        space = false;
        ends_operand = matches!(
            token.kind,
            Kind::Reference | Kind::Name | Kind::Structured | Kind::Close
        );
        match token.kind {
            Kind::Reference => reference(&mut form, token.text, row, column),
            Kind::Text => form.push_str(token.text),
            _ => form.extend(
                token
                    .text
                    .chars()
                    .filter(|c| !c.is_whitespace())
                    .flat_map(char::to_uppercase),
            ),
        }
    }
    form
}

/// One reference, `B2`, `$B2:C$9`, `A:C` or `3:5`.
fn reference(form: &mut String, text: &str, row: u32, column: u32) {
    for (index, corner) in text.split(':').enumerate() {
        if index > 0 {
            form.push(':');
        }
        let (letters, digits) = parts(corner);
        // A whole row or column has one of the two; the other is not there to be parsed.
        let area = match (letters.is_empty(), digits.is_empty()) {
            (false, false) => Area::parse(corner),
            (false, true) => Area::parse(&format!("{corner}1")),
            (true, _) => Area::parse(&format!("A{corner}")),
        };
        let Ok(area) = area else {
            form.push_str(corner);
            continue;
        };
        if !digits.is_empty() {
            part(form, 'R', digits.starts_with('$'), area.top, row);
        }
        if !letters.is_empty() {
            part(form, 'C', letters.starts_with('$'), area.left, column);
        }
    }
}

/// Column and row of a corner, each with its `$`.
fn parts(corner: &str) -> (&str, &str) {
    let letters = corner
        .bytes()
        .take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'$');
    let end = letters.count();
    let held = &corner[..end];
    // `$3`: the mark belongs to the row. `B$3`: likewise.
    let split = if held.ends_with('$') { end - 1 } else { end };
    corner.split_at(split)
}

fn part(form: &mut String, axis: char, absolute: bool, at: u32, from: u32) {
    let _ = if absolute {
        write!(form, "{axis}{}", at + 1)
    } else {
        write!(form, "{axis}[{}]", i64::from(at) - i64::from(from))
    };
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn cells_that_compute_alike_have_one_form() {
        let at = |formula: &str, row: u32, column: u32| relative(formula, row, column);
        assert_eq!(at("A2*B2", 1, 2), at("a3 * b3", 2, 2));
        assert_eq!(at("SUM(B$2:B9)", 9, 1), at("SUM(C$2:C9)", 9, 2));
        assert_eq!(at("$A2+3:3+D:D", 1, 4), "R[0]C1+R[1]:R[1]+C[-1]:C[-1]");
        assert_eq!(at("$A$1:B$2", 0, 0), "R1C1:R2C[1]");
        assert_eq!(
            at("SUM(A1:B2 B1:C2)", 0, 0),
            "SUM(R[0]C[0]:R[1]C[1] R[0]C[1]:R[1]C[2])"
        );
    }

    #[test]
    fn cells_that_compute_differently_have_different_forms() {
        assert_ne!(relative("A2*B2", 1, 2), relative("A2*B2", 2, 2));
        assert_ne!(relative("A2*B2", 1, 2), relative("$A2*B2", 1, 2));
        assert_ne!(relative("Jan!A1", 0, 0), relative("Feb!A1", 0, 0));
        assert_ne!(relative("\"a b\"", 0, 0), relative("\"ab\"", 0, 0));
    }
}
