// NCCL's part: sums over the GPUs of one process, when a group of calls ends. Codes are those of nccl.h.
#include "stand_in.hpp"

#include <map>

#if __has_include(<nccl.h>)
#include <nccl.h>
#else
typedef int ncclResult_t, ncclDataType_t, ncclRedOp_t;
typedef struct ncclComm* ncclComm_t;
typedef CUstream cudaStream_t;
#endif

#define BEGIN ENTER(ncclResult_t)
#define WANT(condition, code) EXPECT(ncclResult_t, condition, code)
#define OK ncclResult_t(0)

struct ncclComm {
  int clique, rank, ranks;
};

namespace {
struct Sum {
  ncclComm_t comm;
  const float* from;
  float* to;
  std::size_t count;
};
int depth = 0;
std::vector<Sum> waiting;
}  // namespace

API ncclResult_t ncclGetVersion(int* version) {
  *version = 23203;
  return OK;
}
API ncclResult_t ncclCommInitAll(ncclComm_t* comms, int count, const int* devices) {
  BEGIN;
  WANT(comms && devices && count > 0, 4);
  static int cliques = 0;
  cliques++;
  for (int rank = 0; rank < count; rank++) {
    comms[rank] = new ncclComm{cliques, rank, count};
    stand_in::alive.insert(comms[rank]);
  }
  return OK;
}
API ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  BEGIN;
  WANT(stand_in::alive.erase(comm), 4);
  delete comm;
  return OK;
}
API ncclResult_t ncclAllReduce(const void* from, void* to, std::size_t count, ncclDataType_t type, ncclRedOp_t operation,
                               ncclComm_t comm, cudaStream_t stream) {
  BEGIN;
  // Float32, sum.
  WANT(stand_in::alive.count(comm) && stand_in::alive.count(stream) && (int)type == 7 && (int)operation == 0, 4);
  WANT(depth > 0 || comm->ranks == 1, 5);
  waiting.push_back({comm, (const float*)from, (float*)to, count});
  return OK;
}
API ncclResult_t ncclGroupStart() {
  BEGIN;
  depth++;
  return OK;
}
API ncclResult_t ncclGroupEnd() {
  BEGIN;
  WANT(depth > 0, 5);
  if (--depth) return OK;
  // The n-th sum of a rank belongs to the n-th of the others.
  std::map<std::pair<int, int>, int> numbers;
  std::map<std::pair<int, int>, std::vector<Sum>> sums;
  for (const Sum& sum : waiting) {
    const int number = numbers[{sum.comm->clique, sum.comm->rank}]++;
    sums[{sum.comm->clique, number}].push_back(sum);
  }
  waiting.clear();
  for (auto& [_, parts] : sums) {
    WANT((int)parts.size() == parts[0].comm->ranks, 5);
    std::vector<float> total(parts[0].count, 0.0f);
    for (const Sum& part : parts) {
      WANT(part.count == total.size(), 4);
      for (std::size_t i = 0; i < total.size(); i++) total[i] += part.from[i];
    }
    for (const Sum& part : parts)
      for (std::size_t i = 0; i < total.size(); i++) part.to[i] = total[i];
  }
  return OK;
}
API const char* ncclGetErrorString(ncclResult_t) { return "an error of a stand-in"; }
