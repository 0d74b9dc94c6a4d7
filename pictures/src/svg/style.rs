//! The colours, light and dark: Okabe and Ito's, which all kinds of colour vision tell apart, deepened where they stand
//! as text. Nothing is said by colour alone.

/// The style of a drawing, for a document of its own or a page.
pub(crate) const STYLE: &str = include_str!("style.css");
