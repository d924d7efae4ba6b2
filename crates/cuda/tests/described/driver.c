// A driver that does nothing: cuDNN needs one to be there, even to say which engines it has for a GPU that is not.
#define GIVES(name, type, value) \
  int name(type* to) {           \
    *to = value;                 \
    return 0;                    \
  }
#define DOES(name) \
  int name(void) { return 0; }

GIVES(cuDriverGetVersion, int, 13000)
GIVES(cuLibraryLoadData, void*, (void*)1)
GIVES(cuLibraryGetKernel, void*, (void*)2)
GIVES(cuKernelGetFunction, void*, (void*)3)
GIVES(cuKernelGetAttribute, int, 128)
GIVES(cuOccupancyMaxPotentialClusterSize, int, 16)
DOES(cuGetErrorString)
DOES(cuModuleGetFunction)
DOES(cuModuleLoadData)
DOES(cuModuleUnload)
DOES(cuTensorMapEncodeIm2col)
DOES(cuTensorMapEncodeTiled)
DOES(cuCtxGetCurrent)
DOES(cuCtxGetLimit)
DOES(cuCtxPopCurrent)
DOES(cuCtxPushCurrent)
DOES(cuDeviceGet)
DOES(cuDeviceGetCount)
DOES(cuGetErrorName)
DOES(cuKernelSetAttribute)
DOES(cuLaunchCooperativeKernel)
DOES(cuLaunchKernel)
DOES(cuLaunchKernelEx)
DOES(cuLibraryLoadFromFile)
DOES(cuLibraryUnload)
DOES(cuLinkAddData)
DOES(cuLinkComplete)
DOES(cuLinkCreate)
DOES(cuLinkDestroy)
DOES(cuStreamGetCtx)
