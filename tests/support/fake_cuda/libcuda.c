/* A fake CUDA driver for tests of what holds device memory: keeps count, holds nothing.
 *
 * It writes what this process "holds", in MiB, into the file FAKE_GPU.PID.mib, which the fake NVML reads.
 * A context takes FAKE_CONTEXT_MIB (default 450). An allocation that brings the process beyond
 * FAKE_ROOM_MIB is refused, and so is one of more than FAKE_PIECE_MIB, as if free memory were
 * fragmented.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, MOST = 4096 };

static long context_mib, held_mib;
static size_t sizes[MOST];
static int used = 1; /* address 0 is none */

static long setting(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text == NULL ? otherwise : atol(text);
}

static int report(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s.%d.mib", getenv("FAKE_GPU"), (int)getpid());
    FILE *file = fopen(path, "w");
    if (file == NULL) return INVALID_VALUE;
    fprintf(file, "%ld", context_mib + held_mib);
    fclose(file);
    return SUCCESS;
}

int cuInit(unsigned flags) { return flags == 0 ? SUCCESS : INVALID_VALUE; }

int cuDeviceGet(int *device, int ordinal) {
    *device = 7 + ordinal;
    return getenv("CUDA_VISIBLE_DEVICES") == NULL ? INVALID_VALUE : SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
    if (device != 7) return INVALID_VALUE;
    *context = &context_mib;
    context_mib = setting("FAKE_CONTEXT_MIB", 450);
    return report();
}

int cuCtxSetCurrent(void *context) { return context == &context_mib ? SUCCESS : INVALID_VALUE; }

int cuMemAlloc_v2(unsigned long long *address, size_t bytes) {
    long mib = (long)(bytes >> 20);
    if (held_mib + mib > setting("FAKE_ROOM_MIB", 1L << 30)) return OUT_OF_MEMORY;
    if (mib > setting("FAKE_PIECE_MIB", 1L << 30)) return OUT_OF_MEMORY;
    if (used == MOST) return INVALID_VALUE;
    sizes[used] = bytes;
    *address = (unsigned long long)used++;
    held_mib += mib;
    return report();
}

int cuMemFree_v2(unsigned long long address) {
    if (address == 0 || address >= (unsigned long long)used) return INVALID_VALUE;
    held_mib -= (long)(sizes[address] >> 20);
    sizes[address] = 0;
    return report();
}

int cuGetErrorName(int error, const char **name) {
    *name = error == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_INVALID_VALUE";
    return SUCCESS;
}
