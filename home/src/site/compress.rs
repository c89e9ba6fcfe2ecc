//! The encoded copies of a file that are made once, when a site is loaded.

use std::io::Write as _;

use bytes::Bytes;

use crate::negotiate::Coding;

/// Smaller files fit in the first packet anyway.
const MIN_BYTES: usize = 200;
/// From here on Brotli's best setting takes seconds and saves about a percent.
const SLOW_FROM: usize = 512 * 1024;

/// The encoded copies worth keeping, in our order of preference, the bytes themselves last.
pub(super) fn all(plain: &Bytes, compresses: bool) -> Vec<(Coding, Bytes)> {
    let mut copies = Vec::new();
    if compresses && plain.len() >= MIN_BYTES {
        let encoders =
            [(Coding::Brotli, brotli as Encoder), (Coding::Zstd, zstd), (Coding::Gzip, gzip)];
        for (coding, encode) in encoders {
            // Writing to memory does not fail; should it ever, the other copies do.
            if let Ok(encoded) = encode(plain)
                && encoded.len() + 40 < plain.len()
            {
                copies.push((coding, Bytes::from(encoded)));
            }
        }
    }
    copies.push((Coding::Identity, plain.clone()));
    copies
}

type Encoder = fn(&[u8]) -> std::io::Result<Vec<u8>>;

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let quality = if plain.len() < SLOW_FROM { 11 } else { 9 };
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, quality, 22);
    writer.write_all(plain)?;
    writer.flush()?;
    Ok(writer.into_inner())
}

fn zstd(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(plain, if plain.len() < SLOW_FROM { 19 } else { 12 })
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(plain)?;
    writer.finish()
}
