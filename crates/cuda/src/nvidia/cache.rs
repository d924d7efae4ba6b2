//! Compiled sources on disk.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

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
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.folder.as_ref().map(|folder| folder.join(format!("{:016x}.image", hasher.finish())))
    }

    /// What was kept under a key.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.path(key)?).ok()?;
        // The key is in front, so that no other source of the same hash is taken for it, nor a file cut short.
        let (length, rest) = bytes.split_at_checked(16)?;
        let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).ok();
        let (key_length, image_length) = (number(&length[..8])? as usize, number(&length[8..])? as usize);
        let (found, image) = rest.split_at_checked(key_length)?;
        (found == key.as_bytes() && image.len() == image_length).then(|| image.to_vec())
    }

    /// Keeps an image under a key.
    pub fn put(&self, key: &str, image: &[u8]) {
        let (Some(path), Some(folder)) = (self.path(key), &self.folder) else { return };
        let mut bytes = Vec::with_capacity(16 + key.len() + image.len());
        bytes.extend((key.len() as u64).to_le_bytes());
        bytes.extend((image.len() as u64).to_le_bytes());
        bytes.extend(key.as_bytes());
        bytes.extend(image);
        let scratch = path.with_extension(format!("{}.part", std::process::id()));
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&scratch, bytes));
        // Other processes see the whole file or none.
        if written.and_then(|()| std::fs::rename(&scratch, &path)).is_err() {
            let _ = std::fs::remove_file(&scratch);
        }
    }
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
        for damage in [&b""[..], b"short", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffkeyimage"]
        {
            std::fs::write(&path, damage).unwrap();
            assert_eq!(cache.get("key"), None);
        }
        assert_eq!(std::fs::read_dir(folder.path().join("new")).unwrap().count(), 1, "no scratch files stay");
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let cache = Cache { folder: None };
        cache.put("key", b"image");
        assert_eq!(cache.get("key"), None);
    }
}
