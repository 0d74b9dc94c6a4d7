//! What `folkmoot replay` tells people.

use crate::common::{Folder, History, hex, histories, history_named, stdout_of, str_of};
use folkmoot_core::{Engine, SigningKey};

fn account_of(name: &str) -> String {
    stdout_of(&["replay", str_of(&history_named(name).path)], b"")
}

#[track_caller]
fn assert_tells(account: &str, lines: &[&str]) {
    for line in lines {
        assert!(account.contains(line), "{line:?} is not in\n{account}");
    }
}

#[test]
fn a_void_op_is_told_with_its_signer_deed_reason_and_the_op_that_voided_it() {
    assert_tells(
        &account_of("mutual_removal"),
        &[
            "12 ops from 1 input: 9 admitted, 0 not admitted, 3 duplicates, 0 refused\n",
            "namespace bfaf886e0f4236c29055b3ca52a04c45fcbbbc38ae8f6bf359e704c82513efb0\n",
            "  digest  422a9d52ef5009290b2149c528556a8eefb5b7c146e0e4c911bdbbfcdf335a80\n",
            "  heads   3: 49f0c326 55cc60ac e8ea5cc2\n",
            "  ops     9: 7 effective, 0 idle, 2 void\n",
            "  group \"root\" bfaf886e, Open\n",
            "    member erin 53b13b5a, ReadOnly: CAN_JOIN_OPEN_CONTEXTS\n",
            "    barred carol b8eade2a\n",
            "    55cc60ac by carol b8eade2a: MemberRemoved frank 5052b0ae, in \"root\" bfaf886e\n      \
             AuthorityLost: what it rests on was taken by a concurrent op\n      \
             because of e8ea5cc2 by bob b46f8b5f: MemberRemoved carol b8eade2a\n",
            "    carol b8eade2a: 55cc60ac and 49f0c326\n",
        ],
    );
}

#[test]
fn contexts_subgroups_and_invitations_are_told() {
    assert_tells(
        &account_of("removal_cascades_to_subgroups_and_contexts"),
        &["    group \"child\" 3c3bd3dd, Open\n", "service \"svc\"", "by dave f18bd08a\n"],
    );
    assert_tells(
        &account_of("context_capabilities"),
        &["    context \"mias\" e9fe5b69", "erin 53b13b5a has 0b00000001\n"],
    );
    assert_tells(
        &account_of("invitations_revoked_expired_forged_and_barred"),
        &["    invitation 48b25635: 1 use, revoked\n", "    invitation a4bd3d37: 0 uses, revoked\n"],
    );
}

#[test]
fn an_idle_op_is_told_as_idle() {
    assert_tells(
        &account_of("idle_removal_still_bars"),
        &[" 1 idle", "      Idle: NoSuchMember: not a member of this group\n"],
    );
}

#[test]
fn a_causal_verdict_is_told_as_final() {
    assert_tells(
        &account_of("context_capabilities"),
        &["Unauthorized: nothing in its own past authorizes it (for good: decided by its own past)\n"],
    );
}

#[test]
fn what_was_not_admitted_is_told_with_its_reason() {
    assert_tells(&account_of("pending_for_good"), &["not admitted\n", "    pending: waits for 3f8184bc\n"]);
    assert_tells(
        &account_of("nonce_rules"),
        &[
            "    rejected: NonceGap: its nonce skips one\n",
            "    rejected: ParentRejected: it is built on an op that was rejected or ignored\n",
            "    ignored: its own past has seen its signer's nonce\n",
        ],
    );
}

#[test]
fn every_group_and_every_op_without_effect_of_every_history_is_told() {
    for History { name, path, expect, .. } in histories() {
        let account = stdout_of(&["replay", str_of(&path)], b"");
        for namespace in expect["namespaces"].as_object().unwrap().values() {
            assert_tells(&account, &[namespace["digest"].as_str().unwrap()]);
            for group in namespace["groups"].as_object().unwrap().values() {
                assert_tells(&account, &[&format!("state hash {}\n", group["state_hash"].as_str().unwrap())]);
            }
            for (op, verdict) in namespace["ops"].as_object().unwrap() {
                let told = account.contains(&format!("\n    {} by ", &op[..8]));
                assert_eq!(told, verdict != "Effective", "{name}: {op} {verdict}\n{account}");
            }
        }
        for op in expect["not_admitted"].as_object().unwrap().keys() {
            assert_tells(&account, &[&format!("\n  {} by ", &op[..8])]);
        }
    }
}

#[test]
fn keys_without_a_name_go_by_their_prefix() {
    let ops = history_named("mutual_removal").ops;
    let account = stdout_of(&["replay", "-"], ops.join("\n").as_bytes());
    assert_tells(&account, &["    member 53b13b5a, ReadOnly", "    barred b8eade2a\n"]);
    assert!(!account.contains("carol"));
}

#[test]
fn names_of_people_do_not_get_into_the_json() {
    let path = history_named("mutual_removal").path;
    assert!(!stdout_of(&["replay", "--json", str_of(&path)], b"").contains("carol"));
}

#[test]
fn names_from_outside_can_neither_steer_the_terminal_nor_forge_a_line() {
    let founder = SigningKey::from_seed([1; 32]);
    let nasty = "\u{1b}[2J\n  digest  0000\u{202e}\u{7}";
    let genesis = Engine::genesis(founder.public(), [0; 32], nasty, [0; 32], [0; 32]).sign(&founder).unwrap();
    let file = serde_json::json!({
        "people": { nasty: founder.public().to_string() },
        "ops": [hex(&genesis.signed().encode())],
    });
    let folder = Folder::new();
    let account = stdout_of(&["replay", str_of(&folder.file("nasty.json", file.to_string()))], b"");
    assert!(account.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{account:?}");
    assert_eq!(account.matches("\n  digest").count(), 1, "{account}");
    assert_tells(
        &account,
        &[r#"group "\u{1b}[2J\n  digest  0000\u{202e}\u{7}""#, r"member \u{1b}[2J\n  digest  0000\u{202e}\u{7} "],
    );
}

#[test]
fn two_namespaces_are_told_one_after_the_other() {
    let founder = SigningKey::from_seed([1; 32]);
    let found = |salt: u8, alias: &str| {
        let genesis = Engine::genesis(founder.public(), [salt; 32], alias, [0; 32], [0; 32]).sign(&founder).unwrap();
        hex(&genesis.signed().encode())
    };
    let ops = [found(1, "one"), found(2, "two"), found(1, "one")].join("\n");
    let account = stdout_of(&["replay", "-"], ops.as_bytes());
    assert_tells(&account, &["3 ops from 1 input: 2 admitted, 0 not admitted, 1 duplicate, 0 refused\n"]);
    assert_tells(&account, &["  group \"one\" ", "  group \"two\" "]);
    assert_eq!(account.matches("\nnamespace ").count(), 2);
}
