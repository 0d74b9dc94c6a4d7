//! SPEC §4: what a parent-closed set of ops comes to.

use super::Verdict::{self, Idle, Void};
use super::conflict::Reductions;
use super::node::Node;
use super::{Reason, State, must};
use folkmoot_core::OpId;
use folkmoot_core::group_op::GroupOp::NamespaceCreated;
use std::collections::BTreeMap;

/// F(X), and the verdict of each op of X on the way.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    pub state: State,
    pub verdicts: BTreeMap<OpId, Verdict>,
}

/// §4: F(X).
pub(crate) fn fold<'a>(x: impl Iterator<Item = &'a Node>) -> Folded {
    let mut x: Vec<&Node> = x.collect();
    // "void ops have no effect, wherever they come"
    x.sort_by_key(|o| (o.depth, o.causal.as_ref().ok().map(|basis| basis.seniority), o.id));
    let reductions = Reductions::of(&x);
    let mut folded = Folded::default();
    for o in &x {
        let verdict = take(o, &x, &reductions, &mut folded.state).err().unwrap_or(Verdict::Effective);
        folded.verdicts.insert(o.id, verdict);
    }
    folded
}

/// §4: "For each op o, against the state S reached so far": takes effect, or what it is instead.
fn take(o: &Node, x: &[&Node], reductions: &Reductions<'_>, s: &mut State) -> Result<(), Verdict> {
    // 1.
    let basis = o.causal.as_ref().map_err(|reason| Void(*reason))?;
    if let NamespaceCreated { .. } = o.op {
        s.apply(o, false);
        return Ok(());
    }
    // 2.
    reductions.fallen.get(&o.id).map_or(Ok(()), |reason| Err(Void(*reason)))?;
    // 3. "In 3 and 6 a standing reduction is not void but idle".
    let fails = if o.is_reduction() { Idle } else { Void };
    let group = s.groups.get(&o.group_id).ok_or(fails(Reason::NoSuchGroup))?;
    // 4.
    if !o.is_reduction() {
        reductions.why_struck(o).map_or(Ok(()), |reason| Err(Void(reason)))?;
        must(s.ground_of(o).is_some(), Void(Reason::AuthorityLost))?;
    }
    // 5.
    let writer = o.register().and_then(|register| group.writers.get(&register));
    let concurrent = x.iter().find(|w| writer == Some(&w.id) && !o.past.contains(&w.id));
    let prevails = o.is_reduction() || concurrent.is_none_or(|w| o.outranks(w));
    must(prevails, Void(Reason::Superseded))?;
    // 6.
    if let Err(reason) = s.preconditions(o, basis.lowers, None) {
        if reason == Reason::NoSuchMember {
            s.bar(o);
        }
        return Err(fails(reason));
    }
    // §5, Admission: "in the fold, this is void `LastAdmin` where it would lower the root's last Admin"
    if let (Some(_), Some(role), Some(m)) = (concurrent, o.role_given(), o.subject()) {
        let lowers = s.record(&o.group_id, &m).is_some_and(|record| role > record.role);
        must(!lowers || !s.is_last_admin_of_the_root(&o.group_id, &m), Void(Reason::LastAdmin))?;
    }
    // 7.
    s.apply(o, concurrent.is_some());
    if let (Some(register), Some(group)) = (o.register(), s.groups.get_mut(&o.group_id)) {
        group.writers.insert(register, o.id);
    }
    Ok(())
}
