//! Pictures of a history: who did what, what became of it, and why.
//!
//! A [`History`] is taken from an engine and the ops it was given; [`svg`], [`html`], [`dot`] and [`mermaid`] draw it,
//! and a [`Tree`] shows the groups, members and contexts there are now. [`scenarios`] holds a small story for each rule
//! by which ops conflict.
//!
//! ```
//! use folkmoot_pictures::{Folding, Form, History, Names, scenarios, svg};
//!
//! let play = scenarios::find("duel").expect("a story of that name").play()?;
//! let engine = play.engine();
//! let history = History::of(&engine, &play.namespace, &play.ops, &play.names, None);
//! assert!(svg(&history, Form::Auto, Folding::Auto).starts_with("<svg "));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here does I/O or asks for the time, and the same ops give the same bytes, whatever the order in which they
//! came. Names are hostile input: they are shown on one line, escaped for the format, cut where they do not fit. Every
//! bound is in [`limits`].

pub mod limits;
mod text;
mod words;
mod names;
mod order;
mod history;
mod fold;
mod layout;
mod route;
mod svg;
mod dot;
mod mermaid;
mod replay;
mod html;
mod tree;
pub mod scenarios;

pub use dot::dot;
pub use fold::Folding;
pub use history::{Aside, Group, History, Op, Person};
pub use html::html;
pub use mermaid::mermaid;
pub use names::Names;
pub use svg::{Form, svg};
pub use tree::{Tree, TreeContext, TreeGroup, TreeMember, TreeStyle};
pub use words::{falls_with, named_bits, policy, rejection, verdict, void};
