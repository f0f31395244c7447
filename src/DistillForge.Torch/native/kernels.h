// Number loops that fused functions share. Plain C++ that gcc -O3 vectorises; each is compiled for AVX-512, AVX2 and plain
// x86-64 and the loader picks. The math flags sit on these functions alone, so that nothing else in the process changes.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define DF_KERNEL __attribute__((target_clones("arch=x86-64-v4", "avx2,fma", "default"), optimize("no-math-errno", "no-trapping-math", "associative-math", "no-signed-zeros"), noinline)) static
#else
#define DF_KERNEL static
#endif
#define DF_INLINE static inline __attribute__((always_inline))

namespace df {

// exp to about 2e-7 relative (Cephes' polynomial); outside [-87, 88] the ends.
DF_INLINE float fast_exp(float x)
{
    x = x < -87.f ? -87.f : (x > 88.f ? 88.f : x);
    float n = __builtin_rintf(x * 1.44269504f);
    float r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.f;
    int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
    float scale;
    std::memcpy(&scale, &bits, 4);
    return p * scale;
}

// bfloat16 travels as uint16_t: the upper half of a float, rounded to nearest even.
DF_INLINE float load(const float* p) { return *p; }

DF_INLINE float load(const uint16_t* p)
{
    uint32_t bits = static_cast<uint32_t>(*p) << 16;
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}

DF_INLINE void store(float* p, float value) { *p = value; }

DF_INLINE void store(uint16_t* p, float value)
{
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    // A NaN whose payload sits in the lower half must not round to infinity.
    bits = (bits & 0x7fffffffu) > 0x7f800000u ? (bits | 0x400000u) : bits + 0x7fffu + ((bits >> 16) & 1u);
    *p = static_cast<uint16_t>(bits >> 16);
}

} // namespace df
