use glorot_tensor::DType;
use proptest::prelude::*;

use super::read_idx;
use crate::test_files::{TempFile, gzip};

/// An IDX file with the given element type, axes and big-endian elements.
fn idx(element_type: u8, dims: &[u32], body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, element_type, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|dim| dim.to_be_bytes()));
    bytes.extend(body);
    bytes
}

fn error(bytes: &[u8]) -> String {
    let file = TempFile::with(bytes);
    let message = read_idx(file.path()).unwrap_err().to_string();
    let named = message.strip_prefix(&format!("{}: ", file.path().display()));
    named.unwrap_or_else(|| panic!("'{message}' does not start with the path")).to_owned()
}

fn dims() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0u32..7, 0..5)
}

proptest! {
    #[test]
    fn reads_back_every_type_plain_and_compressed(
        dims in dims(),
        kind in prop::sample::select(vec![0x08u8, 0x09, 0x0b, 0x0c, 0x0d, 0x0e]),
        compressed: bool,
        seed: u64,
    ) {
        let count = dims.iter().map(|&dim| dim as usize).product::<usize>();
        let mut random = glorot_tensor::random::Stream::new(seed, 0);
        let words: Vec<u32> = (0..count).map(|_| random.next_u32()).collect();
        // The same numbers as the file's elements, and as what should come back.
        let (body, want): (Vec<Vec<u8>>, Vec<f64>) = words
            .iter()
            .map(|&word| match kind {
                0x08 => (vec![word as u8], f64::from(word as u8)),
                0x09 => ((word as i8).to_be_bytes().to_vec(), f64::from(word as i8)),
                0x0b => ((word as i16).to_be_bytes().to_vec(), f64::from(word as i16)),
                0x0c => ((word as i32).to_be_bytes().to_vec(), f64::from(word as i32)),
                0x0d => ((word as f32 - 1e9).to_be_bytes().to_vec(), f64::from(word as f32 - 1e9)),
                _ => ((f64::from(word) / 3.0).to_be_bytes().to_vec(), f64::from((f64::from(word) / 3.0) as f32)),
            })
            .unzip();
        let mut bytes = idx(kind, &dims, &body.concat());
        if compressed {
            bytes = gzip(&bytes);
        }
        let tensor = read_idx(TempFile::with(&bytes).path()).unwrap();
        prop_assert_eq!(tensor.shape().dims(), dims.iter().map(|&dim| dim as usize).collect::<Vec<_>>());
        prop_assert_eq!(tensor.dtype(), match kind {
            0x08 => DType::U8,
            0x09 | 0x0b | 0x0c => DType::I32,
            _ => DType::F32,
        });
        prop_assert_eq!(tensor.to_f64(), want);
    }

    #[test]
    fn no_bytes_panic_or_exhaust_memory(mut bytes in prop::collection::vec(any::<u8>(), 0..200), shape: u8) {
        // Most random bytes fail at the magic number; steer half of them past it.
        if let [a, b, kind, rank, ..] = &mut bytes[..] && shape & 1 == 1 {
            (*a, *b, *kind, *rank) = (0, 0, 8 + *kind % 8, *rank % 6);
        }
        // Either outcome is right; reaching the end is what is tested.
        let _ = read_idx(TempFile::with(&bytes).path());
        let _ = read_idx(TempFile::with(&gzip(&bytes)).path());
    }

    #[test]
    fn every_cut_is_an_error(cut in 0usize..24, compressed: bool) {
        let whole = idx(0x08, &[2, 4], &[7; 8]);
        let bytes = if compressed { gzip(&whole) } else { whole };
        prop_assume!(cut < bytes.len());
        prop_assert!(read_idx(TempFile::with(&bytes[..cut]).path()).is_err());
    }
}

#[test]
fn errors_say_what_is_wrong() {
    assert_eq!(error(b""), "is truncated within its header");
    assert_eq!(error(&idx(0x08, &[3], &[])[..6]), "is truncated within its header");
    assert!(error(b"\x89PNG....").contains("is not an IDX file: it starts with bytes [89, 50, 4e, 47]"));
    assert!(error(&idx(0x0a, &[1], &[0])).contains("unknown IDX element type 0x0a"));
    assert_eq!(error(&idx(0x08, &[2], &[1, 2, 3])), "holds more data than its header announces (shape [2])");
    assert_eq!(
        error(&gzip(&idx(0x0c, &[3], &[0; 8]))),
        "is truncated or its header is damaged: shape [3] needs 12 bytes of data, the file has 8"
    );
}

#[test]
fn a_lying_header_is_refused_before_anything_is_allocated() {
    let most = "has a damaged header: shape [60000, 28, 28] needs 47040000 bytes of data, the file can hold at most 10";
    assert_eq!(error(&idx(0x08, &[60000, 28, 28], &[0; 10])), most);
    // 2^64 elements and more overflow; 2^62 do not, but no address space holds them.
    assert!(error(&idx(0x08, &[u32::MAX; 4], &[0])).contains("exceeds what this machine can address"));
    assert!(error(&idx(0x0e, &[1 << 31, 1 << 31], &[0])).contains("exceeds what this machine can address"));
    // Compressed, the bound is the largest expansion that DEFLATE can reach.
    assert!(error(&gzip(&idx(0x08, &[u32::MAX], &[0; 10]))).contains("can hold at most"));
    // A product with a zero is empty however large the other axes are.
    let empty = read_idx(TempFile::with(&idx(0x08, &[u32::MAX, 0], &[])).path()).unwrap();
    assert_eq!(empty.numel(), 0);
}

#[test]
fn a_compression_bomb_is_read_no_further_than_its_header_says() {
    let bomb = gzip(&idx(0x08, &[1000], &vec![0; 50_000_000]));
    assert_eq!(error(&bomb), "holds more data than its header announces (shape [1000])");
}

#[test]
fn damaged_gzip_is_an_error() {
    let mut bytes = gzip(&idx(0x08, &[4], &[1, 2, 3, 4]));
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    assert!(error(&bytes).starts_with("cannot be read: "));
}

#[test]
fn folders_and_missing_files_are_errors() {
    let folder = std::env::temp_dir();
    assert!(read_idx(&folder).unwrap_err().to_string().ends_with("is not a regular file"));
    let missing = folder.join("glorot-io-no-such-file");
    assert!(read_idx(&missing).unwrap_err().to_string().contains("glorot-io-no-such-file: cannot be read: "));
}
