//! Text from outside, and how wide it is.
//!
//! Names come from whoever signed them. What could break a line, steer a terminal, hide or turn the reading direction
//! is written out as an escape; right-to-left names are isolated, so that they turn nothing but themselves.

use crate::limits::{MAX_NAME_CHARS, MAX_QUOTED_CHARS};
use unicode_width::UnicodeWidthChar;

/// Most marks above and below one letter.
const MAX_MARKS: usize = 2;

/// The beginning of an id: enough to tell ids apart by eye.
pub(crate) fn short(id: &[u8; 32]) -> String {
    id.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// A name on one line, without anything that could pretend to be something else.
pub(crate) fn name(text: &str) -> String {
    clean(text, MAX_NAME_CHARS)
}

/// A text in quotation marks, cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    format!("\u{201c}{}\u{201d}", clean(text, MAX_QUOTED_CHARS))
}

fn clean(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut marks = 0;
    for (at, c) in text.chars().enumerate() {
        if at == most {
            out.push('\u{2026}');
            break;
        }
        let is_mark = c.width() == Some(0) && !out.is_empty() && is_printable_after_a_letter(c);
        marks = if is_mark { marks + 1 } else { 0 };
        if matches!(c, '\'' | '"' | '\\') || (is_mark && marks <= MAX_MARKS) {
            out.push(c);
        } else if !is_mark {
            out.extend(c.escape_debug());
        }
    }
    if out.chars().any(is_right_to_left) { format!("\u{2068}{out}\u{2069}") } else { out }
}

/// Whether a mark may stand in text: `char::escape_debug` escapes all of them, as they might stand alone.
fn is_printable_after_a_letter(mark: char) -> bool {
    let pair: String = ['a', mark].iter().collect();
    pair.escape_debug().count() == 2
}

const fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// How wide a text is at most, in thousandths of the font's size. The widths are those of the widest of the usual
/// sans-serif fonts (DejaVu Sans, Verdana), so in others there is room left.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

fn char_width(c: char) -> usize {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 360,
        ' ' | '.' | ',' | ':' | ';' | '!' | 'I' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' => 460,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '\u{2026}' | '\u{2014}' => 1_080,
        'A'..='Z' | '<' | '>' | '=' | '+' | '#' | '&' | '~' | '^' | '_' => 850,
        '\u{201c}' | '\u{201d}' | '"' => 600,
        '\0'..='\u{7f}' => 660,
        _ => match c.width().unwrap_or(0) {
            0 => 0,
            1 => 950,
            _ => 1_300,
        },
    }
}

/// As much of a text as fits, in pixels at a font size, with an ellipsis where something is left out.
pub(crate) fn fit(text: &str, pixels: usize, size: usize) -> String {
    let room = pixels * 1_000 / size.max(1);
    if width(text) <= room {
        return text.into();
    }
    let mut used = char_width('\u{2026}');
    let mut out = String::new();
    for c in text.chars() {
        used += char_width(c);
        if used > room {
            break;
        }
        out.push(c);
    }
    format!("{}\u{2026}", out.trim_end())
}

/// A text in lines that fit, broken between words where there are any, with an ellipsis at the end of the last where
/// something is left out.
pub(crate) fn wrap(text: &str, pixels: usize, size: usize, most: usize) -> Vec<String> {
    let room = pixels * 1_000 / size.max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && lines.len() < most {
        if lines.len() + 1 == most || width(rest) <= room {
            lines.push(fit(rest, pixels, size));
            break;
        }
        let (line, others) = rest.split_at(break_at(rest, room));
        lines.push(line.trim_end().into());
        rest = others.trim_start();
    }
    lines
}

/// Where the first line ends: after the last word or `_` that fits, or within a word that does not.
fn break_at(text: &str, room: usize) -> usize {
    let (mut used, mut word_end) = (0, 0);
    for (at, c) in text.char_indices() {
        if c == ' ' && at > 0 {
            word_end = at;
        }
        used += char_width(c);
        if used > room {
            let here = if at == 0 { c.len_utf8() } else { at };
            return if word_end > 0 { word_end } else { here };
        }
        if c == '_' {
            word_end = at + 1;
        }
    }
    text.len()
}

/// Text for an element or an attribute of XML or HTML.
pub(crate) fn xml(text: &str) -> std::borrow::Cow<'_, str> {
    quick_xml::escape::escape(text)
}

/// A count with its noun: `1 op`, `2 ops`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_a_line_turn_the_direction_or_hide() {
        assert_eq!(name("a\nb\u{202e}c\u{200b}d\u{7}"), "a\\nb\\u{202e}c\\u{200b}d\\u{7}");
        assert_eq!(name("\u{fffe}\u{0}"), "\\u{fffe}\\0");
    }

    #[test]
    fn names_of_the_world_are_left_as_they_are() {
        for given in ["Zoë", "O'Brien \"Bo\"", "नमस्ते", "李小龍", "e\u{301}", "\u{1f352}"] {
            assert_eq!(name(given), given);
        }
        assert_eq!(name("שלום"), "\u{2068}שלום\u{2069}");
    }

    #[test]
    fn a_pile_of_marks_is_cut_and_a_long_name_ends_in_an_ellipsis() {
        assert_eq!(name(&format!("a{}", "\u{301}".repeat(50))), "a\u{301}\u{301}");
        let long = name(&"x".repeat(10_000));
        assert_eq!(long.chars().count(), MAX_NAME_CHARS + 1);
        assert!(long.ends_with('\u{2026}'));
    }

    #[test]
    fn what_is_cut_to_fit_fits_and_says_so() {
        for text in ["short", "a good deal longer than that", "mmmmmmmmmmmmmmmm", "李小龍李小龍李小龍"] {
            for pixels in [40, 80, 160] {
                let cut = fit(text, pixels, 12);
                assert!(width(&cut) * 12 <= pixels * 1_000, "{cut}");
                assert!(cut == text || cut.ends_with('\u{2026}'), "{cut}");
            }
        }
    }

    #[test]
    fn lines_are_broken_between_words_and_never_wider_than_their_room() {
        assert_eq!(wrap("names the group Kitchen", 80, 12, 3), ["names the", "group", "Kitchen"]);
        assert_eq!(wrap("CAN_CREATE_CONTEXT", 90, 12, 3), ["CAN_", "CREATE_", "CONTEXT"]);
        let cut = wrap("names the group Kitchen", 80, 12, 2);
        assert!(cut.len() == 2 && cut[1].starts_with("group") && cut[1].ends_with('\u{2026}'), "{cut:?}");
        for line in wrap(&"x".repeat(100), 70, 12, 4) {
            assert!(width(&line) * 12 <= 70_000);
        }
        assert!(wrap("", 100, 12, 2).is_empty());
    }
}
