use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::tempdir;

use super::{AtomicFile, write_atomic};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn creates_and_replaces() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("model.keras");
    write_atomic(&path, b"first").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"first");
    write_atomic(&path, b"2").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"2");
    assert_eq!(names(folder.path()), ["model.keras"]);
}

#[test]
fn can_be_sought_while_it_is_written() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("f");
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(b"????body").unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(b"head").unwrap();
    file.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"headbody");
}

#[test]
fn the_old_file_is_intact_until_commit_and_after_an_abandoned_one() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("f");
    fs::write(&path, "old").unwrap();
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(&vec![1; 1 << 20]).unwrap();
    file.flush().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()).len(), 2, "the new file is beside the old one");
    drop(file);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["f"]);
}

#[test]
fn a_panic_while_writing_leaves_the_old_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("f");
    fs::write(&path, "old").unwrap();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        std::panic::resume_unwind(Box::new("stop"));
    }));
    assert!(result.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["f"]);
}

#[test]
fn a_failed_rename_leaves_what_is_there() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("f");
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(b"new").unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("inside"), "old").unwrap();
    let error = file.commit().unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot be written: renaming the new file: ", path.display())), "{error}");
    assert_eq!(fs::read(path.join("inside")).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["f"]);
}

#[test]
fn a_reader_never_sees_a_part() {
    const LENGTH: usize = 300_000;
    let folder = tempdir().unwrap();
    let path = folder.path().join("f");
    write_atomic(&path, &vec![0; LENGTH]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=20 {
                write_atomic(&path, &vec![round; LENGTH]).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            let content = fs::read(&path).unwrap();
            assert_eq!(content.len(), LENGTH);
            assert!(content.iter().all(|&byte| byte == content[0]));
        }
    });
    assert_eq!(fs::read(&path).unwrap(), vec![20; LENGTH]);
}

#[test]
fn errors_name_the_path_and_the_cause() {
    let folder = tempdir().unwrap();
    let message = |path: &Path| AtomicFile::create(path).unwrap_err().to_string();

    let path = folder.path().join("missing").join("f");
    let parent = folder.path().join("missing");
    assert_eq!(
        message(&path),
        format!("{}: cannot be written: folder {} does not exist; create it first", path.display(), parent.display())
    );

    let path = folder.path().to_owned();
    assert_eq!(message(&path), format!("{}: cannot be replaced: it exists and is not a regular file", path.display()));

    let path = folder.path().join("protected");
    fs::write(&path, "old").unwrap();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    assert_eq!(message(&path), format!("{}: cannot be replaced: it is write-protected", path.display()));
    assert_eq!(names(folder.path()), ["protected"]);

    assert_eq!(message(Path::new("")), ": cannot be written: the path does not end in a file name");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_file_has_the_mode_of_any_new_file_and_a_replaced_one_keeps_its_own() {
        let folder = tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_atomic(&ours, b"").unwrap();
        fs::write(&plain, b"").unwrap();
        assert_eq!(mode(&ours), mode(&plain));

        fs::set_permissions(&ours, fs::Permissions::from_mode(0o640)).unwrap();
        write_atomic(&ours, b"again").unwrap();
        assert_eq!(mode(&ours), 0o640);
    }

    #[test]
    fn a_symbolic_link_stays_and_its_target_is_replaced() {
        let (folder, other) = (tempdir().unwrap(), tempdir().unwrap());
        let (link, target) = (folder.path().join("link"), other.path().join("target"));
        fs::write(&target, "old").unwrap();
        symlink(&target, &link).unwrap();
        write_atomic(&link, b"new").unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), target);
        assert_eq!(fs::read(&target).unwrap(), b"new");

        fs::remove_file(&target).unwrap();
        let error = write_atomic(&link, b"new").unwrap_err().to_string();
        assert!(error.contains("a symbolic link whose target cannot be resolved"), "{error}");
    }
}
