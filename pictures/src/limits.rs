//! Every bound of a picture, named. What is past one is counted in the picture, never dropped in silence.

/// Most ops that are drawn. Of a longer history the last ones in the drawn order are; the earlier are one number.
/// The pasts of the drawn ops take 5,000 × 5,000 bits, 3 MB.
pub const MAX_DRAWN_OPS: usize = 5_000;

/// Most lanes. Signers past the first 23 in the drawn order share the last one.
pub const MAX_LANES: usize = 24;

/// Most columns that a signer's lane has: one for each branch that it acts on side by side.
pub const MAX_COLUMNS_A_LANE: usize = 3;

/// Most columns with cards in them; with more signers an op is a dot, and its words stand beside the graph.
pub const MAX_CARD_COLUMNS: usize = 10;

/// A picture of more ops than this folds straight runs of one signer.
pub const FOLD_ABOVE: usize = 60;

/// The shortest straight run that is worth folding.
pub const FOLD_AT_LEAST: usize = 3;

/// Most nodes drawn as cards; with more, ops are dots in narrow lanes, a row each.
pub const MAX_CARDS: usize = 1_000;

/// Most steps of the slider. A longer history is replayed in so many parts, of as many ops each.
pub const MAX_STEPS: usize = 1_000;

/// Most changes of members and verdicts that a page holds; past this the steps get coarser, down to a single one.
pub const MAX_CHANGES: usize = 100_000;

/// Most ops that are listed as not admitted.
pub const MAX_ASIDE: usize = 20;

/// Most characters of a name; the rest is cut off. The wire has names of 128 bytes; a caller's may be longer.
pub const MAX_NAME_CHARS: usize = 256;

/// Most characters of a text from an op that are shown in passing.
pub const MAX_QUOTED_CHARS: usize = 60;

/// Most members of a group that a tree in text lists; all are in the JSON.
pub const MAX_LISTED: usize = 1_000;
