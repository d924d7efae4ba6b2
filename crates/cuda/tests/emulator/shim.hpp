// Lets a C++ compiler take the generated sources: the threads of a block are fibers that change places where they wait
// for one another. Blocks run one after the other, or all at once where a kernel waits for all of them.
#define GLOROT_HOST 1
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <sys/mman.h>
#include <tuple>
#include <utility>
#include <vector>
#ifndef __x86_64__
#include <ucontext.h>
#endif

#define __global__
#define __launch_bounds__(...)
#define __cluster_dims__(...)
#define __grid_constant__
#define __align__(n) alignas(n)
#define GLOROT_DEVICE static __attribute__((noinline))
#define GLOROT_INLINE static inline __attribute__((unused))
#define GLOROT_SHARED(name, bytes) unsigned char* name = host::shared(bytes)
#define GLOROT_PAUSE host::yield()
#define GLOROT_KERNEL(name) \
  extern "C" void host_##name(void** arguments, unsigned blocks, int together) { \
    host::launch(name, arguments, blocks, together); \
  } \
  extern "C" int sizes_##name(std::size_t* sizes) { return host::sizes(name, sizes); }

struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(8) float2 { float x, y; };
struct Dim { unsigned x; };

static Dim threadIdx, blockIdx, gridDim;

static inline float __int_as_float(int bits) { float x; std::memcpy(&x, &bits, 4); return x; }
static inline int __float_as_int(float x) { int bits; std::memcpy(&bits, &x, 4); return bits; }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((std::uint64_t)a * b) >> 32); }
static inline void __threadfence() {}
static inline unsigned atomicAdd(unsigned* at, unsigned value) { unsigned old = *at; *at = old + value; return old; }

namespace host {
constexpr int THREADS = 256;
constexpr std::size_t STACK = 64 << 10, SHARED = 48 << 10;

struct Barrier {
  unsigned expected = 0, arrived = 0, generation = 0;
};

struct Block {
  unsigned index;
  Barrier barrier;
  std::vector<unsigned char> memory;
};

struct Fiber {
#ifdef __x86_64__
  void* stack_pointer;
#else
  ucontext_t context;
#endif
  Block* block;
  unsigned thread;
  bool done;
};

static std::mutex turn;
static Fiber* current;
static Barrier all;
static std::function<void()> body;
static unsigned long long changes, launches;
#ifdef __x86_64__
static void* scheduler;
extern "C" void glorot_switch(void** from, void* to);
asm(".text\n.local glorot_switch\n.type glorot_switch,@function\nglorot_switch:\n"
    "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
    "movq %rsp, (%rdi)\nmovq %rsi, %rsp\n"
    "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n");
#else
static ucontext_t scheduler;
#endif

static void leave() {
  Fiber* self = current;
#ifdef __x86_64__
  glorot_switch(&self->stack_pointer, scheduler);
#else
  swapcontext(&self->context, &scheduler);
#endif
}

static void yield() { leave(); }

static void entry() {
  body();
  current->done = true;
  changes++;
  leave();
}

static void wait(Barrier& barrier) {
  const unsigned generation = barrier.generation;
  changes++;
  if (++barrier.arrived == barrier.expected) {
    barrier.arrived = 0;
    barrier.generation++;
  } else {
    while (barrier.generation == generation) yield();
  }
}

static unsigned char* shared(std::size_t bytes) {
  if (bytes > SHARED) { std::fprintf(stderr, "%zu bytes of shared memory\n", bytes); std::abort(); }
  return current->block->memory.data();
}

static unsigned char* stacks(std::size_t count) {
  static unsigned char* memory = nullptr;
  static std::size_t have = 0;
  if (have < count) {
    if (memory) munmap(memory, have * STACK);
    memory = (unsigned char*)mmap(nullptr, count * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) { std::perror("mmap"); std::abort(); }
    have = count;
  }
  return memory;
}

static void prepare(Fiber& fiber, unsigned char* stack) {
#ifdef __x86_64__
  void** top = (void**)(stack + STACK - 64);
  *--top = nullptr;
  *--top = (void*)entry;
  top -= 6;
  fiber.stack_pointer = top;
#else
  getcontext(&fiber.context);
  fiber.context.uc_stack = {stack, 0, STACK};
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
#endif
}

static void resume(Fiber& fiber) {
  current = &fiber;
  threadIdx.x = fiber.thread;
  blockIdx.x = fiber.block->index;
#ifdef __x86_64__
  glorot_switch(&scheduler, fiber.stack_pointer);
#else
  swapcontext(&scheduler, &fiber.context);
#endif
}

// Runs blocks `first ..` at once. Each goes on until it waits for the others, so that one is as far ahead of another as
// barriers allow. Every other launch blocks and threads take turns backwards, so that an order on which nobody may rely is
// not always the same.
static void run(unsigned first, unsigned count, bool backwards) {
  std::vector<Block> blocks(count);
  std::vector<Fiber> fibers(count * (std::size_t)THREADS);
  unsigned char* memory = stacks(fibers.size());
  all = {count * THREADS, 0, 0};
  for (unsigned b = 0; b < count; b++) {
    blocks[b].index = first + b;
    blocks[b].barrier.expected = THREADS;
    blocks[b].memory.assign(SHARED, 0xff);
    for (int t = 0; t < THREADS; t++) {
      const std::size_t i = b * (std::size_t)THREADS + t;
      fibers[i].block = &blocks[b];
      fibers[i].thread = t;
      fibers[i].done = false;
      prepare(fibers[i], memory + i * STACK);
    }
  }
  for (bool running = true; running;) {
    running = false;
    const unsigned long long before = changes;
    for (unsigned b = 0; b < count; b++) {
      Fiber* own = &fibers[(backwards ? count - 1 - b : b) * (std::size_t)THREADS];
      bool left;
      for (unsigned long long seen = changes - 1; seen != changes;) {
        seen = changes;
        left = false;
        for (int t = 0; t < THREADS; t++) {
          Fiber& fiber = own[backwards ? THREADS - 1 - t : t];
          if (!fiber.done) { resume(fiber); left |= !fiber.done; }
        }
      }
      running |= left;
    }
    static int idle = 0;
    idle = changes == before ? idle + 1 : 0;
    if (running && idle > 1000) { std::fprintf(stderr, "the threads of a kernel wait for each other forever\n"); std::abort(); }
  }
}

template <class... A, std::size_t... I>
static void invoke(void (*kernel)(A...), void** arguments, std::index_sequence<I...>) {
  kernel(*(std::remove_cv_t<A>*)arguments[I]...);
}

// The bytes of each parameter, if there is a list for them; their number.
template <class... A>
static int sizes(void (*)(A...), std::size_t* list) {
  const std::size_t all[] = {sizeof(A)...};
  if (list) std::copy(std::begin(all), std::end(all), list);
  return sizeof...(A);
}

template <class... A>
static void launch(void (*kernel)(A...), void** arguments, unsigned blocks, int together) {
  std::lock_guard<std::mutex> lock(turn);
  body = [=] { invoke(kernel, arguments, std::index_sequence_for<A...>{}); };
  gridDim.x = blocks;
  const bool backwards = launches++ % 2;
  if (together) {
    run(0, blocks, backwards);
  } else {
    for (unsigned block = 0; block < blocks; block++) run(block, 1, backwards);
  }
}
}  // namespace host

static inline void __syncthreads() { host::wait(host::current->block->barrier); }
static inline void g_cluster_barrier() { host::wait(host::all); }
