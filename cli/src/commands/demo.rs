//! `folkmoot demo`: the story of a group that is cut off and betrayed, and a small one for each rule.

use crate::failure::{Exit, Failure, Trouble};
use crate::output::{Answered, Silent, Table, Told, answer, bold, dim};
use folkmoot_core::{Engine, OpId};
use folkmoot_pictures::scenarios::{self, Scenario};
use folkmoot_pictures::{History, verdict};
use serde::Serialize;
use std::io::{self, Write};

/// How wide a story is told.
const WIDTH: usize = 96;

/// Three replicas of one group, cut off from each other, one of them betrayed: watch them come to one answer. With a rule,
/// a small story of it.
///
/// The same every time: no randomness, no clock, no network. Exits with 1 if the replicas do not agree, or a rule does
/// not hold.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// The rule; which there are: --rules.
    pub(crate) rule: Option<String>,
    /// Lists the rules of which there is a story.
    #[arg(long, conflicts_with = "rule")]
    pub(crate) rules: bool,
}

impl DemoArgs {
    /// Whether it is the long story, which is told and nothing else.
    pub(crate) const fn is_long(&self) -> bool {
        self.rule.is_none() && !self.rules
    }
}

#[derive(Debug, Serialize)]
struct Listed {
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
struct Rule {
    name: &'static str,
    title: &'static str,
    section: &'static str,
}

impl Rule {
    const fn of(scenario: &Scenario) -> Self {
        Self { name: scenario.name, title: scenario.title, section: scenario.section }
    }
}

impl Told for Listed {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::default();
        for rule in &self.rules {
            table.row([bold(rule.name), rule.title.to_owned()]);
        }
        table.write("", out)
    }
}

#[derive(Debug, Serialize)]
struct Story {
    #[serde(flatten)]
    rule: Rule,
    story: &'static str,
    ops: Vec<Deed>,
}

#[derive(Debug, Serialize)]
struct Deed {
    op: OpId,
    /// Who did what.
    deed: String,
    /// What became of it, in words.
    verdict: String,
    /// The reason, as the protocol has it, if it has no effect.
    reason: Option<String>,
    /// What struck it.
    because: Option<String>,
}

impl Told for Story {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} {}\n", bold(self.rule.title), dim(&format!("(SPEC {})", self.rule.section)))?;
        for line in lines(self.story) {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
        for deed in &self.ops {
            writeln!(out, "  {}", deed.deed)?;
            let reason = deed.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let because = deed.because.as_ref().map(|because| format!("; because {because}")).unwrap_or_default();
            writeln!(out, "      {}", dim(&format!("{}{reason}{because}", deed.verdict)))?;
        }
        Ok(())
    }
}

/// Tells the long story, or that of a rule, or lists the rules.
pub(crate) fn run(args: &DemoArgs, mut out: &mut dyn Write) -> Answered {
    if args.rules {
        return answer(Listed { rules: scenarios::all().map(Rule::of).collect() });
    }
    match &args.rule {
        Some(rule) => told(rule),
        None => {
            crate::demo::demo(&mut out)?;
            answer(Silent {})
        }
    }
}

fn told(rule: &str) -> Answered {
    let Some(scenario) = scenarios::find(rule) else {
        return Err(Trouble::new("unknown_name", Exit::Name, format!("there is no story of a rule {rule:?}"))
            .next("which there are:  folkmoot demo --rules")
            .into());
    };
    let play = scenario.play().map_err(wrong)?;
    play.check().map_err(wrong)?;
    let engine: Engine = play.engine();
    let history = History::of(&engine, &play.namespace, &play.ops, &play.names, None);
    let held = history.ops.iter().map(|op| Deed {
        op: op.id,
        deed: format!("{} {}", history.people.get(op.signer).map_or("", |person| &person.name), op.deed),
        verdict: verdict(op.verdict),
        reason: op.reason().map(|reason| reason.to_string()),
        because: op.because.as_ref().map(|(_, words)| words.clone()),
    });
    let aside = history.aside.iter().map(|aside| Deed {
        op: aside.id,
        deed: aside.deed.clone(),
        verdict: format!("no place in the graph: {}", aside.status),
        reason: None,
        because: None,
    });
    let ops = held.chain(aside).collect();
    answer(Story { rule: Rule::of(scenario), story: scenario.story, ops })
}

fn wrong(error: scenarios::PlayError) -> Failure {
    Failure::Demo(error.to_string())
}

/// A paragraph in lines.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() {
                line.push_str(word);
            } else if line.chars().count() + 1 + word.chars().count() <= WIDTH {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}
