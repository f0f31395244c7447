// sgemm of the BLAS that libtorch itself uses, for kernels that multiply small blocks on several threads at once.
#pragma once
#include <cstdint>

namespace df::blas {

/* False where libtorch computes with another library than OpenBLAS. */
bool available();

/* How many threads a product of OpenBLAS takes from now on: it does not hear of OpenMP's. */
void set_threads(int count);

/* C[m, n] = alpha * op(A)[m, k] * op(B)[k, n] + beta * C, row by row; a, b, c are the distances from row to row as they lie in memory. */
void multiply(bool turn_a, bool turn_b, int64_t m, int64_t n, int64_t k, const float* A, int64_t a, const float* B, int64_t b, float beta, float* C, int64_t c);

/* Products inside run on the thread that asks for them. */
class Alone {
public:
    explicit Alone(int threads) : threads_(threads) { if (threads_ > 1) set_threads(1); }
    ~Alone() { if (threads_ > 1) set_threads(threads_); }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;

private:
    int threads_;
};

} // namespace df::blas
