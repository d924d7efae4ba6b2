//! Damaged and hostile files: an error, no panic, bounded memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::path::Path;

use flate2::write::DeflateEncoder;
use glorot_io::keras::{read_model, read_weights};
use glorot_io::safetensors;
use proptest::prelude::*;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::support::folder;

/// Remembers the largest allocation that each thread asked for.
struct Largest;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

fn note(size: usize) {
    LARGEST.set(LARGEST.get().max(size));
}

// SAFETY: everything is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Largest {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Largest = Largest;

/// What a file of 100 kB may take at once: the reader trusts it with 24 MiB and four times its size, and
/// what grows doubles.
const MOST: usize = 52 << 20;

const SEEDS: [&str; 6] = [
    "resume_nadam.keras",
    "resume_nadam.h5",
    "nested.weights.h5",
    "keras2_resume_nadam.h5",
    "keras2_conv.keras",
    "keras2_conv_weights.h5",
];

fn written(bytes: &[u8], suffix: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.flush().unwrap();
    file
}

/// Reads a file in every way; errors name the file.
fn read_all(path: &Path) {
    for message in [
        read_model(path).err().map(|error| error.to_string()),
        read_weights(path).err().map(|error| error.to_string()),
        safetensors::read(path).err().map(|error| error.to_string()),
    ] {
        assert!(message.is_none_or(|message| message.starts_with(path.to_str().unwrap())));
    }
    assert!(LARGEST.get() < MOST, "an allocation of {} bytes", LARGEST.get());
}

fn message(bytes: &[u8]) -> String {
    read_model(written(bytes, ".keras").path()).unwrap_err().to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_errors(
        seed in 0..SEEDS.len(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = std::fs::read(folder().join("models").join(SEEDS[seed])).unwrap();
        for (place, value) in flips {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(written(&bytes, "").path());
    }

    #[test]
    fn damaged_headers_are_errors(
        seed in 0..SEEDS.len(),
        flips in prop::collection::vec((0..2048usize, prop::sample::select(vec![0u8, 1, 0x7f, 0x80, 0xff])), 1..6),
    ) {
        let mut bytes = std::fs::read(folder().join("models").join(SEEDS[seed])).unwrap();
        for (place, value) in flips {
            bytes[place] = value;
        }
        read_all(written(&bytes, "").path());
    }

    #[test]
    fn damaged_safetensors_are_errors(
        flips in prop::collection::vec((0..4096usize, any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = std::fs::read(folder().join("schedules.safetensors")).unwrap();
        for (place, value) in flips {
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(written(&bytes, "").path());
    }
}

#[test]
fn what_is_no_model_file_says_so() {
    assert!(message(b"").ends_with("is empty"));
    assert!(message(b"hello").contains("is no model file: expected a zip archive (.keras) or an HDF5 file (.h5)"));
    assert!(message(b"PK\x03\x04").contains("is a damaged zip archive"));
    assert!(message(b"\x89HDF\r\n\x1a\n").contains("is a damaged HDF5 file"));
    let missing = read_model("no/such/model.h5").unwrap_err().to_string();
    assert!(missing.starts_with("no/such/model.h5: cannot be read"), "{missing}");
    let directory = tempfile::tempdir().unwrap();
    assert!(
        read_model(directory.path()).unwrap_err().to_string().contains("is a folder; a model in the SavedModel format")
    );
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipArchiveWriter::new(Vec::new());
    for (name, content) in entries {
        let file = zip.new_file(*name).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let mut data = config.wrap(DeflateEncoder::new(&mut entry, flate2::Compression::default()));
        data.write_all(content).unwrap();
        let (encoder, descriptor) = data.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    zip.finish().unwrap()
}

const CONFIG: &[u8] = br#"{"class_name": "Sequential", "config": {"layers": []}}"#;

#[test]
fn archives_without_a_model_say_what_is_missing() {
    assert!(message(&zip(&[("a", b"b")])).contains("has no entry 'config.json'"));
    assert!(message(&zip(&[("config.json", CONFIG)])).contains("has no entry 'model.weights.h5'"));
    assert!(message(&zip(&[("config.json", b"{")])).contains("'config.json' is no valid JSON"));
    assert!(message(&zip(&[("config.json", b"[]")])).contains("received a list"));
    assert!(
        message(&zip(&[("config.json", b"{\"class_name\": \"A\"}")])).contains("received an object without config")
    );
    let deep = "[".repeat(100_000);
    assert!(message(&zip(&[("config.json", deep.as_bytes())])).contains("recursion limit"));
}

#[test]
fn a_bomb_is_refused() {
    let zeros = vec![0; 100 << 20];
    let message = message(&zip(&[("config.json", &zeros)]));
    assert!(message.contains("refused: entry 'config.json' would unpack to more than"), "{message}");
}

#[test]
fn a_bomb_of_chunks_is_refused() {
    let mut builder = hdf5_pure::FileBuilder::new();
    builder.set_attr("layer_names", hdf5_pure::AttrValue::VarLenStringArray(vec!["a".into()]));
    let mut group = builder.create_group("a");
    group.set_attr("weight_names", hdf5_pure::AttrValue::VarLenStringArray(vec!["w".into()]));
    let zeros = vec![0f32; 20 << 20];
    group.create_dataset("w").with_f32_data(&zeros).with_shape(&[20 << 20]).with_chunks(&[1 << 20]).with_deflate(9);
    builder.add_group(group.finish());
    let file = written(&builder.finish().unwrap(), ".h5");
    let message = read_weights(file.path()).err().unwrap().to_string();
    assert!(message.contains("refused: dataset 'a/w' would unpack to more than"), "{message}");
}

#[test]
fn a_file_that_is_cut_off_says_so() {
    let bytes = std::fs::read(folder().join("models/nested.h5")).unwrap();
    let cut = &bytes[..bytes.len() - 1];
    let message = message(cut);
    assert!(message.ends_with(&format!("it is cut off after {} of {} bytes", cut.len(), bytes.len())), "{message}");
}

#[test]
fn texts_that_are_all_the_same_bytes_are_refused() {
    let path = folder().join("../hostile/heap_of_texts.h5");
    let message = read_model(path).unwrap_err().to_string();
    assert!(
        message.contains("refused: what the attributes of 'model_weights' say would unpack to more than"),
        "{message}"
    );
}

#[test]
fn integers_beyond_32_bits_are_refused() {
    let mut builder = hdf5_pure::FileBuilder::new();
    builder.set_attr("layer_names", hdf5_pure::AttrValue::VarLenStringArray(vec!["a".into()]));
    let mut group = builder.create_group("a");
    group.set_attr("weight_names", hdf5_pure::AttrValue::VarLenStringArray(vec!["w".into()]));
    group.create_dataset("w").with_i64_data(&[1, 1 << 40]).with_shape(&[2]);
    builder.add_group(group.finish());
    let file = written(&builder.finish().unwrap(), ".h5");
    let message = read_weights(file.path()).err().unwrap().to_string();
    assert!(message.contains("dataset 'a/w' holds 1099511627776, which no 32-bit integer holds"), "{message}");
}
