//! Histories to draw, and ways to look at what was drawn.

use folkmoot_core::{Engine, GroupId, GroupOp, NamespaceId, OpId, PublicKey, Role, SigningKey, VerifiedOp};
use folkmoot_pictures::{History, Names, scenarios};
use folkmoot_proptests::history::{History as Hard, Profile};
use roxmltree::{Document, Node, ParsingOptions};

/// A person's key.
pub(crate) fn key(name: &str) -> SigningKey {
    let mut seed = [0; 32];
    seed.iter_mut().zip(name.bytes()).for_each(|(slot, byte)| *slot = byte);
    SigningKey::from_seed(seed)
}

/// A person's public key.
pub(crate) fn who(name: &str) -> PublicKey {
    key(name).public()
}

/// A namespace that alice founded.
pub(crate) struct Moot {
    pub(crate) engine: Engine,
    pub(crate) namespace: NamespaceId,
    pub(crate) ops: Vec<VerifiedOp>,
    pub(crate) names: Names,
}

impl Moot {
    pub(crate) fn called(alias: &str) -> Self {
        let genesis = Engine::genesis(who("alice"), [1; 32], alias, [0; 32], [0; 32]).sign(&key("alice")).unwrap();
        let names = [(who("alice"), "alice"), (who("bob"), "bob")].into_iter().collect();
        let mut moot = Self { engine: Engine::new(), namespace: genesis.id().into(), ops: Vec::new(), names };
        moot.take(genesis);
        moot
    }

    fn take(&mut self, op: VerifiedOp) -> OpId {
        let id = op.id();
        self.ops.push(op.clone());
        let _ = self.engine.apply(op);
        id
    }

    pub(crate) fn root(&self) -> GroupId {
        self.namespace.into()
    }

    pub(crate) fn does(&mut self, name: &str, op: GroupOp) -> OpId {
        self.within(self.root(), name, op)
    }

    pub(crate) fn within(&mut self, group: GroupId, name: &str, op: GroupOp) -> OpId {
        let draft = self.engine.draft(&self.namespace, &group, &who(name), op).unwrap();
        self.take(draft.sign(&key(name)).unwrap())
    }

    pub(crate) fn after(&mut self, parents: &[OpId], name: &str, op: GroupOp) -> OpId {
        let root = self.root();
        let draft = self.engine.draft_on(&self.namespace, &root, &who(name), op, parents).unwrap();
        self.take(draft.sign(&key(name)).unwrap())
    }

    pub(crate) fn history(&self) -> History {
        History::of(&self.engine, &self.namespace, &self.ops, &self.names, None)
    }

    /// Narrowed to a group.
    pub(crate) fn narrowed(&self, group: &GroupId) -> History {
        History::of(&self.engine, &self.namespace, &self.ops, &self.names, Some(group))
    }
}

pub(crate) fn add(member: &str, role: Role) -> GroupOp {
    GroupOp::MemberAdded { member: who(member), role }
}

/// The history of a story.
pub(crate) fn story(name: &str) -> History {
    let play = scenarios::find(name).unwrap().play().unwrap();
    History::of(&play.engine(), &play.namespace, &play.ops, &play.names, None)
}

/// A history of about so many ops, with everything in it that is hard to judge.
pub(crate) fn hard(seed: u64, ops: usize) -> Hard {
    Hard::generate(seed, &Profile { ops: (ops, ops), ..Profile::of_seed(seed) })
}

/// What is drawn of ops that arrive in this order.
pub(crate) fn taken(hard: &Hard, ops: &[VerifiedOp]) -> History {
    let mut engine = Engine::new();
    let _ = engine.apply_batch(ops.iter().cloned());
    let names: Names = hard.names().into_iter().collect();
    History::of(&engine, &hard.namespace, ops, &names, None)
}

/// Parses XML, or fails with where it is none.
pub(crate) fn xml(text: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: u32::MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error} in {:.300}", text))
}

/// The elements that have a class.
pub(crate) fn with_class<'a>(document: &'a Document<'a>, class: &str) -> Vec<Node<'a, 'a>> {
    let has = |node: &Node<'_, '_>| node.attribute("class").is_some_and(|all| all.split(' ').any(|one| one == class));
    document.descendants().filter(has).collect()
}

/// All text within an element, but for titles.
pub(crate) fn words(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(|node| node.is_text());
    let shown = texts.filter(|text| text.parent().is_none_or(|parent| parent.tag_name().name() != "title"));
    shown.filter_map(|text| text.text()).collect::<Vec<_>>().join(" ")
}
