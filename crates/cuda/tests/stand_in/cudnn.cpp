// cuDNN's part: convolutions by their definition. Numbers are those of cudnn_graph.h.
#include "stand_in.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>

#if __has_include(<cudnn.h>)
#include <cudnn.h>
#else
typedef int cudnnStatus_t, cudnnBackendDescriptorType_t, cudnnBackendAttributeName_t, cudnnBackendAttributeType_t;
typedef struct cudnnContext* cudnnHandle_t;
typedef void* cudnnBackendDescriptor_t;
typedef CUstream cudaStream_t;
#endif

#define BEGIN ENTER(cudnnStatus_t)
#define WANT(condition, code) EXPECT(cudnnStatus_t, condition, code)
#define OK cudnnStatus_t(0)

namespace {
enum Kind {
  POINTWISE, WINDOWS, ENGINE, CONFIGURATION, HEURISTICS, PLAN,
  FORWARD = 10, FILTERS, IMAGES, IDENTITY,
  GRAPH = 15, PACK, TENSOR
};
constexpr int BAD_PARAM = 2000, NOT_FINALIZED = 2004, NOT_SUPPORTED = 3000;
constexpr std::int64_t WORKSPACE = 1 << 20;

// What an attribute may be: its type, of how many bytes, and how many.
struct Form {
  int type, size;
  std::size_t least, most;
};
using Forms = std::map<int, Form>;
Form one(int type, int size) { return {type, size, 1, 1}; }
const Form PART = one(15, 8), PAIR = {3, 8, 2, 2}, FOUR = {3, 8, 4, 4};
Forms convolution(int first) {
  return {{first, one(4, 4)}, {first + 1, one(4, 4)}, {first + 2, PART},
          {first + 3, PART},  {first + 4, PART},      {first + 5, PART}};
}
// The attributes of each kind; all must be set, but for that of virtual tensors.
const std::map<int, Forms> FORMS = {
    {POINTWISE, {{0, one(14, 4)}, {1, one(1, 4)}}},
    {WINDOWS,
     {{100, one(1, 4)}, {101, one(7, 4)}, {102, PAIR}, {103, PAIR}, {104, PAIR}, {105, PAIR}, {106, one(3, 8)}}},
    {ENGINE, {}},
    {CONFIGURATION, {}},
    {HEURISTICS, {{200, one(8, 4)}, {201, PART}}},
    {PLAN, {{400, one(0, 8)}, {401, PART}}},
    {FORWARD, convolution(700)},
    {FILTERS, convolution(712)},
    {IMAGES, convolution(706)},
    {IDENTITY, {{750, PART}, {751, PART}, {753, PART}}},
    {GRAPH, {{800, one(0, 8)}, {801, {15, 8, 1, 2}}}},
    {PACK, {{1000, {3, 8, 3, 3}}, {1001, {6, 8, 3, 3}}, {1003, one(6, 8)}}},
    {TENSOR, {{900, one(3, 8)}, {901, one(1, 4)}, {902, FOUR}, {903, FOUR}, {906, one(3, 8)}, {907, one(2, 1)}}},
};

// An engine and its notes; of some, the plans cannot be made.
struct Engine {
  std::vector<int> notes;
  bool works;
  std::int64_t workspace;
};
// TENSOR_CORE, NONDETERMINISTIC, WINOGRAD.
const std::vector<Engine> FIRST = {
    {{4}, true, 0}, {{5}, true, 0}, {{0}, false, 0}, {{}, true, 1ll << 40}, {{0}, true, WORKSPACE}};
const std::vector<Engine> FALLBACK = {{{9}, true, WORKSPACE}};

struct Descriptor {
  int kind = 0;
  bool finalized = false;
  std::map<int, std::vector<char>> attributes;
  // Of configurations, engines and plans.
  const Engine* engine = nullptr;
  const Descriptor* graph = nullptr;

  template <class T>
  const T* all(int attribute) const {
    return (const T*)attributes.at(attribute).data();
  }
  template <class T>
  T get(int attribute) const {
    return *all<T>(attribute);
  }
  const Descriptor& part(int attribute) const { return *get<Descriptor*>(attribute); }
  const std::int64_t* dims() const { return all<std::int64_t>(902); }
  bool is_virtual() const { return attributes.count(907) && get<bool>(907); }
};

struct Context {
  CUstream stream = nullptr;
};

bool is_alive(const void* handle) { return stand_in::alive.count(handle) > 0; }
int first_of(int kind) { return kind == FORWARD ? 700 : kind == FILTERS ? 712 : 706; }
// Filters, images, results; which is computed.
std::array<const Descriptor*, 3> tensors(const Descriptor& operation) {
  const int first = first_of(operation.kind);
  return {&operation.part(first + 3), &operation.part(first + 4), &operation.part(first + 5)};
}
int computed(int kind) { return kind == FILTERS ? 0 : kind == IMAGES ? 1 : 2; }

bool is_whole(const Descriptor& tensor) {
  const std::int64_t *d = tensor.dims(), *s = tensor.all<std::int64_t>(903);
  // The channels innermost.
  return d[0] > 0 && d[1] > 0 && d[2] > 0 && d[3] > 0 && s[1] == 1 && s[3] == d[1] && s[2] == d[1] * d[3] &&
         s[0] == d[1] * d[3] * d[2] && tensor.get<std::int64_t>(900) >= 4;
}
bool is_whole_operation(const Descriptor& operation) {
  const int first = first_of(operation.kind);
  const Descriptor& windows = operation.part(first + 2);
  const auto [filters, images, results] = tensors(operation);
  const std::int64_t *f = filters->dims(), *x = images->dims(), *y = results->dims();
  const std::int64_t *stride = windows.all<std::int64_t>(103), *dilation = windows.all<std::int64_t>(102);
  bool fits = operation.get<float>(first) == 1 && operation.get<float>(first + 1) == 0 && windows.kind == WINDOWS &&
              filters->kind == TENSOR && images->kind == TENSOR && results->kind == TENSOR && x[0] == y[0] &&
              x[1] == f[1] && y[1] == f[0];
  for (int axis = 0; axis < 2; axis++)
    fits = fits && y[2 + axis] == (x[2 + axis] - (f[2 + axis] - 1) * dilation[axis] - 1) / stride[axis] + 1;
  return fits;
}
bool is_whole_graph(const Descriptor& graph) {
  const std::size_t count = graph.attributes.at(801).size() / 8;
  Descriptor* const* operations = graph.all<Descriptor*>(801);
  const Descriptor& operation = *operations[0];
  if (operation.kind < FORWARD || operation.kind > IMAGES || !is_alive(graph.get<void*>(800))) return false;
  const Descriptor* result = tensors(operation)[computed(operation.kind)];
  if (count == 1) return !result->is_virtual();
  const Descriptor& after = *operations[1];
  return after.kind == IDENTITY && result->is_virtual() && &after.part(751) == result &&
         after.part(750).get<int>(0) == 21 && !std::memcmp(after.part(753).dims(), result->dims(), 32);
}

// The engines for a graph: as in the library, none for operands of 16 bits whose result is to be whole at once, nor for the
// gradient of filters of an odd number of channels.
const std::vector<Engine>* engines(const Descriptor& graph, int mode) {
  static const std::vector<Engine> none;
  const Descriptor& operation = **graph.all<Descriptor*>(801);
  const auto all = tensors(operation);
  const bool narrow = all[operation.kind == FILTERS ? 1 : 0]->get<int>(901) != 0;
  const bool alone = graph.attributes.at(801).size() == 8;
  if (narrow && (alone || (operation.kind == FILTERS && all[1]->dims()[1] % 2))) return &none;
  return mode == 3 ? &FIRST : mode == 2 ? &FALLBACK : &none;
}

using Pair = std::array<std::int64_t, 2>;
using Dims = std::array<std::int64_t, 4>;

std::int64_t numel(const Dims& dims) { return dims[0] * dims[1] * dims[2] * dims[3]; }

// The elements of a tensor of type CUDNN_DATA_FLOAT (0), CUDNN_DATA_HALF (2) or CUDNN_DATA_BFLOAT16 (9).
std::vector<double> elements(const void* memory, int type, std::int64_t count) {
  std::vector<double> all(count);
  for (std::int64_t i = 0; i < count; i++) all[i] = stand_in::element(memory, type == 9 ? 14 : type, i);
  return all;
}

// Where an element of a tensor lies whose second axis is the innermost.
std::int64_t at(const Dims& dims, std::int64_t first, std::int64_t channel, std::int64_t row, std::int64_t column) {
  return ((first * dims[2] + row) * dims[3] + column) * dims[1] + channel;
}

// What a graph computes, of these filters, images and results.
void convolve(int kind, std::array<Dims, 3> dims, std::array<int, 3> types, Pair stride, Pair dilation,
              std::array<void*, 3> memory) {
  const auto& [f, x, y] = dims;
  const int to = computed(kind), a = to == 0 ? 1 : 0, b = to == 2 ? 1 : 2;
  const std::vector<double> u = elements(memory[a], types[a], numel(dims[a]));
  const std::vector<double> v = elements(memory[b], types[b], numel(dims[b]));
  std::vector<double> sums(numel(dims[to]));
  const auto window = [&](std::int64_t n, std::int64_t p, std::int64_t q, std::int64_t r, std::int64_t s) {
    for (std::int64_t k = 0; k < f[0]; k++)
      for (std::int64_t c = 0; c < f[1]; c++) {
        const std::int64_t row = p * stride[0] + r * dilation[0], column = q * stride[1] + s * dilation[1];
        const std::int64_t places[] = {at(f, k, c, r, s), at(x, n, c, row, column), at(y, n, k, p, q)};
        sums[places[to]] += u[places[a]] * v[places[b]];
      }
  };
  for (std::int64_t n = 0; n < x[0]; n++)
    for (std::int64_t p = 0; p < y[2]; p++)
      for (std::int64_t q = 0; q < y[3]; q++)
        for (std::int64_t r = 0; r < f[2]; r++)
          for (std::int64_t s = 0; s < f[3]; s++) window(n, p, q, r, s);
  for (std::size_t i = 0; i < sums.size(); i++) ((float*)memory[to])[i] = (float)sums[i];
}
}  // namespace

API cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  BEGIN;
  Context* made = new Context;
  stand_in::alive.insert(made);
  *handle = (cudnnHandle_t)made;
  return OK;
}
API cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  BEGIN;
  WANT(stand_in::alive.erase(handle), BAD_PARAM);
  delete (Context*)handle;
  return OK;
}
API cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  BEGIN;
  WANT(is_alive(handle), BAD_PARAM);
  ((Context*)handle)->stream = stream;
  return OK;
}
API std::size_t cudnnGetVersion(void) { return 92801; }
API std::size_t cudnnGetCudartVersion(void) { return 13000; }
API const char* cudnnGetErrorString(cudnnStatus_t status) {
  return (int)status >= 3000 ? "CUDNN_STATUS_NOT_SUPPORTED" : "CUDNN_STATUS_BAD_PARAM";
}
API void cudnnGetLastErrorString(char* message, std::size_t size) { std::snprintf(message, size, "%s", ""); }

API cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t kind, cudnnBackendDescriptor_t* descriptor) {
  BEGIN;
  WANT(FORMS.count(kind), BAD_PARAM);
  Descriptor* made = new Descriptor;
  made->kind = kind;
  stand_in::alive.insert(made);
  *descriptor = made;
  return OK;
}
API cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  BEGIN;
  WANT(stand_in::alive.erase(descriptor), BAD_PARAM);
  delete (Descriptor*)descriptor;
  return OK;
}
API cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                           cudnnBackendAttributeType_t type, std::int64_t count, const void* values) {
  BEGIN;
  WANT(is_alive(descriptor), BAD_PARAM);
  Descriptor& set = *(Descriptor*)descriptor;
  const Forms& forms = FORMS.at(set.kind);
  const auto form = forms.find(name);
  WANT(!set.finalized && form != forms.end() && form->second.type == (int)type, BAD_PARAM);
  WANT(count >= (std::int64_t)form->second.least && count <= (std::int64_t)form->second.most, BAD_PARAM);
  for (std::int64_t i = 0; (int)type == 15 && i < count; i++) {
    const Descriptor* part = ((Descriptor* const*)values)[i];
    WANT(is_alive(part), BAD_PARAM);
    WANT(part->finalized, NOT_FINALIZED);
  }
  set.attributes[name].assign((const char*)values, (const char*)values + count * form->second.size);
  return OK;
}
API cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  BEGIN;
  WANT(is_alive(descriptor), BAD_PARAM);
  Descriptor& made = *(Descriptor*)descriptor;
  for (const auto& [name, form] : FORMS.at(made.kind)) WANT(name == 907 || made.attributes.count(name), BAD_PARAM);
  if (made.kind == TENSOR) WANT(is_whole(made), BAD_PARAM);
  if (made.kind >= FORWARD && made.kind <= IMAGES) WANT(is_whole_operation(made), BAD_PARAM);
  if (made.kind == GRAPH) WANT(is_whole_graph(made), BAD_PARAM);
  if (made.kind == HEURISTICS) WANT(made.part(201).kind == GRAPH, BAD_PARAM);
  if (made.kind == PLAN) {
    made.engine = made.part(401).engine, made.graph = made.part(401).graph;
    WANT(made.engine && is_alive(made.get<void*>(400)), BAD_PARAM);
    if (!made.engine->works) return cudnnStatus_t(NOT_SUPPORTED);
  }
  made.finalized = true;
  return OK;
}
API cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const descriptor, cudnnBackendAttributeName_t name,
                                           cudnnBackendAttributeType_t type, std::int64_t room, std::int64_t* count,
                                           void* values) {
  BEGIN;
  WANT(is_alive(descriptor), BAD_PARAM);
  const Descriptor& asked = *(const Descriptor*)descriptor;
  WANT(asked.finalized, NOT_FINALIZED);
  // Fills a descriptor that the caller has made.
  const auto fill = [&](std::int64_t i, int kind, const Engine& engine, const Descriptor* graph) {
    Descriptor* to = ((Descriptor**)values)[i];
    if (!is_alive(to) || to->kind != kind || to->finalized) return false;
    to->engine = &engine, to->graph = graph, to->finalized = true;
    return true;
  };
  if (asked.kind == HEURISTICS && name == 202 && type == 15) {
    const std::vector<Engine>* found = engines(asked.part(201), asked.get<int>(200));
    *count = found->size();
    for (std::int64_t i = 0; i < room && i < *count; i++)
      WANT(fill(i, CONFIGURATION, (*found)[i], &asked.part(201)), BAD_PARAM);
    return OK;
  }
  if (asked.kind == CONFIGURATION && name == 300 && type == 15) {
    *count = 1;
    if (room > 0) WANT(fill(0, ENGINE, *asked.engine, asked.graph), BAD_PARAM);
    return OK;
  }
  if (asked.kind == ENGINE && name == 1303 && type == 11) {
    *count = asked.engine->notes.size();
    for (std::int64_t i = 0; i < room && i < *count; i++) ((int*)values)[i] = asked.engine->notes[i];
    return OK;
  }
  WANT(asked.kind == PLAN && name == 402 && type == 3 && room == 1, BAD_PARAM);
  *count = 1;
  *(std::int64_t*)values = asked.engine->workspace;
  return OK;
}
API cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan_, cudnnBackendDescriptor_t pack_) {
  BEGIN;
  WANT(is_alive(handle) && is_alive(plan_) && is_alive(pack_), BAD_PARAM);
  const Descriptor &plan = *(const Descriptor*)plan_, &pack = *(const Descriptor*)pack_;
  WANT(plan.kind == PLAN && pack.kind == PACK && plan.finalized && pack.finalized && is_alive(plan.graph), BAD_PARAM);
  const CUdeviceptr workspace = (CUdeviceptr)pack.get<void*>(1003);
  WANT(stand_in::on_gpu(workspace, plan.engine->workspace), BAD_PARAM);
  const Descriptor& operation = **plan.graph->all<Descriptor*>(801);
  const Descriptor& windows = operation.part(first_of(operation.kind) + 2);
  auto all = tensors(operation);
  const int to = computed(operation.kind);
  if (all[to]->is_virtual()) all[to] = &plan.graph->all<Descriptor*>(801)[1]->part(753);
  std::array<Dims, 3> dims;
  std::array<int, 3> types;
  std::array<void*, 3> memory = {};
  for (int i = 0; i < 3; i++) {
    std::memcpy(dims[i].data(), all[i]->dims(), 32);
    types[i] = all[i]->get<int>(901);
    for (int j = 0; j < 3; j++)
      if (pack.all<std::int64_t>(1000)[j] == all[i]->get<std::int64_t>(906)) memory[i] = pack.all<void*>(1001)[j];
    const std::size_t bytes = numel(dims[i]) * (types[i] == 0 ? 4 : 2);
    WANT(memory[i] && (CUdeviceptr)memory[i] % all[i]->get<std::int64_t>(900) == 0, BAD_PARAM);
    WANT(stand_in::on_gpu((CUdeviceptr)memory[i], bytes), BAD_PARAM);
  }
  WANT(types[to] == 0, BAD_PARAM);
  Pair stride, dilation;
  std::memcpy(stride.data(), windows.all<std::int64_t>(103), 16);
  std::memcpy(dilation.data(), windows.all<std::int64_t>(102), 16);
  const int kind = operation.kind;
  const auto work = [=] { convolve(kind, dims, types, stride, dilation, memory); };
  WANT(stand_in::push(((Context*)handle)->stream, work), BAD_PARAM);
  return OK;
}
