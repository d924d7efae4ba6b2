//! TFRecord framing: `length: u64`, `masked_crc(length): u32`, `data`, `masked_crc(data): u32`, all little-endian.
//!
//! Source: `tensorflow/core/lib/io/record_writer.cc`, `tensorflow/core/lib/hash/crc32c.h`.

use prost::Message;

/// A checksum that is safe to store beside what it covers.
pub fn masked_crc(bytes: &[u8]) -> u32 {
    const MASK_DELTA: u32 = 0xa282_ead8;
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(MASK_DELTA)
}

/// Appends `message` as one record.
pub fn append(records: &mut Vec<u8>, message: &impl Message) {
    let length = (message.encoded_len() as u64).to_le_bytes();
    records.extend_from_slice(&length);
    records.extend_from_slice(&masked_crc(&length).to_le_bytes());
    let start = records.len();
    message.encode_raw(records);
    let crc = masked_crc(&records[start..]);
    records.extend_from_slice(&crc.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_of_the_standard_check_string() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        // ((0xe3069283 >> 15) | (0xe3069283 << 17)) + 0xa282ead8
        assert_eq!(masked_crc(b"123456789"), 0xc78a_b0e5);
    }
}
