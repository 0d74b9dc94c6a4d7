//! What kind of history is wanted.

/// How often each op is proposed, by the number of its variant (SPEC §1).
pub type Weights = [u32; 23];

/// The knobs of a history. Shares are percentages of the steps.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What it is called.
    pub name: &'static str,
    /// Fewest and most ops, roughly: a scene or a closing merge may add a few.
    pub ops: (usize, usize),
    /// Fewest and most people, the founder among them; puppets come on top.
    pub people: (usize, usize),
    /// How many of a hundred people the founder makes Admins at the start.
    pub admins: u32,
    /// How many of a hundred members that are trusted with anything are trusted with MANAGE_MEMBERS.
    pub managers: u32,
    /// Most views at a time.
    pub branches: usize,
    /// Steps that first merge another view into one's own.
    pub merges: u32,
    /// Steps that first take in all there is.
    pub syncs: u32,
    /// Steps that answer an op without having seen it.
    pub answers: u32,
    /// Steps that publish from any point of the past.
    pub backdated: u32,
    /// Steps that play a whole scene.
    pub scenes: u32,
    /// Steps that publish something with no place in the DAG.
    pub noise: u32,
    /// Steps that take the first op that comes to mind, sound or not.
    pub careless: u32,
    /// Most live groups that somebody would add another to.
    pub groups: usize,
    /// By how many rounds each is behind the others, at least and at most, where all act in rounds; 0 for no rounds.
    pub behind: (usize, usize),
    /// Whether a tree of groups down to the limit is planted at the start.
    pub deep_tree: bool,
    /// How often each op is proposed.
    pub weights: Weights,
}

/// As for [`Profile::balanced`].
const BALANCED: Weights = [
    4,  // Noop
    0,  // NamespaceCreated
    6,  // SubgroupCreated
    2,  // GroupDeleted
    12, // MemberAdded
    14, // MemberRemoved
    14, // MemberRoleSet
    12, // CapabilitiesGranted
    9,  // CapabilitiesRevoked
    3,  // DefaultCapabilitiesSet
    2,  // DefaultVisibilitySet
    4,  // GroupVisibilitySet
    2,  // UpgradePolicySet
    3,  // TargetApplicationSet
    5,  // ContextRegistered
    3,  // ContextDetached
    4,  // GroupAliasSet
    5,  // MemberAliasSet
    3,  // ContextAliasSet
    5,  // ContextCapabilityGranted
    5,  // ContextCapabilityRevoked
    8,  // JoinWithInvitationClaim
    5,  // InvitationRevoked
];

impl Profile {
    /// A bit of everything.
    pub const fn balanced() -> Self {
        Self {
            name: "balanced",
            ops: (30, 90),
            people: (4, 7),
            admins: 50,
            managers: 25,
            branches: 4,
            merges: 20,
            syncs: 20,
            answers: 25,
            backdated: 8,
            scenes: 8,
            noise: 4,
            careless: 8,
            groups: 5,
            behind: (0, 0),
            deep_tree: false,
            weights: BALANCED,
        }
    }

    /// One Admin, and members who manage each other by what they were granted.
    pub const fn managers() -> Self {
        let mut weights = BALANCED;
        weights[5] = 24;
        weights[7] = 20;
        weights[8] = 16;
        weights[19] = 12;
        weights[20] = 12;
        Self {
            name: "managers",
            ops: (25, 80),
            people: (5, 7),
            admins: 8,
            managers: 85,
            answers: 35,
            groups: 3,
            weights,
            ..Self::balanced()
        }
    }

    /// Three or four people who take from each other what they can.
    pub const fn few_people_many_reductions() -> Self {
        let mut weights = BALANCED;
        weights[5] = 30;
        weights[6] = 30;
        weights[8] = 20;
        weights[4] = 16;
        weights[7] = 16;
        Self {
            name: "few people, many reductions",
            ops: (20, 60),
            people: (3, 4),
            admins: 80,
            answers: 40,
            groups: 3,
            weights,
            ..Self::balanced()
        }
    }

    /// Guests of guests of guests, and someone at the top who had enough of it.
    pub const fn deep_delegation() -> Self {
        let mut weights = BALANCED;
        weights[4] = 34;
        weights[2] = 10;
        weights[5] = 12;
        weights[6] = 10;
        Self {
            name: "deep delegation",
            ops: (40, 110),
            people: (5, 7),
            admins: 30,
            branches: 3,
            merges: 8,
            syncs: 12,
            scenes: 14,
            backdated: 12,
            weights,
            ..Self::balanced()
        }
    }

    /// Invitations used, copied, revoked, and built on.
    pub const fn invitations() -> Self {
        let mut weights = BALANCED;
        weights[21] = 40;
        weights[22] = 24;
        weights[7] = 18;
        Self {
            name: "invitations",
            ops: (25, 80),
            people: (4, 6),
            admins: 40,
            scenes: 12,
            answers: 30,
            weights,
            ..Self::balanced()
        }
    }

    /// Everybody names and sets everything, at once.
    pub const fn settings() -> Self {
        let mut weights = BALANCED;
        let mut at = 9;
        while at <= 18 {
            weights[at] *= 5;
            at += 1;
        }
        Self { name: "settings", ops: (25, 80), admins: 60, answers: 40, weights, ..Self::balanced() }
    }

    /// Many groups in one another, with contexts, made and deleted.
    pub const fn groups_and_contexts() -> Self {
        let mut weights = BALANCED;
        weights[2] = 24;
        weights[3] = 8;
        weights[14] = 16;
        weights[15] = 8;
        weights[18] = 8;
        weights[19] = 20;
        weights[20] = 20;
        weights[11] = 10;
        Self { name: "groups and contexts", ops: (40, 110), groups: 9, weights, ..Self::balanced() }
    }

    /// A tree of groups down to the limit, and long histories in it.
    pub const fn deep_tree() -> Self {
        Self { name: "deep tree", ops: (50, 120), people: (5, 7), deep_tree: true, ..Self::groups_and_contexts() }
    }

    /// Hardly a past that all agree on: many views, few merges.
    pub const fn partitions() -> Self {
        Self {
            name: "partitions",
            ops: (40, 120),
            branches: 8,
            merges: 8,
            syncs: 6,
            answers: 30,
            backdated: 15,
            people: (5, 7),
            ..Self::balanced()
        }
    }

    /// The day of a busy group: in each round everybody acts on what they have heard, some rounds late.
    pub const fn side_by_side() -> Self {
        let mut weights = BALANCED;
        weights[2] = 16;
        weights[4] = 20;
        weights[6] = 26;
        Self {
            name: "side by side",
            ops: (60, 150),
            people: (5, 7),
            admins: 85,
            groups: 6,
            behind: (1, 5),
            weights,
            ..Self::balanced()
        }
    }

    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::balanced(),
        Self::few_people_many_reductions(),
        Self::managers(),
        Self::deep_delegation(),
        Self::invitations(),
        Self::settings(),
        Self::groups_and_contexts(),
        Self::partitions(),
        Self::deep_tree(),
        Self::side_by_side(),
    ];

    /// One of [`Profile::ALL`], in turn.
    pub fn of_seed(seed: u64) -> Self {
        let at = usize::try_from(seed % 10).unwrap_or(0);
        Self::ALL[at].clone()
    }
}
