//! Reads back what the tests wrote.

use std::path::Path;

use prost::Message;

use super::proto::event::Event;
use super::record::masked_crc;

/// Bytes before and after a record's data.
pub const FRAME: usize = 8 + 4 + 4;

/// The data of all whole records, and how many bytes of a last, incomplete record follow.
pub fn records(mut bytes: &[u8]) -> (Vec<&[u8]>, usize) {
    let mut records = Vec::new();
    while bytes.len() >= FRAME {
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap());
        assert_eq!(u32_at(bytes, 8), masked_crc(&bytes[..8]), "checksum of the length");
        let length = length as usize;
        if bytes.len() < FRAME + length {
            break;
        }
        let data = &bytes[12..12 + length];
        assert_eq!(u32_at(bytes, 12 + length), masked_crc(data), "checksum of the data");
        records.push(data);
        bytes = &bytes[FRAME + length..];
    }
    (records, bytes.len())
}

/// All events of a file that holds whole records only.
pub fn events(path: &Path) -> Vec<Event> {
    let bytes = std::fs::read(path).unwrap();
    let (records, rest) = records(&bytes);
    assert_eq!(rest, 0, "bytes of an incomplete record");
    records.into_iter().map(|data| Event::decode(data).unwrap()).collect()
}

fn u32_at(bytes: &[u8], start: usize) -> u32 {
    u32::from_le_bytes(bytes[start..start + 4].try_into().unwrap())
}
