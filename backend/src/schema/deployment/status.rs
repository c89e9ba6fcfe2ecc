//! How far a deployment is, and which steps are legal.

use async_graphql::Enum;
use serde::Deserialize;

use crate::array::enums;

/// How far a deployment is. Forward only: `PENDING`, then `BUILDING` (left out when there is
/// nothing to build), `UPLOADING`, `SUCCESS`; `FAILED` from anywhere but an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Deserialize, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
pub enum DeploymentStatus {
    /// Asked for, not started.
    Pending,
    /// Being built.
    Building,
    /// Being uploaded to its storage.
    Uploading,
    /// Served; an end.
    Success,
    /// Given up; an end. `message` says why.
    Failed,
}

enums!(DeploymentStatus);

impl DeploymentStatus {
    /// Its name in the database and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Building => "BUILDING",
            Self::Uploading => "UPLOADING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
        }
    }

    /// What may come directly before it.
    #[must_use]
    pub fn predecessors(self) -> &'static [Self] {
        match self {
            Self::Pending => &[],
            Self::Building => &[Self::Pending],
            Self::Uploading => &[Self::Pending, Self::Building],
            Self::Success => &[Self::Uploading],
            Self::Failed => &[Self::Pending, Self::Building, Self::Uploading],
        }
    }

    /// Whether nothing comes after it.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Success | Self::Failed)
    }

    /// How far along it is; every legal step goes up.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Building => 1,
            Self::Uploading => 2,
            Self::Success | Self::Failed => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DeploymentStatus::{Building, Failed, Pending, Success, Uploading};

    #[test]
    fn every_legal_step_goes_up_and_ends_are_ends() {
        for to in [Pending, Building, Uploading, Success, Failed] {
            for from in to.predecessors() {
                assert!(from.rank() < to.rank(), "{from:?} to {to:?}");
                assert!(!from.is_end(), "{from:?}");
            }
        }
        assert!(Success.is_end() && Failed.is_end() && !Uploading.is_end());
    }
}
