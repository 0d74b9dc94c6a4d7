//! Groups, members and contexts as a tree.

use crate::common::{Moot, add, who};
use folkmoot_core::group_op::capabilities::CAN_INVITE_MEMBERS;
use folkmoot_core::{GroupId, GroupOp, Role, Visibility};
use folkmoot_pictures::{Names, Tree, TreeStyle};

fn house() -> (Moot, GroupId) {
    let mut moot = Moot::called("House");
    moot.names = ["alice", "bob", "carol", "dave"].into_iter().map(|name| (who(name), name)).collect::<Names>();
    moot.does("alice", add("bob", Role::Member));
    moot.does("alice", GroupOp::CapabilitiesGranted { member: who("bob"), capabilities: CAN_INVITE_MEMBERS });
    let group = |alias: &str, visibility| GroupOp::SubgroupCreated { alias: alias.into(), visibility };
    let kitchen = moot.does("alice", group("Kitchen", Visibility::Open)).into();
    let attic = moot.does("alice", group("Attic", Visibility::Restricted)).into();
    moot.within(kitchen, "alice", group("Oven", Visibility::Open));
    moot.within(kitchen, "alice", add("carol", Role::ReadOnly));
    let context = GroupOp::ContextRegistered {
        application_id: [0; 32],
        blob_id: [0; 32],
        source: "recipes".into(),
        service_name: None,
        visibility: Some(Visibility::Restricted),
    };
    moot.within(kitchen, "alice", context);
    moot.within(attic, "alice", add("dave", Role::Admin));
    moot.within(attic, "alice", GroupOp::MemberRemoved { member: who("dave") });
    (moot, kitchen)
}

#[test]
fn a_tree_has_every_group_below_its_parent_with_members_and_contexts() {
    let (moot, _) = house();
    let tree = Tree::of(&moot.engine, &moot.namespace, &moot.ops, &moot.names, None);
    let expected = "\
“House” (Open)
├─ alice Admin
├─ bob Member: CAN_INVITE_MEMBERS CAN_JOIN_OPEN_CONTEXTS
├─ “Attic” (Restricted)
│  └─ barred: dave
└─ “Kitchen” (Open)
   ├─ carol ReadOnly: CAN_JOIN_OPEN_CONTEXTS
   ├─ context “recipes” (Restricted), by alice
   └─ “Oven” (Open)
";
    assert_eq!(tree.text(TreeStyle::Boxes), expected);
}

#[test]
fn in_ascii_it_has_the_same_shape() {
    let (moot, _) = house();
    let tree = Tree::of(&moot.engine, &moot.namespace, &moot.ops, &moot.names, None);
    let text = tree.text(TreeStyle::Ascii);
    assert_eq!(text.lines().count(), 9);
    assert!(
        text.contains("|- alice Admin\n")
            && text.contains("   `- \u{201c}Oven\u{201d}")
            && text.contains("|  `- barred")
    );
}

#[test]
fn narrowed_to_a_group_it_begins_there() {
    let (moot, kitchen) = house();
    let tree = Tree::of(&moot.engine, &moot.namespace, &moot.ops, &moot.names, Some(&kitchen));
    assert!(tree.text(TreeStyle::Boxes).starts_with("“Kitchen” (Open)\n├─ carol"));
    assert_eq!(tree.groups.len(), 2);
}

#[test]
fn as_json_it_says_the_same() {
    let (moot, kitchen) = house();
    let json = serde_json::to_value(Tree::of(&moot.engine, &moot.namespace, &moot.ops, &moot.names, None)).unwrap();
    assert_eq!(json["groups"][0]["alias"], "House");
    assert_eq!(json["groups"][0]["members"][1]["capabilities"][0], "CAN_INVITE_MEMBERS");
    assert_eq!(json["groups"][2]["id"], kitchen.to_string());
    assert_eq!(json["groups"][2]["contexts"][0]["visibility"], "Restricted");
    assert_eq!(json["groups"][1]["barred"][0], "dave");
}

#[test]
fn who_is_barred_goes_by_the_alias_he_had_last() {
    let mut moot = Moot::called("House");
    moot.does("alice", add("carol", Role::Member));
    for alias in ["Carol", "Caroline"] {
        moot.does("alice", GroupOp::MemberAliasSet { member: who("carol"), alias: alias.into() });
    }
    moot.does("alice", GroupOp::MemberRemoved { member: who("carol") });
    let tree = Tree::of(&moot.engine, &moot.namespace, &moot.ops, &moot.names, None);
    assert_eq!(tree.groups[0].barred, ["Caroline"]);
}

#[test]
fn of_a_namespace_that_is_not_there_it_is_empty() {
    let (moot, _) = house();
    let tree = Tree::of(&moot.engine, &folkmoot_core::NamespaceId([9; 32]), &moot.ops, &moot.names, None);
    assert_eq!(tree.text(TreeStyle::Boxes), "");
}
