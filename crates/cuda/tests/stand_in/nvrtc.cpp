// NVRTC's part: an image is "stand-in:" and the path of a library. FOLDER is where the shim is and
// libraries go, FLAGS says how they are compiled. Codes are those of nvrtc.h.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "stand_in.hpp"

#if __has_include(<nvrtc.h>)
#include <nvrtc.h>
#else
typedef int nvrtcResult;
typedef struct _nvrtcProgram* nvrtcProgram;
#endif
#ifndef FLAGS
#define FLAGS ""
#define FOLDER ""
#define COMPILER ""
#endif

struct _nvrtcProgram {
  std::string source, log, path;
  int (*callback)(void*, void*) = nullptr;
  void* payload = nullptr;
};

namespace {
constexpr int ARCHITECTURES[] = {75, 80, 86, 89, 90, 100};

std::string image_of(nvrtcProgram program) { return "stand-in:" + program->path; }

// Runs the C++ compiler, and the callback meanwhile. True if it succeeds.
bool build(nvrtcProgram program, const std::string& input, const std::string& output, const std::string& log) {
  const pid_t child = fork();
  if (child == 0) {
    if (!std::freopen(log.c_str(), "w", stderr)) _exit(127);
    execlp(COMPILER, COMPILER, FLAGS, "-shared", "-include", FOLDER "/shim.hpp", input.c_str(), "-o", output.c_str(),
           (char*)nullptr);
    _exit(127);
  }
  for (int status;;) {
    if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (program->callback) program->callback(program->payload, nullptr);
    usleep(2000);
  }
}
}  // namespace

#define WANT(condition, code) EXPECT(nvrtcResult, condition, code)

API nvrtcResult nvrtcVersion(int* major, int* minor) {
  ENTER(nvrtcResult);
  *major = 13, *minor = 0;
  return nvrtcResult(0);
}
API const char* nvrtcGetErrorString(nvrtcResult) { return "NVRTC_ERROR_OF_A_STAND_IN"; }
API nvrtcResult nvrtcGetNumSupportedArchs(int* count) {
  ENTER(nvrtcResult);
  *count = sizeof ARCHITECTURES / sizeof *ARCHITECTURES;
  return nvrtcResult(0);
}
API nvrtcResult nvrtcGetSupportedArchs(int* list) {
  ENTER(nvrtcResult);
  std::memcpy(list, ARCHITECTURES, sizeof ARCHITECTURES);
  return nvrtcResult(0);
}
API nvrtcResult nvrtcCreateProgram(nvrtcProgram* program, const char* source, const char* name, int headers,
                                   const char* const* texts, const char* const* names) {
  ENTER(nvrtcResult);
  WANT(source && !name && headers == 0 && !texts && !names, 3);
  *program = new _nvrtcProgram{source, {}, {}};
  stand_in::alive.insert(*program);
  return nvrtcResult(0);
}
API nvrtcResult nvrtcSetFlowCallback(nvrtcProgram program, int (*callback)(void*, void*), void* payload) {
  ENTER(nvrtcResult);
  WANT(stand_in::alive.count(program), 4);
  program->callback = callback;
  program->payload = payload;
  return nvrtcResult(0);
}
API nvrtcResult nvrtcCompileProgram(nvrtcProgram program, int count, const char* const* options) {
  {
    ENTER(nvrtcResult);
    WANT(stand_in::alive.count(program), 4);
    for (int i = 0; i < count; i++) {
      const std::string option = options[i];
      const bool known = option == "--std=c++17" || option == "--fmad=false" || option == "--gpu-architecture=sm_90";
      if (!known) return nvrtcResult(stand_in::wrong(__func__, option, 5));
    }
  }
  const std::string base = std::string(FOLDER) + "/k" + std::to_string(std::hash<std::string>()(program->source));
  program->path = base + ".so";
  if (access(program->path.c_str(), R_OK) == 0) return nvrtcResult(0);
  char unique[64];
  std::snprintf(unique, sizeof unique, "-%d-%p", (int)getpid(), (void*)program);
  const std::string input = base + unique + ".cpp", output = base + unique + ".so";
  std::ofstream(input) << program->source;
  const std::string log = base + unique + ".log";
  const bool built = build(program, input, output, log);
  if (!built) program->log = std::string(std::istreambuf_iterator<char>(std::ifstream(log).rdbuf()), {});
  unlink(input.c_str());
  unlink(log.c_str());
  if (!built || rename(output.c_str(), program->path.c_str())) return nvrtcResult(stand_in::wrong(__func__, "compiler", 6));
  return nvrtcResult(0);
}
API nvrtcResult nvrtcDestroyProgram(nvrtcProgram* program) {
  ENTER(nvrtcResult);
  WANT(stand_in::alive.erase(*program), 4);
  delete *program;
  *program = nullptr;
  return nvrtcResult(0);
}
API nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, std::size_t* size) {
  ENTER(nvrtcResult);
  WANT(stand_in::alive.count(program), 4);
  *size = program->log.size() + 1;
  return nvrtcResult(0);
}
API nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char* log) {
  ENTER(nvrtcResult);
  WANT(stand_in::alive.count(program), 4);
  std::strcpy(log, program->log.c_str());
  return nvrtcResult(0);
}
API nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, std::size_t* size) {
  ENTER(nvrtcResult);
  WANT(stand_in::alive.count(program), 4);
  *size = image_of(program).size() + 1;
  return nvrtcResult(0);
}
API nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char* image) {
  ENTER(nvrtcResult);
  WANT(stand_in::alive.count(program), 4);
  std::strcpy(image, image_of(program).c_str());
  return nvrtcResult(0);
}
// The architecture is there: nobody asks for PTX.
API nvrtcResult nvrtcGetPTXSize(nvrtcProgram, std::size_t*) { return nvrtcResult(stand_in::wrong(__func__, "PTX", 4)); }
API nvrtcResult nvrtcGetPTX(nvrtcProgram, char*) { return nvrtcResult(stand_in::wrong(__func__, "PTX", 4)); }
