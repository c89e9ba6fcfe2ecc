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
    let window = window(plain.len());
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, quality, window);
    writer.write_all(plain)?;
    writer.flush()?;
    Ok(writer.into_inner())
}

/// Binary logarithm of the window (RFC 7932, 9.1: from 10 to 24). One that holds the whole file finds
/// all that a larger one would, and the encoder's tables, tens of megabytes for the usual 22, shrink
/// with it.
fn window(length: usize) -> u32 {
    // The format keeps 16 bytes of a window for itself.
    (length + 16).next_power_of_two().ilog2().clamp(10, 22)
}

fn zstd(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(plain, if plain.len() < SLOW_FROM { 19 } else { 12 })
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(plain)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_window_holds_the_whole_file() {
        assert_eq!([0, 1000, 1008, 1009, 300_000].map(window), [10, 10, 10, 11, 19]);
        assert_eq!(window(100 << 20), 22);
    }

    #[test]
    fn a_smaller_window_loses_nothing() {
        for length in [300, 5_000, 70_000] {
            let plain = (0..length)
                .map(|n: u32| b"<p class=\"a\">text</p>\n"[n as usize * n as usize % 23]);
            let plain = plain.collect::<Vec<_>>();
            let encoded = brotli(&plain).unwrap();
            let mut decoded = Vec::new();
            brotli::Decompressor::new(encoded.as_slice(), 4096).read_to_end(&mut decoded).unwrap();
            assert_eq!(decoded, plain);
        }
    }
}
