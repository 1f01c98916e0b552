//! A switch of the signing key, from its plan to its proof.

use std::time::Duration;

use dogwatch_chain::{AccountName, BlockId, BlockNum, Profile, PublicKey, Slot, Time, Transaction, TransactionId};
use serde::{Deserialize, Serialize};

use crate::holder::Holder;
use crate::situation::SwitchOutcome;

/// Who wanted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The policy.
    Policy,
    /// The operator, by hand.
    Operator,
    /// The operator, who wants no block lost: the key goes back if the new node misses its first one. That is ordered with it.
    Planned,
    /// The operator, by the configuration: the key goes back.
    Failback,
    /// Somebody else, seen on chain: another site, or an operator with a wallet.
    Elsewhere,
}

/// Everything that determines the transaction of a switch: built again from this after a restart, it has the same
/// bytes, the same signature and the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchPlan {
    /// The witness.
    pub witness: AccountName,
    /// When it was decided.
    pub at: Time,
    /// Who holds the key before.
    pub from: Holder,
    /// The key that must be on chain for the switch to take effect, and that signs it.
    pub from_key: PublicKey,
    /// Who is to hold it.
    pub to: Holder,
    /// The new key.
    pub to_key: PublicKey,
    /// The block that the transaction refers to: the last irreversible one, which no fork can take away.
    pub reference: BlockId,
    /// Once the head block is later than this, the transaction can no longer enter a block.
    pub expiration: Time,
    /// Who wanted it.
    pub origin: Origin,
    /// The reason given.
    pub reason: String,
    /// When the first of the misses happened that led to the switch, if any did.
    pub first_missed: Option<Time>,
}

impl SwitchPlan {
    /// The unsigned transaction.
    pub fn transaction(&self) -> Transaction {
        Transaction::switch_signing_key(
            self.witness.clone(),
            self.from_key,
            self.to_key,
            self.reference,
            self.expiration,
        )
    }

    /// The transaction's id.
    pub fn id(&self, profile: &Profile) -> TransactionId {
        self.transaction().id(profile)
    }
}

/// A switch under way: it is not known yet whether it takes effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InFlight {
    /// The plan.
    pub plan: SwitchPlan,
    /// When it was last handed to the endpoints.
    pub last_sent: Option<Time>,
    /// How many times it was.
    pub sends: u32,
}

impl InFlight {
    /// Whether the transaction should be sent (again) now: once a slot, until it expires. A clock that was set back does
    /// not delay it.
    ///
    /// Polls come once a slot, some a little early: half a slot is as good as a whole one, or an early poll would leave
    /// a slot out.
    pub(crate) fn due(&self, now: Time, slot: Duration) -> bool {
        let often_enough = |sent: Time| now >= sent && now.since(sent).saturating_mul(2) < slot;
        now < self.plan.expiration && !self.last_sent.is_some_and(often_enough)
    }
}

/// A switch that is in a block, and whose new key has not signed one yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unproven {
    /// What was switched.
    pub plan: SwitchPlan,
    /// The block that holds the transaction; unknown when only its effect was seen, after its expiration.
    pub block: Option<BlockId>,
    /// The first block that the new key can have signed.
    pub from_block: BlockNum,
    /// When that was seen.
    pub at: Time,
}

/// A switch as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchRecord {
    /// When it was decided; when it was seen, if it was made elsewhere.
    pub at: Time,
    /// Who held the key before.
    pub from: Holder,
    /// Who was to hold it.
    pub to: Holder,
    /// Who wanted it.
    pub origin: Origin,
    /// The reason given.
    pub reason: String,
    /// What came of it.
    pub outcome: SwitchOutcome,
    /// The transaction; unknown if it was made elsewhere.
    pub transaction: Option<TransactionId>,
    /// When the first of the misses happened that led to it, if any did.
    #[serde(default)]
    pub first_missed: Option<Time>,
    /// The block that holds it.
    pub block: Option<BlockId>,
    /// The block that proved it: the first one signed with the new key.
    pub proof: Option<BlockId>,
    /// When the outcome was known.
    pub settled_at: Option<Time>,
}

/// Why the key was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MoveCause {
    /// The node that held it had failed.
    Failure,
    /// An operator wanted it so.
    Planned,
}

impl SwitchRecord {
    /// Why the key was moved. Of a move made elsewhere only the chain tells: it followed misses, or it did not.
    pub(crate) fn cause(&self) -> MoveCause {
        match self.origin {
            Origin::Policy => MoveCause::Failure,
            Origin::Operator => MoveCause::Planned,
            Origin::Planned | Origin::Failback | Origin::Elsewhere => match self.first_missed {
                Some(_) => MoveCause::Failure,
                None => MoveCause::Planned,
            },
        }
    }
}

/// The key on chain, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRecord {
    /// The key.
    pub key: PublicKey,
    /// The first slot it counts in, where its change was seen.
    pub since: Option<Slot>,
    /// The key before it, where its change was seen.
    pub before: Option<PublicKey>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{id, key, name, time};

    #[test]
    fn when_it_is_sent_again() {
        // Slots of three seconds.
        let cases = [
            (None, 50, true),
            (Some(50), 50, false),
            (Some(50), 51, true),
            // The clock was set back, by a slot and by a lot.
            (Some(50), 49, true),
            (Some(50), 1, true),
            // Expired.
            (Some(50), 60, false),
            (None, 61, false),
            (Some(70), 60, false),
        ];
        for (last_sent, now, due) in cases {
            let plan = SwitchPlan {
                witness: name("a"),
                at: time(40),
                from: Holder::Node("one".to_owned()),
                from_key: key(1),
                to: Holder::Node("two".to_owned()),
                to_key: key(2),
                reference: id(1, 0),
                expiration: time(60),
                origin: Origin::Policy,
                reason: String::new(),
                first_missed: None,
            };
            let flight = InFlight { plan, last_sent: last_sent.map(time), sends: 1 };
            assert_eq!(flight.due(time(now), crate::testing::INTERVAL), due, "{last_sent:?}, now {now}");
            // The next poll comes a little early, and another one between two slots.
            let Some(sent) = flight.last_sent.filter(|_| due && last_sent == Some(50) && now == 51) else { continue };
            for (millis, due) in [(2900, true), (1400, false)] {
                assert_eq!(
                    flight.due(sent.plus(Duration::from_millis(millis)), crate::testing::INTERVAL),
                    due,
                    "{millis} ms"
                );
            }
        }
    }
}
