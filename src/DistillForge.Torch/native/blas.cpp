// OpenBLAS by name: the shim links libtorch alone, whose BLAS may be another.
#include "blas.h"

#include <dlfcn.h>

namespace df::blas {

namespace {

using Setting = void (*)(int);
using Product = void (*)(const char*, const char*, const int*, const int*, const int*, const float*, const float*, const int*, const float*, const int*, const float*, float*, const int*);

template <class F>
F find(const char* name)
{
    void* blas = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_NOLOAD);
    return blas ? reinterpret_cast<F>(dlsym(blas, name)) : nullptr;
}

const Setting setting = find<Setting>("openblas_set_num_threads");
const Product product = find<Product>("sgemm_");

} // namespace

bool available() { return setting && product; }

void set_threads(int count)
{
    if (setting)
        setting(count);
}

void multiply(bool turn_a, bool turn_b, int64_t m, int64_t n, int64_t k, const float* A, int64_t a, const float* B, int64_t b, float beta, float* C, int64_t c)
{
    // Fortran reads rows as columns: C' = op(B)' op(A)'.
    const char left = turn_b ? 'T' : 'N', right = turn_a ? 'T' : 'N';
    const int rows = static_cast<int>(n), columns = static_cast<int>(m), inner = static_cast<int>(k), lb = static_cast<int>(b), la = static_cast<int>(a), lc = static_cast<int>(c);
    const float one = 1;
    product(&left, &right, &rows, &columns, &inner, &one, B, &lb, A, &la, &beta, C, &lc);
}

} // namespace df::blas
