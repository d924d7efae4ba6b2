// A stand-in for NVIDIA's driver, NVRTC, cuBLASLt, cuDNN and NCCL on machines without a GPU: one library under their names.
// Kernels go through a C++ compiler (emulator/shim.hpp) and run at once, in the thread that launches them. What a caller
// does wrong (a handle that is gone, no context, memory of another GPU, a wrong size) is an error as on a GPU, and is also
// written to stderr, after "stand-in: ". Compiled with NVIDIA's headers in reach, it takes their types, so that they check
// the declarations:  g++ -fsyntax-only -I .../include crates/cuda/tests/stand_in/*.cpp
//
//   STAND_IN_GPUS    how many GPUs there are (1)
//   STAND_IN_MEMORY  bytes of each (1 GiB)
//   STAND_IN_STRICT  what is wrong ends the process
//   STAND_IN_FAIL    function:n:code: its n-th call, counted from 1 since this was set, fails with this code
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#if __has_include(<cuda.h>)
#include <cuda.h>
#else
typedef int CUresult, CUdevice, CUdevice_attribute, CUfunction_attribute, CUstreamCaptureMode;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st* CUcontext;
typedef struct CUstream_st* CUstream;
typedef struct CUevent_st* CUevent;
typedef struct CUmod_st* CUmodule;
typedef struct CUfunc_st* CUfunction;
typedef struct CUgraph_st* CUgraph;
typedef struct CUgraphExec_st* CUgraphExec;
#endif

#define API extern "C" __attribute__((visibility("default")))

namespace stand_in {
extern std::recursive_mutex lock;

// Counts the call. The code with which it is to fail, or 0.
int enter(const char* function);

// Says what is wrong, and gives the code back.
int wrong(const char* function, const std::string& what, int code);

// Handles that are alive, of all kinds.
extern std::set<const void*> alive;

// True if these bytes are memory of the GPU whose context is current.
bool on_gpu(CUdeviceptr at, std::size_t bytes);

// An element of numbers of type CUDA_R_32F (0), CUDA_R_16F (2) or CUDA_R_16BF (14).
float element(const void* memory, std::int64_t type, std::int64_t i);

// Does the work of a stream, or records it. False if the stream is none of the current context.
bool push(CUstream stream, std::function<void()> work);
}  // namespace stand_in

// Begins a function of the library whose results are of type R.
#define ENTER(R)                                             \
  std::lock_guard<std::recursive_mutex> guard(stand_in::lock); \
  if (int code = stand_in::enter(__func__)) return R(code)

#define EXPECT(R, condition, code) \
  if (!(condition)) return R(stand_in::wrong(__func__, #condition, code))
