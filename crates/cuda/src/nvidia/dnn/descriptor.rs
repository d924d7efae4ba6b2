//! Descriptors of cuDNN: things with attributes, which are set, finalized and asked.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use glorot_graph::device::DeviceError;

use crate::library::table;

pub(super) type Raw = *mut c_void;

table! {
    /// The functions of cuDNN 9. Results and constants are numbers, as in its header.
    pub(super) struct Functions {
        cudnnCreate: fn(*mut Raw) -> c_int;
        cudnnDestroy: fn(Raw) -> c_int;
        cudnnSetStream: fn(Raw, Raw) -> c_int;
        cudnnGetVersion: fn() -> usize;
        cudnnGetCudartVersion: fn() -> usize;
        cudnnGetErrorString: fn(c_int) -> *const c_char;
        cudnnGetLastErrorString: fn(*mut c_char, usize) -> ();
        cudnnBackendCreateDescriptor: fn(c_int, *mut Raw) -> c_int;
        cudnnBackendDestroyDescriptor: fn(Raw) -> c_int;
        cudnnBackendSetAttribute: fn(Raw, c_int, c_int, i64, *const c_void) -> c_int;
        cudnnBackendGetAttribute: fn(Raw, c_int, c_int, i64, *mut i64, *mut c_void) -> c_int;
        cudnnBackendFinalize: fn(Raw) -> c_int;
        cudnnBackendExecute: fn(Raw, Raw, Raw) -> c_int;
    }
}

/// Why cuDNN did not do something.
#[derive(Debug)]
pub(super) struct Refusal {
    status: c_int,
    pub error: DeviceError,
}

impl Refusal {
    /// True if cuDNN has nothing for what was asked; false if something is wrong.
    pub fn is_unsupported(&self) -> bool {
        // CUDNN_STATUS_NOT_SUPPORTED and its kinds.
        (3000..4000).contains(&self.status)
    }
}

impl From<Refusal> for DeviceError {
    fn from(refusal: Refusal) -> DeviceError {
        refusal.error
    }
}

impl Functions {
    /// The version of the library: (9, 20).
    pub fn version(&self) -> (u32, u32) {
        // SAFETY: the function takes nothing.
        let version = unsafe { (self.cudnnGetVersion)() } as u32;
        (version / 10_000, version / 100 % 100)
    }

    pub fn check(&self, what: &str, status: c_int) -> Result<(), Refusal> {
        if status == 0 {
            return Ok(());
        }
        let mut detail = [0 as c_char; 512];
        // SAFETY: the name of a status is a constant; the detail has its length and ends with 0.
        let (name, detail) = unsafe {
            (self.cudnnGetLastErrorString)(detail.as_mut_ptr(), detail.len());
            detail[detail.len() - 1] = 0;
            let text = |pointer| CStr::from_ptr(pointer).to_string_lossy().trim().to_string();
            (text((self.cudnnGetErrorString)(status)), text(detail.as_ptr()))
        };
        let detail = if detail.is_empty() { detail } else { format!(": {detail}") };
        Err(Refusal { status, error: DeviceError(format!("cuDNN: {what}: {name} (status {status}){detail}")) })
    }
}

/// What an attribute is made of, with the number of its type.
pub(super) trait Value: Copy {
    const TYPE: c_int;
}

macro_rules! values {
    ($($name:ident($inner:ty) = $number:literal;)*) => {
        $(
            #[derive(Clone, Copy)]
            #[repr(transparent)]
            #[allow(dead_code, reason = "the library reads it")]
            pub(super) struct $name(pub $inner);

            impl Value for $name {
                const TYPE: c_int = $number;
            }
        )*
    };
}

values! {
    Handle(Raw) = 0;
    DataType(c_int) = 1;
    Flag(bool) = 2;
    Integer(i64) = 3;
    Float(f32) = 4;
    Address(u64) = 6;
    ConvolutionMode(c_int) = 7;
    HeuristicMode(c_int) = 8;
    NumericalNote(c_int) = 11;
    PointwiseMode(c_int) = 14;
    Part(Raw) = 15;
    Character(u8) = 24;
}

/// A descriptor, and those that it was made of: they stay as long as it does.
pub(super) struct Descriptor {
    functions: Functions,
    raw: Raw,
    parts: Vec<Descriptor>,
}

impl Descriptor {
    /// A new one of a kind.
    pub fn new(functions: Functions, kind: c_int) -> Result<Descriptor, Refusal> {
        let mut raw = ptr::null_mut();
        // SAFETY: the descriptor is written where it lies.
        functions.check("a descriptor", unsafe { (functions.cudnnBackendCreateDescriptor)(kind, &mut raw) })?;
        Ok(Descriptor { functions, raw, parts: Vec::new() })
    }

    pub fn raw(&self) -> Raw {
        self.raw
    }

    pub fn set<T: Value>(&mut self, attribute: c_int, values: &[T]) -> Result<(), Refusal> {
        let (set, count) = (self.functions.cudnnBackendSetAttribute, values.len() as i64);
        // SAFETY: the values are of the type that is named, and copied.
        let status = unsafe { set(self.raw, attribute, T::TYPE, count, values.as_ptr().cast()) };
        self.functions.check(&format!("attribute {attribute}"), status)
    }

    /// Sets an attribute that is another descriptor.
    pub fn set_part(&mut self, attribute: c_int, part: &Descriptor) -> Result<(), Refusal> {
        self.set(attribute, &[Part(part.raw)])
    }

    /// Sets an attribute to descriptors, and keeps them.
    pub fn take_parts(&mut self, attribute: c_int, parts: Vec<Descriptor>) -> Result<(), Refusal> {
        let raw: Vec<Part> = parts.iter().map(|part| Part(part.raw)).collect();
        self.parts.extend(parts);
        self.set(attribute, &raw)
    }

    pub fn finalize(self) -> Result<Descriptor, Refusal> {
        // SAFETY: the descriptor is alive.
        let status = unsafe { (self.functions.cudnnBackendFinalize)(self.raw) };
        self.functions.check("a descriptor", status).map(|()| self)
    }

    /// Values of an attribute, at most so many.
    pub fn get<T: Value>(&self, attribute: c_int, values: &mut [T]) -> Result<usize, Refusal> {
        let (get, mut count) = (self.functions.cudnnBackendGetAttribute, 0);
        let (room, to) =
            (values.len() as i64, if values.is_empty() { ptr::null_mut() } else { values.as_mut_ptr().cast() });
        // SAFETY: the values are of the type that is named, and there is room for as many as are asked for.
        let status = unsafe { get(self.raw, attribute, T::TYPE, room, &mut count, to) };
        self.functions.check(&format!("attribute {attribute}"), status)?;
        Ok(if values.is_empty() { count.max(0) as usize } else { (count.max(0) as usize).min(values.len()) })
    }

    /// The descriptors of a kind that an attribute holds.
    pub fn get_parts(&self, attribute: c_int, kind: c_int) -> Result<Vec<Descriptor>, Refusal> {
        let count = self.get::<Part>(attribute, &mut [])?;
        let mut parts = (0..count).map(|_| Descriptor::new(self.functions, kind)).collect::<Result<Vec<_>, _>>()?;
        // The library fills descriptors that the caller has made.
        let mut raw: Vec<Part> = parts.iter().map(|part| Part(part.raw)).collect();
        let filled = if raw.is_empty() { 0 } else { self.get(attribute, &mut raw)? };
        parts.truncate(filled);
        Ok(parts)
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: made by this library and not destroyed before.
        unsafe { (self.functions.cudnnBackendDestroyDescriptor)(self.raw) };
    }
}
