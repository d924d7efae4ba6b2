//! Compiled sources on disk.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder of compiled sources. What cannot be read or written is compiled again: the cache never fails.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// The folder that `GLOROT_CUDA_CACHE` names (none if it is empty), else `glorot/cuda` among the user's caches.
    pub fn of_environment() -> Cache {
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let named = std::env::var_os("GLOROT_CUDA_CACHE").map(PathBuf::from);
        let own = || {
            let caches = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
            caches.or_else(|| folder("LOCALAPPDATA")).map(|caches| caches.join("glorot").join("cuda"))
        };
        Cache { folder: named.map_or_else(own, |folder| Some(folder).filter(|folder| !folder.as_os_str().is_empty())) }
    }

    /// A cache in a folder, which is made when something is kept.
    pub fn at(folder: PathBuf) -> Cache {
        Cache { folder: Some(folder) }
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(format!("{:016x}.image", hash(key))))
    }

    /// What was kept under a key.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.path(key)?).ok()?;
        // The key is in front, so that no other source of the same hash is taken for it. Length and hash of the image
        // tell a file that was cut short or damaged: the driver may crash on one.
        let (head, rest) = bytes.split_at_checked(24)?;
        let mut numbers = head.chunks_exact(8).filter_map(|bytes| bytes.try_into().map(u64::from_le_bytes).ok());
        let [key_length, image_length, image_hash] = [numbers.next()?, numbers.next()?, numbers.next()?];
        let (found, image) = rest.split_at_checked(usize::try_from(key_length).ok()?)?;
        let intact = image.len() as u64 == image_length && hash(image) == image_hash;
        (found == key.as_bytes() && intact).then(|| image.to_vec())
    }

    /// Keeps an image under a key.
    pub fn put(&self, key: &str, image: &[u8]) {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let (Some(path), Some(folder)) = (self.path(key), &self.folder) else { return };
        let mut bytes = Vec::with_capacity(24 + key.len() + image.len());
        for number in [key.len() as u64, image.len() as u64, hash(image)] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(key.as_bytes());
        bytes.extend(image);
        // Its own for each writer, also for each thread of a process.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let scratch = path.with_extension(format!("{}-{number}.part", std::process::id()));
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&scratch, bytes));
        // Other processes see the whole file or none.
        if written.and_then(|()| std::fs::rename(&scratch, &path)).is_err() {
            let _ = std::fs::remove_file(&scratch);
        }
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_damaged_files_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("new"));
        assert_eq!(cache.get("key"), None);
        cache.put("key", b"image");
        assert_eq!(cache.get("key").as_deref(), Some(&b"image"[..]));
        assert_eq!(cache.get("other"), None);
        let path = cache.path("key").unwrap();
        let whole = std::fs::read(&path).unwrap();
        let flipped = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        };
        let mut damages: Vec<Vec<u8>> = (0..whole.len()).map(flipped).collect();
        damages.extend((0..whole.len()).map(|length| whole[..length].to_vec()));
        damages.push(vec![0xff; 40]);
        for damage in damages {
            std::fs::write(&path, damage).unwrap();
            assert_eq!(cache.get("key"), None);
        }
        cache.put("key", b"image");
        assert_eq!(cache.get("key").as_deref(), Some(&b"image"[..]), "a damaged file is replaced");
        assert_eq!(std::fs::read_dir(folder.path().join("new")).unwrap().count(), 1, "no scratch files stay");
    }

    #[test]
    fn writers_at_once_leave_a_whole_image() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().into());
        let image = vec![7u8; 1 << 16];
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        cache.put("key", &image);
                        assert_eq!(cache.get("key").as_deref(), Some(&image[..]));
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no scratch files stay");
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let cache = Cache { folder: None };
        cache.put("key", b"image");
        assert_eq!(cache.get("key"), None);
    }
}
