// The driver's part. Codes are those of cuda.h.
#include "stand_in.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#define BEGIN ENTER(CUresult)
#define WANT(condition, code) EXPECT(CUresult, condition, code)
// The same where a context must be current.
#define BEGIN_IN_CONTEXT          \
  BEGIN;                          \
  WANT(is_alive(current), 201)

using Work = std::function<void()>;

struct CUctx_st {
  explicit CUctx_st(CUdevice number) : device(number) {}
  CUdevice device;
  int references = 0;
  std::map<CUdeviceptr, std::size_t> memory;
  std::map<void*, std::size_t> pinned;
  // Streams, events, modules, graphs.
  int handles = 0;
};
struct CUstream_st {
  CUcontext context;
  bool recording, broken, ended;
  std::vector<Work> recorded;
};
struct CUevent_st {
  CUcontext context;
};
struct CUfunc_st {
  CUmodule module;
  std::string name;
  void (*entry)(void**, unsigned, int);
  // Of its parameters, in bytes.
  std::vector<std::size_t> sizes;
  bool large_clusters = false;
};
struct CUmod_st {
  CUcontext context;
  void* library;
  std::vector<CUfunction> functions;
};
struct CUgraph_st {
  CUcontext context;
  std::vector<Work> work;
};
struct CUgraphExec_st {
  CUcontext context;
  std::vector<Work> work;
};

namespace stand_in {
std::recursive_mutex lock;
std::set<const void*> alive;
}  // namespace stand_in

namespace {
constexpr std::size_t GUARD = 256;
constexpr int THREADS = 256, MULTIPROCESSORS = 6;

bool started = false;
// A call has failed because it was to: what it should have given back may be left.
bool failed = false;
std::vector<CUcontext> primary;
thread_local CUcontext current = nullptr;

long number(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atol(text) : otherwise;
}
int gpus() { return (int)number("STAND_IN_GPUS", 1); }
std::size_t total() { return (std::size_t)number("STAND_IN_MEMORY", 1l << 30); }

bool is_alive(const void* handle) { return stand_in::alive.count(handle) > 0; }

template <class T>
T* make(T value) {
  T* handle = new T(std::move(value));
  stand_in::alive.insert(handle);
  handle->context->handles++;
  return handle;
}
template <class T>
void destroy(T* handle) {
  stand_in::alive.erase(handle);
  handle->context->handles--;
  delete handle;
}
template <class T>
bool is_ours(T* handle) {
  return is_alive(handle) && handle->context == current;
}

std::size_t used(CUcontext context) {
  std::size_t sum = 0;
  for (auto& piece : context->memory) sum += piece.second;
  return sum;
}
unsigned char* bytes_at(CUdeviceptr address) { return (unsigned char*)address; }

bool guards_are_whole(CUdeviceptr address, std::size_t bytes) {
  for (std::size_t i = 0; i < GUARD; i++)
    if (bytes_at(address)[-1 - (std::ptrdiff_t)i] != 0xa5 || bytes_at(address)[bytes + i] != 0xa5) return false;
  return true;
}
void release(CUdeviceptr address) { std::free(bytes_at(address) - GUARD); }

CUresult launch(const char* what, CUfunction function, const unsigned (&shape)[6], unsigned shared, CUstream stream,
                void** parameters, bool cooperative) {
  auto fail = [&](const char* why, int code) { return CUresult(stand_in::wrong(what, why, code)); };
  if (!is_alive(function) || function->module->context != current) return fail("no function of this context", 400);
  const auto [gx, gy, gz, bx, by, bz] = shape;
  if (gx == 0 || gy != 1 || gz != 1 || bx != THREADS || by != 1 || bz != 1 || shared) return fail("shape", 1);
  const bool cluster8 = function->name.find("cluster8") != std::string::npos;
  const bool cluster16 = function->name.find("cluster16") != std::string::npos;
  if (cluster8 || cluster16) {
    if (cooperative || gx % (cluster8 ? 8 : 16)) return fail("clusters", 912);
    if (cluster16 && !function->large_clusters) return fail("a cluster of 16 blocks is not allowed", 912);
  }
  if (cooperative && gx > MULTIPROCESSORS) return fail("too many blocks at once", 720);
  // Parameters are copied when a kernel is launched or recorded.
  std::vector<std::vector<unsigned char>> copies;
  for (std::size_t i = 0; i < function->sizes.size(); i++) {
    const unsigned char* from = (const unsigned char*)parameters[i];
    copies.emplace_back(from, from + function->sizes[i]);
  }
  const int together = cooperative || cluster8 || cluster16;
  const auto entry = function->entry;
  auto work = [=]() mutable {
    std::vector<void*> pointers;
    for (auto& copy : copies) pointers.push_back(copy.data());
    entry(pointers.data(), gx, together);
  };
  if (!stand_in::push(stream, std::move(work))) return fail("no stream of this context", 400);
  return CUresult(0);
}
}  // namespace

int stand_in::enter(const char* function) {
  static std::map<std::string, long> calls;
  static std::string wanted;
  const char* text = std::getenv("STAND_IN_FAIL");
  if (wanted != (text ? text : "")) {
    wanted = text ? text : "";
    calls.clear();
  }
  const long count = ++calls[function];
  char name[128];
  long nth;
  int code;
  const bool fails = text && std::sscanf(text, "%127[^:]:%ld:%d", name, &nth, &code) == 3;
  if (!fails || nth != count || std::strcmp(name, function)) return 0;
  failed = true;
  return code;
}

int stand_in::wrong(const char* function, const std::string& what, int code) {
  std::fprintf(stderr, "stand-in: %s: %s (%d)\n", function, what.c_str(), code);
  if (std::getenv("STAND_IN_STRICT")) std::abort();
  return code;
}

bool stand_in::on_gpu(CUdeviceptr at, std::size_t bytes) {
  if (!is_alive(current)) return false;
  auto after = current->memory.upper_bound(at);
  if (after == current->memory.begin()) return false;
  const auto& [begin, len] = *--after;
  return at + bytes <= begin + len;
}

bool stand_in::push(CUstream stream, Work work) {
  if (!is_ours(stream)) return false;
  if (stream->recording) stream->recorded.push_back(std::move(work));
  else work();
  return true;
}

API CUresult cuInit(unsigned flags) {
  BEGIN;
  WANT(flags == 0, 1);
  started = true;
  primary.resize(gpus());
  return gpus() ? CUresult(0) : CUresult(100);
}
API CUresult cuDriverGetVersion(int* version) {
  BEGIN;
  *version = 13000;
  return CUresult(0);
}
API CUresult cuDeviceGetCount(int* count) {
  BEGIN;
  WANT(started, 3);
  *count = gpus();
  return CUresult(0);
}
API CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  BEGIN;
  WANT(started, 3);
  WANT(ordinal >= 0 && ordinal < gpus(), 101);
  *device = ordinal;
  return CUresult(0);
}
API CUresult cuDeviceGetName(char* name, int len, CUdevice device) {
  BEGIN;
  WANT(device >= 0 && device < gpus(), 101);
  std::snprintf(name, len, "Stand-in %d", (int)device);
  return CUresult(0);
}
API CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
  BEGIN;
  WANT(device >= 0 && device < gpus(), 101);
  // Multiprocessors, compute capability (major, minor), cooperative launches.
  const std::map<int, int> known = {{16, MULTIPROCESSORS}, {75, 9}, {76, 0}, {95, 1}};
  const auto found = known.find((int)attribute);
  WANT(found != known.end(), 1);
  *value = found->second;
  return CUresult(0);
}
API CUresult cuDeviceTotalMem_v2(std::size_t* bytes, CUdevice device) {
  BEGIN;
  WANT(device >= 0 && device < gpus(), 101);
  *bytes = total();
  return CUresult(0);
}
API CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
  BEGIN;
  WANT(started && device >= 0 && device < gpus(), 101);
  if (!primary[device]) {
    primary[device] = new CUctx_st(device);
    stand_in::alive.insert(primary[device]);
  }
  primary[device]->references++;
  *context = primary[device];
  return CUresult(0);
}
API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  BEGIN;
  WANT(started && device >= 0 && device < gpus() && primary[device], 201);
  CUcontext context = primary[device];
  if (--context->references) return CUresult(0);
  if (!failed && (!context->memory.empty() || !context->pinned.empty() || context->handles)) {
    char text[128];
    std::snprintf(text, sizeof text, "%zu pieces of memory, %zu of the host and %d handles were not given back",
                  context->memory.size(), context->pinned.size(), context->handles);
    stand_in::wrong(__func__, text, 0);
  }
  for (auto& piece : context->memory) release(piece.first);
  stand_in::alive.erase(context);
  primary[device] = nullptr;
  delete context;
  return CUresult(0);
}
API CUresult cuCtxSetCurrent(CUcontext context) {
  BEGIN;
  WANT(!context || is_alive(context), 201);
  current = context;
  return CUresult(0);
}

API CUresult cuMemGetInfo_v2(std::size_t* free, std::size_t* all) {
  BEGIN_IN_CONTEXT;
  *all = total();
  *free = total() - used(current);
  return CUresult(0);
}
API CUresult cuMemAlloc_v2(CUdeviceptr* address, std::size_t bytes) {
  BEGIN_IN_CONTEXT;
  WANT(bytes > 0, 1);
  if (bytes > total() - used(current)) return CUresult(2);
  const std::size_t all = (bytes + 2 * GUARD + 255) / 256 * 256;
  unsigned char* start = (unsigned char*)std::aligned_alloc(256, all);
  std::memset(start, 0xa5, all);
  std::memset(start + GUARD, 0xff, bytes);
  *address = (CUdeviceptr)(start + GUARD);
  current->memory[*address] = bytes;
  return CUresult(0);
}
API CUresult cuMemFree_v2(CUdeviceptr address) {
  BEGIN_IN_CONTEXT;
  const auto found = current->memory.find(address);
  WANT(found != current->memory.end(), 1);
  if (!guards_are_whole(address, found->second)) std::abort();
  current->memory.erase(found);
  release(address);
  return CUresult(0);
}
API CUresult cuMemHostAlloc(void** pointer, std::size_t bytes, unsigned flags) {
  BEGIN_IN_CONTEXT;
  WANT(flags == 0 && bytes > 0, 1);
  *pointer = std::malloc(bytes);
  current->pinned[*pointer] = bytes;
  return CUresult(0);
}
API CUresult cuMemFreeHost(void* pointer) {
  BEGIN_IN_CONTEXT;
  WANT(current->pinned.erase(pointer) == 1, 1);
  std::free(pointer);
  return CUresult(0);
}
API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(stream), 400);
  WANT(!stream->recording, (stream->broken = true, 900));
  WANT(stand_in::on_gpu(to, bytes), 1);
  std::memcpy(bytes_at(to), from, bytes);
  return CUresult(0);
}
API CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(stream), 400);
  WANT(!stream->recording, (stream->broken = true, 900));
  WANT(stand_in::on_gpu(from, bytes), 1);
  std::memcpy(to, bytes_at(from), bytes);
  return CUresult(0);
}
API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  BEGIN_IN_CONTEXT;
  WANT(stand_in::on_gpu(to, bytes) && stand_in::on_gpu(from, bytes), 1);
  WANT(stand_in::push(stream, [=] { std::memmove(bytes_at(to), bytes_at(from), bytes); }), 400);
  return CUresult(0);
}
API CUresult cuMemsetD8Async(CUdeviceptr at, unsigned char value, std::size_t bytes, CUstream stream) {
  BEGIN_IN_CONTEXT;
  WANT(stand_in::on_gpu(at, bytes), 1);
  WANT(stand_in::push(stream, [=] { std::memset(bytes_at(at), value, bytes); }), 400);
  return CUresult(0);
}

API CUresult cuStreamCreate(CUstream* stream, unsigned flags) {
  BEGIN_IN_CONTEXT;
  WANT(flags <= 1, 1);
  *stream = make(CUstream_st{current, false, false, false, {}});
  return CUresult(0);
}
API CUresult cuStreamDestroy_v2(CUstream stream) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(stream), 400);
  destroy(stream);
  return CUresult(0);
}
API CUresult cuStreamSynchronize(CUstream stream) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(stream), 400);
  WANT(!stream->recording, (stream->broken = true, 900));
  return CUresult(0);
}
API CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(stream) && is_ours(event) && flags == 0, 400);
  WANT(!stream->recording, (stream->broken = true, 905));
  return CUresult(0);
}
API CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(stream) && (int)mode <= 2, 400);
  WANT(!stream->recording, 1);
  stream->recording = true;
  stream->broken = false;
  stream->recorded.clear();
  return CUresult(0);
}
API CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph) {
  // Also where it fails.
  if (is_alive(stream)) stream->ended = std::exchange(stream->recording, false);
  BEGIN_IN_CONTEXT;
  WANT(is_ours(stream), 400);
  WANT(stream->ended, 1);
  *graph = nullptr;
  WANT(!stream->broken, 901);
  *graph = make(CUgraph_st{current, std::move(stream->recorded)});
  return CUresult(0);
}

API CUresult cuEventCreate(CUevent* event, unsigned flags) {
  BEGIN_IN_CONTEXT;
  WANT(flags <= 3, 1);
  *event = make(CUevent_st{current});
  return CUresult(0);
}
API CUresult cuEventRecord(CUevent event, CUstream stream) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(event) && is_ours(stream), 400);
  return CUresult(0);
}
API CUresult cuEventSynchronize(CUevent event) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(event), 400);
  return CUresult(0);
}
API CUresult cuEventDestroy_v2(CUevent event) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(event), 400);
  destroy(event);
  return CUresult(0);
}

API CUresult cuModuleLoadData(CUmodule* module, const void* image) {
  BEGIN_IN_CONTEXT;
  // See nvrtc.cpp.
  WANT(!std::strncmp((const char*)image, "stand-in:", 9), 200);
  void* library = dlopen((const char*)image + 9, RTLD_NOW | RTLD_LOCAL);
  WANT(library, 200);
  *module = make(CUmod_st{current, library, {}});
  return CUresult(0);
}
API CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(module), 400);
  const std::string entry = std::string("host_") + name, sizes = std::string("sizes_") + name;
  void* found = dlsym(module->library, entry.c_str());
  auto parameters = (int (*)(std::size_t*))dlsym(module->library, sizes.c_str());
  WANT(found && parameters, 500);
  *function = new CUfunc_st{module, name, (void (*)(void**, unsigned, int))found, {}};
  (*function)->sizes.resize(parameters(nullptr));
  parameters((*function)->sizes.data());
  stand_in::alive.insert(*function);
  module->functions.push_back(*function);
  return CUresult(0);
}
API CUresult cuModuleUnload(CUmodule module) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(module), 400);
  for (CUfunction function : module->functions) {
    stand_in::alive.erase(function);
    delete function;
  }
  dlclose(module->library);
  destroy(module);
  return CUresult(0);
}
API CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
  BEGIN_IN_CONTEXT;
  WANT(is_alive(function) && function->module->context == current, 400);
  // CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED
  WANT((int)attribute == 14, 1);
  function->large_clusters = value == 1;
  return CUresult(0);
}
API CUresult cuFuncGetAttribute(int* value, CUfunction_attribute, CUfunction function) {
  BEGIN_IN_CONTEXT;
  WANT(is_alive(function), 400);
  *value = 0;
  return CUresult(0);
}
API CUresult cuLaunchKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                            unsigned bz, unsigned shared, CUstream stream, void** parameters, void** extra) {
  BEGIN_IN_CONTEXT;
  WANT(!extra, 1);
  return launch(__func__, function, {gx, gy, gz, bx, by, bz}, shared, stream, parameters, false);
}
API CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                                       unsigned by, unsigned bz, unsigned shared, CUstream stream, void** parameters) {
  BEGIN_IN_CONTEXT;
  return launch(__func__, function, {gx, gy, gz, bx, by, bz}, shared, stream, parameters, true);
}

API CUresult cuGraphInstantiateWithFlags(CUgraphExec* ready, CUgraph graph, unsigned long long flags) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(graph), 400);
  WANT(flags == 0, 1);
  *ready = make(CUgraphExec_st{current, graph->work});
  return CUresult(0);
}
API CUresult cuGraphUpload(CUgraphExec ready, CUstream stream) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(ready) && is_ours(stream), 400);
  return CUresult(0);
}
API CUresult cuGraphLaunch(CUgraphExec ready, CUstream stream) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(ready) && is_ours(stream) && !stream->recording, 400);
  for (auto& work : ready->work) work();
  return CUresult(0);
}
API CUresult cuGraphExecDestroy(CUgraphExec ready) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(ready), 400);
  destroy(ready);
  return CUresult(0);
}
API CUresult cuGraphDestroy(CUgraph graph) {
  BEGIN_IN_CONTEXT;
  WANT(is_ours(graph), 400);
  destroy(graph);
  return CUresult(0);
}
API CUresult cuGetErrorName(CUresult, const char** text) {
  *text = "CUDA_ERROR_OF_A_STAND_IN";
  return CUresult(0);
}
API CUresult cuGetErrorString(CUresult, const char** text) {
  *text = "an error of a stand-in";
  return CUresult(0);
}
