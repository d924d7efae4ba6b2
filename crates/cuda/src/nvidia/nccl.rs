//! Sums over several GPUs by NCCL, in one process.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use glorot_graph::StateId;
use glorot_graph::device::{Communicator, DeviceError, Session};

use super::running::Running;
use crate::library::{Found, Table, table};
use crate::session::CudaSession;

type Comm = *mut c_void;

table! {
    /// The functions of NCCL 2. Results and constants are numbers, as in its header.
    struct Functions {
        ncclGetVersion: fn(*mut c_int) -> c_int;
        ncclCommInitAll: fn(*mut Comm, c_int, *const c_int) -> c_int;
        ncclCommDestroy: fn(Comm) -> c_int;
        ncclAllReduce: fn(*const c_void, *mut c_void, usize, c_int, c_int, Comm, *mut c_void) -> c_int;
        ncclGroupStart: fn() -> c_int;
        ncclGroupEnd: fn() -> c_int;
        ncclGetErrorString: fn(c_int) -> *const c_char;
    }
}

// Names of `nccl.h`.
const NCCL_FLOAT32: c_int = 7;
const NCCL_SUM: c_int = 0;

/// Held while sums are enqueued: those of several trainings must come in the same order on all GPUs.
static ENQUEUES: Mutex<()> = Mutex::new(());

/// NCCL on some GPUs, in the order of the replicas.
pub(crate) struct NcclSum {
    functions: Functions,
    comms: Mutex<Vec<Comm>>,
}

// SAFETY: the communicators are used by one thread at a time, behind the lock, and NCCL allows any.
unsafe impl Send for NcclSum {}
// SAFETY: as above.
unsafe impl Sync for NcclSum {}

impl fmt::Debug for NcclSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NCCL")
    }
}

impl NcclSum {
    /// Connects GPUs.
    pub fn new(found: &Found, ordinals: &[usize]) -> Result<NcclSum, DeviceError> {
        let missing = |symbol| DeviceError(format!("NCCL: {} lacks {symbol}", found.path.display()));
        let functions = Functions::load(&found.opened).map_err(missing)?;
        let _running = Running::begin()?;
        let devices: Vec<c_int> = ordinals.iter().map(|&ordinal| ordinal as c_int).collect();
        let mut comms: Vec<Comm> = vec![ptr::null_mut(); devices.len()];
        // SAFETY: the list has room for a communicator for each device.
        let status =
            unsafe { (functions.ncclCommInitAll)(comms.as_mut_ptr(), devices.len() as c_int, devices.as_ptr()) };
        check(&functions, "connecting the GPUs", status)?;
        Ok(NcclSum { functions, comms: Mutex::new(comms) })
    }
}

/// The version of the library: (2, 32). `None` if it is none.
pub(crate) fn version(found: &Found) -> Option<(u32, u32)> {
    let functions = Functions::load(&found.opened).ok()?;
    let mut version = 0;
    // SAFETY: the version is written where it lies.
    let status = unsafe { (functions.ncclGetVersion)(&mut version) };
    let version = version.unsigned_abs();
    // 2804 and 23203: major, minor, patch; since 2.9 the minor with two digits.
    let parts =
        if version < 10_000 { (version / 1000, version / 100 % 10) } else { (version / 10_000, version / 100 % 100) };
    (status == 0).then_some(parts)
}

fn check(functions: &Functions, what: &str, status: c_int) -> Result<(), DeviceError> {
    if status == 0 {
        return Ok(());
    }
    // SAFETY: the function gives a text that is always there.
    let text = unsafe { CStr::from_ptr((functions.ncclGetErrorString)(status)) };
    Err(DeviceError(format!("NCCL: {what}: {}", text.to_string_lossy())))
}

impl Communicator for NcclSum {
    fn sum(&self, sessions: &mut [Box<dyn Session>], states: &[StateId]) -> Result<(), DeviceError> {
        let comms = self.comms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut parts = Vec::with_capacity(sessions.len() * states.len());
        for (session, &comm) in sessions.iter_mut().zip(comms.iter()) {
            let session = session.as_any().and_then(|any| any.downcast_mut::<CudaSession>());
            let Some(session) = session else { return Err(DeviceError("NCCL: a replica is no GPU".into())) };
            for &state in states {
                let (address, count, queue) = session.collective(state)?;
                parts.push((address, count, queue, comm));
            }
        }
        let _running = Running::begin()?;
        let _enqueues = ENQUEUES.lock().unwrap_or_else(PoisonError::into_inner);
        let functions = &self.functions;
        // SAFETY: the addresses are of states of that many float32 numbers, which live as long as the sessions; the queues
        // are theirs, so that the sums come after what computed the states and before what reads them.
        let status = unsafe {
            let mut status = (functions.ncclGroupStart)();
            for (address, count, queue, comm) in parts {
                let (pointer, stream) = (address as *mut c_void, queue as *mut c_void);
                if status == 0 {
                    status = (functions.ncclAllReduce)(pointer, pointer, count, NCCL_FLOAT32, NCCL_SUM, comm, stream);
                }
            }
            let ended = (functions.ncclGroupEnd)();
            if status == 0 { ended } else { status }
        };
        check(functions, "a sum over the GPUs", status)
    }
}

impl Drop for NcclSum {
    fn drop(&mut self) {
        let Ok(_running) = Running::begin() else { return };
        for comm in self.comms.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // SAFETY: made in `new`; no session of the replicas is left.
            unsafe { (self.functions.ncclCommDestroy)(comm) };
        }
    }
}
