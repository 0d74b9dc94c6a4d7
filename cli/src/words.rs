//! Words for what the engine names: people, ops, roles. Shared by all that is written for people to read. Reasons and
//! policies have the words that they have in pictures.
//!
//! Names come from whoever signed or wrote them. They are escaped, so that none can break a line, steer a terminal or
//! turn the reading direction.

use folkmoot_core::{GroupOp, PublicKey, Verdict};
pub(crate) use folkmoot_pictures::{falls_with, named_bits, policy, rejection, void};
use std::collections::BTreeMap;

/// Most characters of a `source` that are shown of it where an op is told in passing.
const MAX_QUOTED_CHARS: usize = 40;

/// Who is who.
#[derive(Debug, Clone, Default)]
pub(crate) struct People {
    names: BTreeMap<PublicKey, String>,
}

impl People {
    /// Gives a key a name, unless it has one.
    pub(crate) fn name(&mut self, key: PublicKey, name: &str) {
        self.names.entry(key).or_insert_with(|| on_one_line(name));
    }

    /// The name, if there is one.
    pub(crate) fn name_of(&self, key: &PublicKey) -> Option<&str> {
        self.names.get(key).map(String::as_str)
    }

    /// The name and the beginning of the key, or the latter alone: `bob b46f8b5f`.
    pub(crate) fn who(&self, key: &PublicKey) -> String {
        match self.names.get(key) {
            Some(name) => format!("{name} {}", short(key.as_bytes())),
            None => short(key.as_bytes()),
        }
    }

    /// The name alone, where there is no doubt about keys: `bob`.
    pub(crate) fn called(&self, key: &PublicKey) -> String {
        self.names.get(key).cloned().unwrap_or_else(|| short(key.as_bytes()))
    }
}

/// The beginning of an id: enough to tell ids apart by eye, and no more. Whole ids are in the JSON.
pub(crate) fn short(id: &[u8; 32]) -> String {
    id.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// Text from outside, without anything that could break the line or steer a terminal.
pub(crate) fn on_one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\'' | '"' | '\\') { out.push(c) } else { out.extend(c.escape_debug()) }
    }
    out
}

/// The beginning of a text that may be long, in quotes.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}\u{2026}", text.get(..end).unwrap_or_default()),
    }
}

/// What an op does, with the words of the spec: `MemberAdded bob b46f8b5f as Admin`. `who` names people.
pub(crate) fn deed(op: &GroupOp, who: impl Fn(&PublicKey) -> String) -> String {
    let name = op.name();
    match op {
        GroupOp::Noop | GroupOp::GroupDeleted => name.into(),
        GroupOp::NamespaceCreated { alias, .. } | GroupOp::GroupAliasSet { alias } => format!("{name} {alias:?}"),
        GroupOp::SubgroupCreated { alias, visibility } => format!("{name} {alias:?}, {visibility:?}"),
        GroupOp::MemberAdded { member, role } | GroupOp::MemberRoleSet { member, role } => {
            format!("{name} {} as {role:?}", who(member))
        }
        GroupOp::MemberRemoved { member } => format!("{name} {}", who(member)),
        GroupOp::CapabilitiesGranted { member, capabilities }
        | GroupOp::CapabilitiesRevoked { member, capabilities } => {
            format!("{name} {}: {}", who(member), bits(*capabilities))
        }
        GroupOp::DefaultCapabilitiesSet { capabilities } => format!("{name}: {}", bits(*capabilities)),
        GroupOp::DefaultVisibilitySet { visibility } | GroupOp::GroupVisibilitySet { visibility } => {
            format!("{name} {visibility:?}")
        }
        GroupOp::UpgradePolicySet { policy: how } => format!("{name} {}", policy(how)),
        GroupOp::TargetApplicationSet { application_id, .. } => format!("{name} {}", short(application_id)),
        GroupOp::ContextRegistered { source, .. } => format!("{name} from {}", quoted(source)),
        GroupOp::ContextDetached { context_id } => format!("{name} {}", short(context_id.as_bytes())),
        GroupOp::MemberAliasSet { member, alias } => format!("{name} {}: {alias:?}", who(member)),
        GroupOp::ContextAliasSet { context_id, alias } => format!("{name} {}: {alias:?}", short(context_id.as_bytes())),
        GroupOp::ContextCapabilityGranted { context_id, member, capabilities }
        | GroupOp::ContextCapabilityRevoked { context_id, member, capabilities } => {
            format!("{name} {}, context {}: {capabilities:#010b}", who(member), short(context_id.as_bytes()))
        }
        GroupOp::JoinWithInvitationClaim { invitation, .. } => {
            format!("{name} as {:?}, invited by {}", invitation.role, who(&invitation.inviter))
        }
        GroupOp::InvitationRevoked { invitation_id } => format!("{name} {}", short(invitation_id.as_bytes())),
    }
}

/// The names of capability bits, in their order.
pub(crate) fn bits(mask: u32) -> String {
    let named: Vec<&str> = named_bits(mask).collect();
    if named.is_empty() { "none".into() } else { named.join(" ") }
}

/// A verdict, and what it means.
pub(crate) fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Effective => "Effective".into(),
        Verdict::Idle(reason) | Verdict::Void(reason) => format!("{verdict}: {}", void(reason)),
    }
}

/// A count with its noun: `1 op`, `2 ops`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A time in unix seconds, as a date in UTC: `2026-11-23 04:27 UTC`.
pub(crate) fn time(unix: u64) -> String {
    let (days, seconds) = (unix / 86_400, unix % 86_400);
    // Days since 0000-03-01, in eras of 400 years (Howard Hinnant's civil_from_days).
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", seconds / 3_600, seconds / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates_in_utc() {
        for (unix, expected) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_795_408_020, "2026-11-23 04:27 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
        ] {
            assert_eq!(time(unix), expected);
        }
        // Whatever somebody wrote into an invitation.
        assert!(time(u64::MAX).ends_with("UTC"));
    }
}
