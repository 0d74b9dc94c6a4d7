//! One HTML page that holds everything: the graph, its explanations, and the state after each step.

use crate::fold::{Folded, Folding, fold};
use crate::history::{History, Op};
use crate::names::Directory;
use crate::replay::{Replayed, Step, replay};
use crate::svg::{Drawing, Form, STYLE, class_of};
use crate::text::{count, short, xml};
use crate::words::{self, Call, named_bits};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use folkmoot_core::Engine;
use serde::Serialize;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Width of the graph on a phone, in CSS pixels.
const PHONE_WIDTH: usize = 384;

/// A history as one self-contained page: no network, no other file, and a policy that forbids both.
///
/// An op tells about itself when it is hovered, tapped or reached by the keyboard; a slider goes through the history
/// in the drawn order, and shows members and roles after each step; a field searches people and ops. It works from
/// `file://`, at the width of a phone, and without the script as a picture. The same history gives the same bytes.
pub fn html(history: &History, folding: Folding) -> String {
    let folded = fold(history, folding);
    let wide = Drawing::of(history, &folded, Form::Auto, "w").document(false);
    let narrow = Drawing::of(history, &folded, Form::Rows(PHONE_WIDTH), "n").document(false);
    let data = data(history, &folded);
    let script = format!("//<![CDATA[\n{SCRIPT}//]]>");
    let (title, style) = (xml(&history.title), format!("{PAGE}{STYLE}"));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(&style),
        hash(&script)
    );
    let sums = format!("{}, {} without effect", count(history.ops.len(), "op"), history.without_effect());
    format!(
        include_str!("html/page.html"),
        policy = policy,
        title = title,
        style = style,
        sums = xml(&sums),
        wide = wide,
        narrow = narrow,
        data = data,
        script = script,
    )
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// What the script knows.
#[derive(Serialize)]
struct Data<'a> {
    people: Vec<PersonData>,
    groups: Vec<String>,
    ops: Vec<OpData<'a>>,
    /// The ops of each node.
    nodes: Vec<&'a [usize]>,
    steps: Vec<Step>,
    bits: Vec<&'static str>,
}

#[derive(Serialize)]
struct PersonData {
    name: String,
    key: String,
}

#[derive(Serialize)]
struct OpData<'a> {
    id: String,
    who: &'a str,
    /// The person it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    whom: Option<&'a str>,
    deed: &'a str,
    kind: &'a str,
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    class: &'a str,
    verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    falls: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rests: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    giver: Option<usize>,
    depth: u32,
    nonce: u64,
    head: bool,
    fork: bool,
}

/// The data as JSON that can stand in a script element: nothing in it is markup.
fn data(history: &History, folded: &Folded) -> String {
    let Replayed { people, groups, steps } = replay(history);
    // Names as in the picture: of the whole history, and of the present state.
    let mut engine = Engine::new();
    let _ = engine.apply_batch(history.replay.iter().cloned());
    let ops: Vec<&folkmoot_core::VerifiedOp> = history.replay.iter().collect();
    let directory = Directory::of(&engine, &history.namespace, &history.names, &ops);
    let person =
        |key: &folkmoot_core::PublicKey| PersonData { name: directory.person(key), key: short(key.as_bytes()) };
    let data = Data {
        people: people.iter().map(person).collect(),
        groups: groups.iter().map(|group| directory.group(group)).collect(),
        ops: history.ops.iter().map(|op| op_data(history, op)).collect(),
        nodes: folded.nodes.iter().map(|node| node.ops.as_slice()).collect(),
        steps,
        bits: named_bits(u32::MAX).collect(),
    };
    let json = serde_json::to_string(&data).unwrap_or_default();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn op_data<'a>(history: &'a History, op: &'a Op) -> OpData<'a> {
    OpData {
        id: short(op.id.as_bytes()),
        who: history.signer_of(op),
        whom: op.subject.as_ref().map(|person| person.name.as_str()),
        deed: &op.deed,
        kind: op.kind,
        group: history.group_below(op),
        class: class_of(op),
        verdict: words::verdict(op.verdict),
        reason: op.reason().map(|reason| reason.to_string()),
        by: op.by,
        because: op.because.as_ref().map(|(_, words)| words.as_str()),
        falls: op.falls_with,
        rests: op.rests_on.as_ref().map(|(words, _)| words.as_str()),
        giver: op.rests_on.as_ref().and_then(|(_, giver)| *giver),
        depth: op.depth,
        nonce: op.nonce,
        head: op.is_head,
        fork: op.is_forked,
    }
}
