// cuBLASLt's part: products by their definition. Codes are those of cublas_api.h.
#include "stand_in.hpp"

#include <cmath>
#include <cstring>
#include <map>

#if __has_include(<cublasLt.h>)
#include <cublasLt.h>
typedef cublasLtMatmulDescOpaque_t Operation;
typedef cublasLtMatrixLayoutOpaque_t Layout;
typedef cublasLtMatmulPreferenceOpaque_t Preference;
#else
typedef int cublasStatus_t, cublasComputeType_t, cudaDataType, cublasLtMatmulDescAttributes_t,
    cublasLtMatrixLayoutAttribute_t, cublasLtMatmulPreferenceAttributes_t;
typedef cudaDataType cudaDataType_t;
typedef CUstream cudaStream_t;
typedef struct cublasLtContext* cublasLtHandle_t;
struct Operation;
struct Layout;
struct Preference;
typedef Operation* cublasLtMatmulDesc_t;
typedef Layout* cublasLtMatrixLayout_t;
typedef Preference* cublasLtMatmulPreference_t;
struct cublasLtMatmulAlgo_t {
  std::uint64_t data[8];
};
struct cublasLtMatmulHeuristicResult_t {
  cublasLtMatmulAlgo_t algo;
  std::size_t workspaceSize;
  cublasStatus_t state;
  float wavesCount;
  int reserved[4];
};
#endif

#define BEGIN ENTER(cublasStatus_t)
#define WANT(condition, code) EXPECT(cublasStatus_t, condition, code)
#define OK cublasStatus_t(0)

namespace {
constexpr std::uint64_t MAGIC = 0x676c6f726f74;
constexpr std::size_t WORKSPACE = 1 << 20;

// What stands behind the library's opaque handles.
struct Described {
  std::int64_t type = 0, compute = 0, rows = 0, columns = 0, leading = 0;
  std::map<int, std::int64_t> attributes;
  std::int64_t at(int attribute, std::int64_t otherwise) const {
    const auto found = attributes.find(attribute);
    return found == attributes.end() ? otherwise : found->second;
  }
};
Described& described(const void* handle) { return *(Described*)handle; }
bool is_alive(const void* handle) { return stand_in::alive.count(handle) > 0; }

template <class H>
void make(H* handle, Described value) {
  Described* made = new Described(std::move(value));
  stand_in::alive.insert(made);
  *handle = (H)made;
}
template <class H>
cublasStatus_t destroy(const char* function, H handle) {
  if (!stand_in::alive.erase(handle)) return cublasStatus_t(stand_in::wrong(function, "no such handle", 7));
  delete (Described*)handle;
  return OK;
}
// Sets an attribute if it is known and has this size.
template <class H>
cublasStatus_t set(const char* function, H handle, int attribute, const void* value, std::size_t size,
                   const std::map<int, std::size_t>& known) {
  const auto found = known.find(attribute);
  if (!is_alive(handle) || found == known.end() || found->second != size)
    return cublasStatus_t(stand_in::wrong(function, "attribute " + std::to_string(attribute), 7));
  std::int64_t number = 0;
  if (size == 4) number = *(const std::int32_t*)value;
  else std::memcpy(&number, value, 8);
  described(handle).attributes[attribute] = number;
  return OK;
}

// Rows and columns of an operand after its transposition; whether the four fit together.
bool fits(const Described& operation, const Described& a, const Described& b, const Described& result) {
  const bool ta = operation.at(3, 0) == 1, tb = operation.at(4, 0) == 1;
  const auto rows = [](const Described& m, bool t) { return t ? m.columns : m.rows; };
  const std::int64_t batch = result.at(5, 1);
  const bool types = a.type == b.type && (a.type == 0 || a.type == 2 || a.type == 14) && result.type == 0;
  // CUBLAS_COMPUTE_32F and, of float32, CUBLAS_COMPUTE_32F_FAST_TF32.
  const bool compute = operation.compute == 68 || (operation.compute == 77 && a.type == 0);
  return types && compute && rows(a, ta) == result.rows && rows(b, !tb) == result.columns &&
         rows(a, !ta) == rows(b, tb) && a.at(5, 1) == batch && b.at(5, 1) == batch && a.leading >= a.rows &&
         b.leading >= b.rows && result.leading >= result.rows;
}

// True if all elements that a layout names are on the GPU.
bool lies_there(const Described& layout, const void* memory) {
  const std::size_t size = layout.type == 0 ? 4 : 2;
  const std::int64_t last =
      (layout.at(5, 1) - 1) * layout.at(6, 0) + (layout.columns - 1) * layout.leading + layout.rows;
  return stand_in::on_gpu((CUdeviceptr)memory, size * last);
}
}  // namespace

namespace stand_in {
float element(const void* memory, std::int64_t type, std::int64_t i) {
  if (type == 0) return ((const float*)memory)[i];
  const std::uint16_t bits = ((const std::uint16_t*)memory)[i];
  if (type == 14) {
    const std::uint32_t wide = (std::uint32_t)bits << 16;
    float value;
    std::memcpy(&value, &wide, 4);
    return value;
  }
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float size = exponent == 31 ? (fraction ? NAN : INFINITY)
                     : exponent     ? std::ldexp(1024.0f + fraction, exponent - 25)
                                    : std::ldexp((float)fraction, -24);
  return bits >> 15 ? -size : size;
}

}  // namespace stand_in

API cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  BEGIN;
  make(handle, {});
  return OK;
}
API cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  BEGIN;
  return destroy(__func__, handle);
}
API std::size_t cublasLtGetVersion(void) { return 130000; }
API cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation, cublasComputeType_t compute,
                                            cudaDataType_t scale) {
  BEGIN;
  WANT((int)scale == 0, 7);
  Described value;
  value.compute = compute;
  make(operation, value);
  return OK;
}
API cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation) {
  BEGIN;
  return destroy(__func__, operation);
}
API cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t attribute,
                                                  const void* value, std::size_t size) {
  BEGIN;
  // Transpositions, epilogue, bias.
  return set(__func__, operation, attribute, value, size, {{3, 4}, {4, 4}, {7, 4}, {8, 8}});
}
API cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type, std::uint64_t rows,
                                              std::uint64_t columns, std::int64_t leading) {
  BEGIN;
  WANT(rows && columns && leading >= (std::int64_t)rows, 7);
  Described value;
  value.type = type, value.rows = rows, value.columns = columns, value.leading = leading;
  make(layout, value);
  return OK;
}
API cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  BEGIN;
  return destroy(__func__, layout);
}
API cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                    cublasLtMatrixLayoutAttribute_t attribute, const void* value,
                                                    std::size_t size) {
  BEGIN;
  // Count and stride of a batch.
  return set(__func__, layout, attribute, value, size, {{5, 4}, {6, 8}});
}
API cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  BEGIN;
  make(preference, {});
  return OK;
}
API cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  BEGIN;
  return destroy(__func__, preference);
}
API cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                        cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                                        std::size_t size) {
  BEGIN;
  // Bytes of workspace, alignments of A, B, C, D.
  return set(__func__, preference, attribute, value, size, {{1, 8}, {5, 4}, {6, 4}, {7, 4}, {8, 4}});
}
API cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                                  cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                                  cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                                  cublasLtMatmulPreference_t preference, int wanted,
                                                  cublasLtMatmulHeuristicResult_t* results, int* count) {
  BEGIN;
  WANT(is_alive(handle) && is_alive(operation) && is_alive(a) && is_alive(b) && is_alive(c) && is_alive(d) &&
           is_alive(preference) && wanted == 1 && c == d, 7);
  WANT(fits(described(operation), described(a), described(b), described(d)), 7);
  *count = 0;
  // As the library, which has no algorithm for operands of 16 bits that are not aligned.
  const bool narrow = described(a).type != 0;
  const bool odd = (described(a).leading | described(b).leading) % 2 || described(preference).at(5, 1) < 4;
  if (described(preference).at(1, 0) < (std::int64_t)WORKSPACE || (narrow && odd)) return cublasStatus_t(15);
  std::memset(results, 0, sizeof *results);
  results->algo.data[0] = MAGIC;
  results->workspaceSize = WORKSPACE;
  *count = 1;
  return OK;
}
API cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void* alpha,
                                  const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                                  cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                                  cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                                  const cublasLtMatmulAlgo_t* algorithm, void* workspace, std::size_t workspace_bytes,
                                  cudaStream_t stream) {
  BEGIN;
  WANT(is_alive(handle) && is_alive(operation) && is_alive(a_layout) && is_alive(b_layout) && is_alive(d_layout), 7);
  WANT(*(const float*)alpha == 1 && *(const float*)beta == 0 && c == d && c_layout == d_layout, 7);
  WANT(algorithm && algorithm->data[0] == MAGIC && workspace_bytes >= WORKSPACE, 7);
  WANT((CUdeviceptr)workspace % 256 == 0 && stand_in::on_gpu((CUdeviceptr)workspace, workspace_bytes), 7);
  const Described op = described(operation), al = described(a_layout), bl = described(b_layout), dl = described(d_layout);
  WANT(fits(op, al, bl, dl), 7);
  WANT(lies_there(al, a) && lies_there(bl, b) && lies_there(dl, d), 7);
  // CUBLASLT_EPILOGUE_DEFAULT, RELU, BIAS, RELU_BIAS.
  const std::int64_t epilogue = op.at(7, 1);
  WANT(epilogue == 1 || epilogue == 2 || epilogue == 4 || epilogue == 6, 15);
  const bool relu = epilogue & 2, is_biased = epilogue & 4;
  const float* bias = (const float*)op.at(8, 0);
  WANT(!is_biased || stand_in::on_gpu((CUdeviceptr)bias, 4 * dl.rows), 7);
  const bool ta = op.at(3, 0) == 1, tb = op.at(4, 0) == 1;
  const std::int64_t depth = ta ? al.rows : al.columns;
  auto work = [=] {
    for (std::int64_t batch = 0; batch < dl.at(5, 1); batch++)
      for (std::int64_t column = 0; column < dl.columns; column++)
        for (std::int64_t row = 0; row < dl.rows; row++) {
          double sum = 0;
          for (std::int64_t k = 0; k < depth; k++) {
            const std::int64_t i = ta ? row * al.leading + k : k * al.leading + row;
            const std::int64_t j = tb ? k * bl.leading + column : column * bl.leading + k;
            const double left = stand_in::element(a, al.type, batch * al.at(6, 0) + i);
            sum += left * stand_in::element(b, bl.type, batch * bl.at(6, 0) + j);
          }
          if (is_biased) sum += bias[row];
          if (relu && sum < 0) sum = 0;
          ((float*)d)[batch * dl.at(6, 0) + column * dl.leading + row] = (float)sum;
        }
  };
  WANT(stand_in::push((CUstream)stream, work), 7);
  return OK;
}
