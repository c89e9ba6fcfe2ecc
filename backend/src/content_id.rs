//! Content identifiers of IPFS. Parsed once, kept in the one canonical form.

use std::str::FromStr;

use cid::{Cid, Version};

/// Longer text is no CID of ours and is not even decoded.
const MOST: usize = 150;
/// Multicodec `libp2p-key`: such a CID is an IPNS name.
const LIBP2P_KEY: u64 = 0x72;
/// Multicodec `dag-pb`, what a version 0 CID always means.
const DAG_PB: u64 = 0x70;
/// Multihashes that content on the network is addressed by, and the bytes of each.
const HASHES: [(u64, usize); 7] = [
    (0x12, 32),   // sha2-256
    (0x13, 64),   // sha2-512
    (0x14, 64),   // sha3-512
    (0x15, 48),   // sha3-384
    (0x16, 32),   // sha3-256
    (0x1e, 32),   // blake3
    (0xb220, 32), // blake2b-256
];

/// A CID as it is stored and shown: version 1 in lower-case base32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentId(String);

/// Why the text is no content identifier; each is a sentence for its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAContentId {
    /// Not a CID in any version or base.
    #[error("not a CID, such as bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi")]
    Malformed,
    /// An IPNS name.
    #[error("this CID is the key of an IPNS name, not content")]
    Name,
    /// The content itself, an unknown hash or one of another length than its function gives.
    #[error("the hash in this CID is none that addresses content on IPFS")]
    Hash,
}

impl ContentId {
    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContentId {
    type Err = NotAContentId;

    /// Reads version 0 (`Qm...`) and version 1 in any multibase.
    fn from_str(text: &str) -> Result<Self, NotAContentId> {
        let text = text.trim();
        // `cid` would also take a path such as /ipfs/CID; here that is another thing than a CID.
        if text.len() > MOST || !text.is_ascii() || text.contains('/') {
            return Err(NotAContentId::Malformed);
        }
        let cid = text.parse::<Cid>().map_err(|_| NotAContentId::Malformed)?;
        if cid.codec() == LIBP2P_KEY {
            return Err(NotAContentId::Name);
        }
        if !HASHES.contains(&(cid.hash().code(), cid.hash().digest().len())) {
            return Err(NotAContentId::Hash);
        }
        let codec = if cid.version() == Version::V0 { DAG_PB } else { cid.codec() };
        // A version 1 CID is shown in base32 unless told otherwise.
        Ok(Self(Cid::new_v1(codec, *cid.hash()).to_string()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const V1: &str = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";

    #[test]
    fn every_writing_of_one_content_becomes_the_same_text() {
        let cid = V1.parse::<Cid>().unwrap();
        let base58 = cid.to_string_of_base(cid::multibase::Base::Base58Btc).unwrap();
        let base16 = cid.to_string_of_base(cid::multibase::Base::Base16Lower).unwrap();
        let v0 = Cid::new_v0(*cid.hash()).unwrap().to_string();
        assert!(v0.starts_with("Qm"));

        for text in [V1, &V1.to_uppercase(), &base58, &base16, &v0, &format!(" {V1}\n")] {
            assert_eq!(text.parse::<ContentId>().unwrap().as_str(), V1, "{text}");
        }
    }

    #[test]
    fn what_addresses_no_content_is_refused() {
        for (text, why) in [
            ("", NotAContentId::Malformed),
            ("hello", NotAContentId::Malformed),
            (
                "/ipfs/bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
                NotAContentId::Malformed,
            ),
            (
                "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzd1",
                NotAContentId::Malformed,
            ),
            ("bafkqaaa", NotAContentId::Hash),
            ("k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8", NotAContentId::Name),
        ] {
            assert_eq!(text.parse::<ContentId>(), Err(why), "{text}");
        }
        assert_eq!(V1.repeat(3).parse::<ContentId>(), Err(NotAContentId::Malformed));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[a-zA-Z0-9=+/ ]{0,160}") {
            if let Ok(parsed) = text.parse::<ContentId>() {
                prop_assert_eq!(parsed.as_str().parse::<ContentId>(), Ok(parsed.clone()));
                prop_assert!((8..=200).contains(&parsed.as_str().len()));
            }
        }
    }
}
