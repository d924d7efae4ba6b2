// What every generated source begins with. Contraction of products and sums is off (fused operations are written out),
// so a function gives the same bits in whichever kernel it is compiled.
#ifndef GLOROT_HOST
#define GLOROT_DEVICE __device__ __noinline__
#define GLOROT_INLINE __device__ __forceinline__
#define GLOROT_SHARED(name, bytes) __shared__ __align__(16) unsigned char name[bytes]
#define GLOROT_KERNEL(name)
#endif

#define GLOROT_THREADS 256
#define GLOROT_INFINITY __int_as_float(0x7f800000)
#define GLOROT_NAN __int_as_float(0x7fffffff)

typedef unsigned char byte;

struct __align__(4) byte4 { byte x, y, z, w; };

// Integers wrap.
GLOROT_INLINE int g_add(int a, int b) { return (int)((unsigned)a + (unsigned)b); }
GLOROT_INLINE int g_sub(int a, int b) { return (int)((unsigned)a - (unsigned)b); }
GLOROT_INLINE int g_mul(int a, int b) { return (int)((unsigned)a * (unsigned)b); }
GLOROT_INLINE int g_div(int a, int b) { return b == 0 ? 0 : b == -1 ? g_sub(0, a) : a / b; }
GLOROT_INLINE int g_mod(int a, int b) {
  if (b == 0 || b == -1) return 0;
  const int r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
GLOROT_INLINE int g_max(int a, int b) { return a > b ? a : b; }
GLOROT_INLINE int g_min(int a, int b) { return a < b ? a : b; }
GLOROT_INLINE int g_neg(int a) { return g_sub(0, a); }
GLOROT_INLINE int g_abs(int a) { return a < 0 ? g_sub(0, a) : a; }

GLOROT_INLINE float g_add(float a, float b) { return a + b; }
GLOROT_INLINE float g_sub(float a, float b) { return a - b; }
GLOROT_INLINE float g_mul(float a, float b) { return a * b; }
GLOROT_INLINE float g_div(float a, float b) { return a / b; }
GLOROT_INLINE float g_mod(float a, float b) {
  const float r = fmodf(a, b);
  return r != 0.0f && (r < 0.0f) != (b < 0.0f) ? r + b : r;
}
// NaN where either operand is NaN.
GLOROT_INLINE float g_max(float a, float b) { return a > b || a != a ? a : b; }
GLOROT_INLINE float g_min(float a, float b) { return a < b || a != a ? a : b; }
GLOROT_INLINE float g_pow(float a, float b) { return (float)pow((double)a, (double)b); }

GLOROT_INLINE float g_neg(float x) { return -x; }
GLOROT_INLINE float g_abs(float x) { return fabsf(x); }
GLOROT_INLINE float g_sign(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }
GLOROT_INLINE float g_exp(float x) { return expf(x); }
GLOROT_INLINE float g_expm1(float x) { return expm1f(x); }
GLOROT_INLINE float g_log(float x) { return logf(x); }
GLOROT_INLINE float g_log1p(float x) { return log1pf(x); }
GLOROT_INLINE float g_sqrt(float x) { return sqrtf(x); }
GLOROT_INLINE float g_rsqrt(float x) { return 1.0f / sqrtf(x); }
GLOROT_INLINE float g_reciprocal(float x) { return 1.0f / x; }
GLOROT_INLINE float g_square(float x) { return x * x; }
GLOROT_INLINE float g_sin(float x) { return sinf(x); }
GLOROT_INLINE float g_cos(float x) { return cosf(x); }
GLOROT_INLINE float g_tanh(float x) { return tanhf(x); }
// The exponential of a negative number cannot overflow, and small results keep their relative accuracy.
GLOROT_INLINE float g_sigmoid(float x) {
  const float e = expf(-fabsf(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}
GLOROT_INLINE float g_softplus(float x) { return g_max(x, 0.0f) + log1pf(expf(-fabsf(x))); }
GLOROT_INLINE float g_relu(float x) { return x <= 0.0f ? 0.0f : x; }
GLOROT_INLINE float g_elu(float x, float alpha) { return x > 0.0f ? x : alpha * expm1f(x); }
GLOROT_INLINE float g_erf(float x) { return erff(x); }
GLOROT_INLINE float g_floor(float x) { return floorf(x); }
GLOROT_INLINE float g_ceil(float x) { return ceilf(x); }
GLOROT_INLINE float g_round(float x) { return rintf(x); }
GLOROT_INLINE bool g_is_finite(float x) { return fabsf(x) < GLOROT_INFINITY; }

// Conversions cut off fractions and saturate; NaN becomes 0.
GLOROT_INLINE int g_to_int(float x) {
  if (x != x) return 0;
  if (x >= 2147483648.0f) return 2147483647;
  if (x < -2147483648.0f) return -2147483647 - 1;
  return (int)x;
}
GLOROT_INLINE int g_to_byte(float x) { return x > 0.0f ? x >= 255.0f ? 255 : (int)x : 0; }
GLOROT_INLINE int g_to_byte(int x) { return x < 0 ? 0 : x > 255 ? 255 : x; }

// The operands of products in lower precision: rounded to nearest, ties to even, kept as float.
GLOROT_INLINE float g_as_bfloat16(float x) {
  const unsigned bits = (unsigned)__float_as_int(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return x;
  return __int_as_float((int)((bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u));
}
GLOROT_INLINE float g_as_tf32(float x) {
  const unsigned bits = (unsigned)__float_as_int(x);
  if ((bits & 0x7f800000u) == 0x7f800000u) return x;
  return __int_as_float((int)((bits + 0xfffu + ((bits >> 13) & 1u)) & 0xffffe000u));
}
// float16 from float as its 16 bits.
GLOROT_INLINE unsigned g_half_bits(float x) {
  const unsigned bits = (unsigned)__float_as_int(x);
  const unsigned sign = (bits >> 16) & 0x8000u, size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) return sign | 0x7e00u;
  if (size >= 0x477ff000u) return sign | 0x7c00u;
  if (size >= 0x38800000u) return sign | ((size - 0x38000000u + 0xfffu + ((size >> 13) & 1u)) >> 13);
  // Subnormal: the unit is 2^-24.
  return sign | (unsigned)(int)rintf(__int_as_float((int)size) * 16777216.0f);
}
GLOROT_INLINE float g_as_float16(float x) {
  const unsigned bits = g_half_bits(x), sign = (bits & 0x8000u) << 16, size = bits & 0x7fffu;
  if (size >= 0x7c00u) return __int_as_float((int)(sign | 0x7f800000u | ((size & 0x3ffu) << 13)));
  if (size >= 0x400u) return __int_as_float((int)(sign | ((size << 13) + 0x38000000u)));
  return __int_as_float((int)(sign | (unsigned)__float_as_int((float)size * (1.0f / 16777216.0f))));
}
GLOROT_INLINE unsigned g_bfloat16_bits(float x) { return (unsigned)__float_as_int(g_as_bfloat16(x)) >> 16; }

// Philox4x32-10.
struct Words { unsigned w[4]; };

GLOROT_INLINE Words g_philox(const int* state, unsigned block, unsigned stream) {
  unsigned k0 = (unsigned)state[0], k1 = (unsigned)state[1];
  unsigned c0 = block, c1 = stream, c2 = (unsigned)state[2], c3 = (unsigned)state[3];
#pragma unroll
  for (int round = 0; round < 10; round++) {
    const unsigned h0 = __umulhi(0xD2511F53u, c0), l0 = 0xD2511F53u * c0;
    const unsigned h1 = __umulhi(0xCD9E8D57u, c2), l1 = 0xCD9E8D57u * c2;
    c0 = h1 ^ c1 ^ k0, c1 = l1, c2 = h0 ^ c3 ^ k1, c3 = l0;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  Words words = {{c0, c1, c2, c3}};
  return words;
}
GLOROT_INLINE float g_unit(unsigned word) { return (float)(word >> 8) * (1.0f / 16777216.0f); }
// Element `odd` of the pair of normal numbers that two words make.
GLOROT_INLINE float g_pair(unsigned a, unsigned b, int odd) {
  const float u = ((float)(a >> 8) + 1.0f) * (1.0f / 16777216.0f);
  const float radius = sqrtf(-2.0f * logf(u));
  const float angle = 6.28318530717958647692f * g_unit(b);
  return radius * (odd ? sinf(angle) : cosf(angle));
}
GLOROT_INLINE float g_uniform(const int* state, unsigned stream, unsigned long long element) {
  return g_unit(g_philox(state, (unsigned)(element / 4), stream).w[element % 4]);
}
GLOROT_INLINE float g_normal(const int* state, unsigned stream, unsigned long long element) {
  const Words words = g_philox(state, (unsigned)(element / 2), stream);
  return g_pair(words.w[0], words.w[1], (int)(element % 2));
}
